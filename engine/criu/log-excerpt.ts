/** How a line of CRIU's log names an error: `Error (criu/files.c:55): …`. */
const ERROR_LINE = /\bError \(/;
/** CRIU writes it wherever it may not raise its own limit of descriptors, also when all goes well. */
const HARMLESS = /rlimit: Can't setup RLIMIT_NOFILE/;
const LINES_BEFORE = 3;
const LINES_AFTER = 1;
const MAX_LINES = 60;

/**
 * The lines around each error of a log, each with its number, and `…` where lines between them were left out. A log with
 * many errors is cut in its middle: the first is the cause, the last ones are what came of it. Empty when there is no error.
 */
export function logExcerpt(log: string): string {
  const lines = log.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const chosen = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (!ERROR_LINE.test(line) || HARMLESS.test(line)) continue;
    const first = Math.max(0, index - LINES_BEFORE);
    const last = Math.min(lines.length - 1, index + LINES_AFTER);
    for (let near = first; near <= last; near++) chosen.add(near);
  }
  return formatLines(lines, limit([...chosen].sort((one, other) => one - other)));
}

function limit(indexes: number[]): number[] {
  if (indexes.length <= MAX_LINES) return indexes;
  const half = MAX_LINES / 2;
  return [...indexes.slice(0, half), ...indexes.slice(-half)];
}

function formatLines(lines: readonly string[], indexes: readonly number[]): string {
  const width = String((indexes.at(-1) ?? 0) + 1).length;
  const shown: string[] = [];
  let previous = -1;
  for (const index of indexes) {
    if (index > previous + 1) shown.push(`${' '.repeat(width)}  …`);
    shown.push(`${String(index + 1).padStart(width)}: ${lines[index] ?? ''}`);
    previous = index;
  }
  if (indexes.length > 0 && previous < lines.length - 1) shown.push(`${' '.repeat(width)}  …`);
  return shown.join('\n');
}
