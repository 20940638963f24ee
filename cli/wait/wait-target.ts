import { CliError } from '../command-line/cli-error.ts';
import { parseDataName, parseDataNames, parseNames } from '../arguments/resource-name.ts';
import type { WaitGoal } from './wait-goal.ts';
import type { WaitSubject } from './wait-subject.ts';

/** One resource that is waited for, whether it is there or not. */
export interface WaitTarget {
  /** As it is shown: `container/web`, or as it was typed. */
  name: string;
  goal: WaitGoal;
  isMeant: (subject: WaitSubject) => boolean;
}

type Kind = 'Container' | 'Pod' | 'Checkpoint';

/** A name as it was typed; the kind is null where only a bare name of a container or pod stands. */
export interface TypedTarget {
  kind: Kind | null;
  name: string;
}

/** What a command line asks to wait for. */
export interface AskedTargets {
  names: readonly TypedTarget[];
  /** In place of names all of these kinds; none: of containers and pods. */
  kinds: readonly Kind[];
  matches: (labels: Readonly<Record<string, string>>) => boolean;
  /** Null: ready, or complete. */
  goal: WaitGoal | null;
}

/** Reads names as `get` does, also those of checkpoints beside others. */
export function parseTargets(words: readonly string[]): Pick<AskedTargets, 'names' | 'kinds'> {
  const ofOneKind = parseDataNames(words);
  if (ofOneKind !== null) {
    const kind = waitable(ofOneKind.kind);
    return ofOneKind.names.length === 0
      ? { kinds: [kind], names: [] }
      : { kinds: [], names: ofOneKind.names.map((name) => ({ kind, name })) };
  }
  const checkpoints = words.flatMap((word): TypedTarget[] => {
    const data = parseDataName(word);
    return data === null ? [] : [{ kind: waitable(data.kind), name: data.name }];
  });
  const { kinds, names } = parseNames(words.filter((word) => parseDataName(word) === null));
  if (kinds.length > 0 && checkpoints.length > 0) {
    throw new CliError('BAD_INPUT', `'${words.join(' ')}': a kind and names with kinds cannot be mixed`);
  }
  return { kinds, names: [...names, ...checkpoints] };
}

function waitable(kind: string): 'Checkpoint' {
  if (kind === 'Checkpoint') return kind;
  throw new CliError(
    'BAD_INPUT',
    `wait for a ${kind}: it has no state that could change`,
    'wait for containers, pods and checkpoints',
  );
}

/** Finds what is meant among all that is there. */
export function chooseTargets(asked: AskedTargets, subjects: readonly WaitSubject[]): WaitTarget[] {
  if (asked.names.length > 0) return asked.names.map((typed) => targetNamed(typed, asked.goal, subjects));
  const kinds = asked.kinds.length === 0 ? (['Container', 'Pod'] as const) : asked.kinds;
  const found = subjects.filter(
    ({ name, labels, isMember }) =>
      !isMember && kinds.some((kind) => name.startsWith(prefixOf(kind))) && asked.matches(labels),
  );
  if (found.length === 0 && asked.goal?.kind !== 'delete') {
    throw new CliError('NOT_FOUND', 'wait: nothing matches', 'see what there is with: tsctr get');
  }
  return found.map(({ name }) => exactly(name, asked.goal));
}

function targetNamed(
  { kind, name }: TypedTarget,
  goal: WaitGoal | null,
  subjects: readonly WaitSubject[],
): WaitTarget {
  const kinds = kind === null ? (['Container', 'Pod'] as const) : [kind];
  const names = kinds.map((each) => prefixOf(each) + name);
  const found = subjects.filter((subject) => names.includes(subject.name));
  const [one, another] = found;
  if (another !== undefined) {
    const hint = `say ${found.map((each) => each.name).join(' or ')}`;
    throw new CliError('AMBIGUOUS', `'${name}' is the name of several resources`, hint);
  }
  if (one !== undefined) return exactly(one.name, goal);
  const shown = kind === null ? name : prefixOf(kind) + name;
  if (goal?.kind !== 'create' && goal?.kind !== 'delete') {
    throw new CliError('NOT_FOUND', `${shown}: not found`, 'see what there is with: tsctr get');
  }
  return { name: shown, goal, isMeant: (subject) => names.includes(subject.name) };
}

function exactly(name: string, goal: WaitGoal | null): WaitTarget {
  return { name, goal: goal ?? defaultGoal(name), isMeant: (subject) => subject.name === name };
}

function defaultGoal(name: string): WaitGoal {
  const type = name.startsWith(prefixOf('Checkpoint')) ? 'Complete' : 'Ready';
  return { kind: 'condition', type, status: 'True' };
}

function prefixOf(kind: Kind): string {
  return `${kind.toLowerCase()}/`;
}
