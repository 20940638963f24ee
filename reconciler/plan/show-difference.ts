const LONGEST_SHOWN = 60;
/** Characters that are shown on both sides of what differs. */
const CONTEXT = 12;

/** Two values as people read them; of long texts the part in which they differ: `…sleep 1…` and `…sleep 2…`. */
export function showDifference(from: unknown, to: unknown): { from: string; to: string } {
  const [before, after] = [textOf(from), textOf(to)];
  if (before === null || after === null || Math.max(before.length, after.length) <= LONGEST_SHOWN) {
    return { from: shortened(before), to: shortened(after) };
  }
  const length = Math.min(before.length, after.length);
  let same = 0;
  while (same < length && before[same] === after[same]) same += 1;
  let tail = 0;
  while (tail < length - same && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const window = (text: string): string => {
    const begin = Math.max(0, same - CONTEXT);
    const end = Math.min(text.length, Math.max(text.length - tail, same) + CONTEXT, begin + LONGEST_SHOWN);
    return `${begin > 0 ? '…' : ''}${text.slice(begin, end)}${end < text.length ? '…' : ''}`;
  };
  return { from: window(before), to: window(after) };
}

/** The members of two lists of the same length that differ, by index; null when they cannot be told one by one. */
export function differingItems(
  from: unknown,
  to: unknown,
): { index: number; from: unknown; to: unknown }[] | null {
  if (!isListOfTexts(from) || !isListOfTexts(to) || from.length !== to.length) return null;
  return from.flatMap((item, index) => (item === to[index] ? [] : [{ index, from: item, to: to[index] }]));
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shortened(text: string | null): string {
  if (text === null) return '(unset)';
  if (text === '') return "''";
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}
