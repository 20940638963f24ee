import { CliError } from '../command-line/cli-error.ts';

/** One step into a value: a field, a place in a list (negative: from its end), or the first entry of a list with that field. */
export type PathStep = string | number | { field: string; equals: string };

/** The steps of a path, in the part of JSONPath that names one value (RFC 9535; as kubectl writes it, in braces or without). */
export interface JsonPath {
  text: string;
  steps: readonly PathStep[];
}

const STEP =
  /\.?\[(-?\d+)\]|\.?\[(?:'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)")\]|\.?\[\?\(@\.(\w+)\s*==\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\)\]|\.((?:[^.[\]\\{}\s]|\\.)+)/y;

/** Reads `{.status.conditions[?(@.type=="Ready")].status}` or `.status.state`. */
export function parseJsonPath(text: string): JsonPath {
  const inner = /^\{(.*)\}$/.exec(text)?.[1] ?? text;
  const path = inner.replace(/^\$/, '').replace(/^(?=[^.[])/, '.');
  const steps: PathStep[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null) break;
    steps.push(stepOf(match));
  }
  // After a match that failed lastIndex is 0 again.
  if (steps.length === 0 || STEP.lastIndex !== path.length) {
    throw new CliError(
      'BAD_INPUT',
      `jsonpath '${text}': expected the path of one value, of fields and places in lists`,
      "write it like '{.status.state}', '{.status.containerStatuses[0].ready}' or '{.status.conditions[?(@.type==\"Ready\")].status}'",
    );
  }
  return { text, steps };
}

function stepOf([, index, single, double, field, ...rest]: RegExpExecArray): PathStep {
  const [equalsDouble, equalsSingle, equalsBare, plain] = rest;
  if (index !== undefined) return Number(index);
  if (field !== undefined) return { field, equals: equalsDouble ?? equalsSingle ?? equalsBare ?? '' };
  return (single ?? double ?? plain ?? '').replaceAll(/\\(.)/g, '$1');
}

/** What stands there; undefined: nothing. */
export function valueAt(value: unknown, { steps }: JsonPath): unknown {
  let present = value;
  for (const step of steps) present = stepInto(present, step);
  return present;
}

function stepInto(value: unknown, step: PathStep): unknown {
  if (typeof step === 'number') return Array.isArray(value) ? (value as unknown[]).at(step) : undefined;
  if (typeof step === 'string') return fieldOf(value, step);
  if (!Array.isArray(value)) return undefined;
  return (value as unknown[]).find((each) => formatValue(fieldOf(each, step.field)) === step.equals);
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Record<string, unknown>)[field];
}

/** A value as it is compared and shown: text as it is, everything else as JSON. */
export function formatValue(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
