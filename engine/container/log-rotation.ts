import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno } from '../../native/index.ts';
import { MonitorControl } from '../exec/monitor-control.ts';
import type { ContainerPaths } from '../host-paths.ts';

/** How long a monitor may take to open its new file. */
const REOPEN_TIMEOUT_MS = 2_000;

/**
 * Moves the current log to `<log>.1`, that to `<log>.2` and so on up to `keep`, and lets the monitor begin a new one. False
 * when the log is no longer than `maxBytes`, or nobody writes to it.
 */
export async function rotateLog(
  paths: ContainerPaths,
  { maxBytes, keep }: { maxBytes: number; keep: number },
): Promise<boolean> {
  const size = await sizeOf(paths.log);
  if (size === null || size <= maxBytes) return false;
  const monitor = await MonitorControl.open(paths.bundle);
  if (monitor === null) return false;
  try {
    // Lines that come between the moving and the opening still go to the old file: none is lost.
    for (let number = keep; number >= 1; number--) {
      await renameIfThere(rotatedLog(paths.log, number - 1), rotatedLog(paths.log, number));
    }
    // The monitor replaces what has the name of the log, so without a place to go it is simply replaced.
    if (!(await monitor.reopenLog())) {
      // It has ended meanwhile: its last log keeps its name.
      await renameIfThere(rotatedLog(paths.log, 1), paths.log);
      return false;
    }
    await untilThere(paths.log);
  } finally {
    await monitor.close();
  }
  for (const number of await rotatedNumbers(paths.log)) {
    if (number > keep) await rm(rotatedLog(paths.log, number), { force: true });
  }
  return true;
}

/** Before a new run: what was the current log, rotated parts included, becomes the previous one. */
export async function setLogsAside(paths: ContainerPaths): Promise<void> {
  for (const number of await rotatedNumbers(paths.previousLog)) {
    await rm(rotatedLog(paths.previousLog, number), { force: true });
  }
  for (const number of [0, ...(await rotatedNumbers(paths.log))]) {
    await renameIfThere(rotatedLog(paths.log, number), rotatedLog(paths.previousLog, number));
  }
}

/** All parts of a log that are there, oldest first. */
export async function logParts(log: string): Promise<string[]> {
  const numbers = [...(await rotatedNumbers(log)).sort((a, b) => b - a), 0];
  const parts = numbers.map((number) => rotatedLog(log, number));
  const sizes = await Promise.all(parts.map(sizeOf));
  return parts.filter((_, index) => sizes[index] !== null);
}

function rotatedLog(log: string, number: number): string {
  return number === 0 ? log : `${log}.${number}`;
}

async function rotatedNumbers(log: string): Promise<number[]> {
  const prefix = `${path.basename(log)}.`;
  const names = await readdir(path.dirname(log)).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  });
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((number) => Number.isInteger(number) && number > 0);
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

async function untilThere(file: string): Promise<void> {
  const deadline = performance.now() + REOPEN_TIMEOUT_MS;
  while ((await sizeOf(file)) === null && performance.now() < deadline) await sleep(1);
}
