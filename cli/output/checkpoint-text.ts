import type { KeptCheckpoint } from '../../schemas/index.ts';
import { formatSpan } from './age.ts';
import { formatBytes } from './bytes.ts';

/** The figures of a checkpoint, below the line that tells of it. */
export function checkpointRows(checkpoint: KeptCheckpoint): string {
  const rows: [string, string][] = [
    ['memory', `${formatBytes(checkpoint.memoryBytes)} of ${formatBytes(checkpoint.sizeBytes)} in all`],
    ['stood still', checkpoint.frozenMs === null ? '' : formatSpan(checkpoint.frozenMs)],
    ['stages', formatStages(checkpoint.durationsMs)],
    ['kept in', checkpoint.path],
  ];
  return formatRows(rows);
}

/** How long the stages of a restore took, below the line that tells of it. */
export function restoreRows(durationsMs: Readonly<Record<string, number>>): string {
  return formatRows([['stages', formatStages(durationsMs)]]);
}

function formatRows(rows: readonly [label: string, value: string][]): string {
  const shown = rows.filter(([, value]) => value !== '');
  return shown.map(([label, value]) => `  ${label.padEnd(12)}${value}\n`).join('');
}

/** `freeze 1 ms, dump 61 ms, total 80 ms`. */
function formatStages(durationsMs: Readonly<Record<string, number>>): string {
  return Object.entries(durationsMs)
    .map(([stage, ms]) => `${stage} ${formatSpan(ms)}`)
    .join(', ');
}

/** `48 MiB, 2 min ago`, as in the NOTE of `get`. */
export function checkpointNote({ sizeBytes, createdAt }: KeptCheckpoint, nowMs: number): string {
  return `${formatBytes(sizeBytes)}, ${formatSpan(nowMs - Date.parse(createdAt))} ago`;
}

/** What asked for it: `hand`, `interval`, `checkpoint/before-upgrade` … */
export function madeBy({ by, declared }: KeptCheckpoint): string {
  return declared === undefined ? by : `checkpoint/${declared.name}`;
}
