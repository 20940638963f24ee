import { formatValue, valueAt } from './json-path.ts';
import type { WaitGoal } from './wait-goal.ts';
import { formatGoal } from './wait-goal.ts';
import type { WaitSubject } from './wait-subject.ts';

/** How it stands with one resource that is waited for. */
export type Verdict =
  /** `what` in one word; `exitCode` where a process has ended. */
  | { is: 'met'; what: string; detail: string; exitCode?: number }
  /** Not yet, and why. */
  | { is: 'open'; why: string }
  /** It will not be met without something else being done. */
  | { is: 'hopeless'; why: string };

/** Says whether the goal is reached. `subject` null: it is not there. `first`: how it was when the waiting began, null likewise. */
export function judge(goal: WaitGoal, subject: WaitSubject | null, first: WaitSubject | null): Verdict {
  if (subject === null) return judgeMissing(goal);
  switch (goal.kind) {
    case 'create':
      return { is: 'met', what: 'created', detail: '' };
    case 'delete':
      return { is: 'open', why: standing(subject) };
    case 'exit':
      return judgeExit(subject, first);
    case 'condition':
      return judgeCondition(goal, subject);
    case 'jsonpath': {
      const value = valueAt(subject.toObject(), goal.path) ?? null;
      const isMet = goal.value === null ? value !== null : formatValue(value) === goal.value;
      if (isMet) return { is: 'met', what: 'met', detail: formatGoal(goal) };
      return { is: 'open', why: `${goal.path.text} is ${value === null ? 'not there' : formatValue(value)}` };
    }
  }
}

function judgeMissing(goal: WaitGoal): Verdict {
  if (goal.kind === 'delete') return { is: 'met', what: 'deleted', detail: '' };
  if (goal.kind === 'create') return { is: 'open', why: 'it is not there' };
  return { is: 'hopeless', why: 'not found' };
}

/** What ended and runs again has ended too. */
function judgeExit(subject: WaitSubject, first: WaitSubject | null): Verdict {
  const { lastExit, hasEnded } = subject;
  if (lastExit === undefined) {
    return {
      is: 'hopeless',
      why: 'only containers exit; those of a pod have names such as container/db.server',
    };
  }
  if (lastExit === null || (!hasEnded && lastExit.finishedAt === first?.lastExit?.finishedAt)) {
    return { is: 'open', why: standing(subject) };
  }
  const { code } = lastExit;
  return { is: 'met', what: 'exited', detail: `exit code ${String(code)}`, exitCode: code };
}

function judgeCondition(
  goal: Extract<WaitGoal, { kind: 'condition' }>,
  { conditions, ...subject }: WaitSubject,
): Verdict {
  const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
  const condition = conditions.find(({ type }) => isSame(type, goal.type));
  if (condition === undefined) {
    const types = conditions.map(({ type }) => type).join(', ');
    return { is: 'hopeless', why: `there is no condition ${goal.type}; there is ${types}` };
  }
  if (isSame(condition.status, goal.status))
    return { is: 'met', what: 'met', detail: formatGoal({ ...goal, type: condition.type }) };
  // As of a Job: it is one or the other.
  const failed = conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed !== undefined && condition.type === 'Complete') {
    return { is: 'hopeless', why: `it has failed: ${failed.message}` };
  }
  const why = condition.message === '' ? standing(subject) : condition.message;
  return { is: 'open', why: `${condition.type} is ${condition.status}: ${why}` };
}

function standing({ status, note }: Pick<WaitSubject, 'status' | 'note'>): string {
  return note === '' ? status : `${status}, ${note}`;
}
