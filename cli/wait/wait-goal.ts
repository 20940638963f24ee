import { CliError } from '../command-line/cli-error.ts';
import { parseJsonPath } from './json-path.ts';
import type { JsonPath } from './json-path.ts';

/** What is waited for. */
export type WaitGoal =
  | { kind: 'create' }
  | { kind: 'delete' }
  /** The process of a container has ended, however it goes on. */
  | { kind: 'exit' }
  | { kind: 'condition'; type: string; status: string }
  /** `value` null: anything but null stands there. */
  | { kind: 'jsonpath'; path: JsonPath; value: string | null };

/** Reads what stands behind `--for`, as kubectl has it: `delete`, `condition=Ready`, `condition=Ready=False`, `jsonpath='{.a}'=b`. */
export function parseGoal(text: string): WaitGoal {
  const lower = text.toLowerCase();
  if (lower === 'create' || lower === 'delete' || lower === 'exit') return { kind: lower };
  const [, what, rest = ''] = /^(condition|jsonpath)=(.+)$/is.exec(text) ?? [];
  if (what?.toLowerCase() === 'condition') {
    const [type = '', status = 'True'] = rest.split('=', 2);
    if (type !== '' && status !== '') return { kind: 'condition', type, status };
  } else if (what !== undefined) return jsonPathGoal(rest);
  throw new CliError(
    'BAD_INPUT',
    `--for: '${text}' is nothing to wait for`,
    "say create, delete, exit, condition=Ready, condition=Ready=False or jsonpath='{.status.state}'=Running",
  );
}

function jsonPathGoal(text: string): WaitGoal {
  // A filter in braces has equals signs of its own.
  const [, path = '', value = null] = /^(\{.*\}|[^=]*)(?:=(.*))?$/s.exec(unquote(text)) ?? [];
  return {
    kind: 'jsonpath',
    path: parseJsonPath(unquote(path)),
    value: value === null ? null : unquote(value),
  };
}

/** Quotes that the shell has not taken away, as in a script that says them twice. */
function unquote(text: string): string {
  return /^(['"])(.*)\1$/s.exec(text)?.[2] ?? text;
}

/** `condition Ready`, `{.status.state} is Running`. */
export function formatGoal(goal: WaitGoal): string {
  switch (goal.kind) {
    case 'condition':
      return goal.status.toLowerCase() === 'true'
        ? `condition ${goal.type}`
        : `condition ${goal.type} is ${goal.status}`;
    case 'jsonpath':
      return goal.value === null ? `${goal.path.text} is there` : `${goal.path.text} is ${goal.value}`;
    default:
      return goal.kind;
  }
}
