import type { PreflightReport } from './obstacle.ts';

/** The report for people, in lines. `name` is that of the container: `container/db`. */
export function formatPreflight(
  name: string,
  { canCheckpoint, obstacles, unchecked }: PreflightReport,
): string {
  const notes = unchecked.map((what) => `  not checked: ${what}`);
  if (obstacles.length === 0) return [`${name} can be checkpointed`, ...notes].join('\n');
  const width = Math.max(...obstacles.map(({ kind }) => kind.length));
  const lines = obstacles.flatMap(({ kind, pid, command, problem, fix, isCertain }) => {
    const who = pid === null ? '' : `pid ${String(pid)} (${printable(command ?? '?')}) `;
    const doubt = isCertain ? '' : 'perhaps: ';
    return [
      `  ${kind.padEnd(width)}   ${doubt}${who}${printable(problem)}`,
      `  ${' '.repeat(width)}   → ${printable(fix)}`,
    ];
  });
  const head = canCheckpoint ? `${name} can perhaps be checkpointed:` : `${name} cannot be checkpointed now:`;
  return [head, ...lines, ...notes].join('\n');
}

/** Names of processes and files are theirs to choose: they must not move the cursor. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}
