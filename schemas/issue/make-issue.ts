import type { FieldIssue } from './field-issue.ts';
import type { FieldPath } from './field-path.ts';

/** A value that does not go with another one. */
export function conflict(path: FieldPath, message: string): FieldIssue {
  return { path, message, code: 'conflict', mark: 'value' };
}

/** A value that cannot be what it says. */
export function badValue(path: FieldPath, message: string): FieldIssue {
  return { path, message, code: 'invalid-value', mark: 'value' };
}

/** The second of two things that must differ. */
export function duplicate(path: FieldPath, message: string): FieldIssue {
  return { path, message, code: 'duplicate', mark: 'value' };
}

/** A name that nothing has. */
export function unknownName(path: FieldPath, message: string): FieldIssue {
  return { path, message, code: 'unknown-name', mark: 'value' };
}

/** One of several fields must be there, and none is: reported where they would stand. */
export function missing(path: FieldPath, message: string): FieldIssue {
  return { path, message, code: 'missing-field', mark: 'parent' };
}

/** One issue for every entry whose key stood in an earlier entry. Entries with the key null are left out. */
export function findDuplicates<T>(
  entries: readonly T[],
  keyOf: (entry: T) => string | null,
  describe: (entry: T, index: number, first: T) => FieldIssue,
): FieldIssue[] {
  const firsts = new Map<string, T>();
  return entries.flatMap((entry, index) => {
    const key = keyOf(entry);
    if (key === null) return [];
    const first = firsts.get(key);
    if (first !== undefined) return [describe(entry, index, first)];
    firsts.set(key, entry);
    return [];
  });
}

/** Of these fields, exactly one must be set. Null when it is so. */
export function exactlyOne(
  parent: FieldPath,
  object: object,
  names: readonly string[],
  what: string,
): FieldIssue | null {
  const set = names.filter((name) => (object as Record<string, unknown>)[name] !== undefined);
  if (set.length === 1) return null;
  const choice =
    names.length === 2 ? names.join(' or ') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
  if (set.length === 0) return { ...missing(parent, `${what} is missing: expected ${choice}`) };
  return conflict([...parent, set[1] ?? ''], `expected only one of ${set.join(' and ')}`);
}
