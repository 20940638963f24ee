import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import path from 'node:path';
import { createHostPaths, openRecordStore, tryLockFile } from '../../engine/index.ts';
import { createLinuxKernel } from '../../native/index.ts';
import type { ContainerRecord } from '../../schemas/index.ts';
import { isListening } from '../api/is-listening.ts';
import type { ServiceOptions } from '../service-options.ts';
import { socketPathOf } from '../service-options.ts';
import { openWriter } from './instance.ts';
import { ownerOf } from './owner-of.ts';
import { programPath } from './program-path.ts';

const LOCK_WAIT_MS = 600_000;

/**
 * While no daemon runs, one process of the instance waits for back-offs to pass, and tries again then. The lock of the root is free
 * for others meanwhile, and what they do to the records is noticed; a daemon takes over. Ends when `signal` is given.
 */
export async function keepRetrying(options: ServiceOptions, signal: AbortSignal): Promise<void> {
  const tried = new Map<string, string>();
  for (;;) {
    const lock = tryLockFile(createLinuxKernel(), lockFileOf(options));
    if (lock === null) return;
    try {
      await retryAll(options, tried, signal);
    } finally {
      lock.release();
    }
    if (signal.aborted) return;
    // Whoever left one behind in the last moment found the lock taken.
    const isTakenOver = await isListening(socketPathOf(options.run));
    if (isTakenOver || (await pendingRetries(options, tried)).length === 0) return;
  }
}

/** Starts a process that does so, if there is something to wait for and nobody does: for a command that ends now. */
export function leaveRetrier(options: ServiceOptions, records: readonly ContainerRecord[]): void {
  if (!records.some(isToBeRetried)) return;
  const lock = tryLockFile(createLinuxKernel(), lockFileOf(options));
  if (lock === null) return;
  lock.release();
  const { root, run, config } = options;
  const args = [programPath(), '--root', root, '--run', run, '--config', config, 'cleanup'];
  spawn(process.execPath, args, { cwd: '/', detached: true, stdio: 'ignore' }).unref();
}

function lockFileOf({ run }: ServiceOptions): string {
  return path.join(run, 'retries.lock');
}

/** A container that has run before, and is to run again; what could never be created is left to who applies it. */
function isToBeRetried(record: ContainerRecord): boolean {
  return (
    record.backoffUntil !== null &&
    record.deletionRequestedAt === null &&
    record.override !== 'Stopped' &&
    (record.exit ?? record.previousExit) !== null
  );
}

async function retryAll(
  options: ServiceOptions,
  tried: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const directory = path.join(createHostPaths(options.root, options.run).records, 'containers');
  for (;;) {
    // Watched before it is read, so that no change falls in between.
    const change = watchForChange(directory);
    try {
      const pending = await pendingRetries(options, tried);
      if (pending.length === 0) return;
      const next = Math.min(...pending.map(dueAt));
      await change.orAt(next, signal);
      if (signal.aborted || (await isListening(socketPathOf(options.run)))) return;
      if (Date.now() >= next) await retry(options, pending, tried);
    } finally {
      change.close();
    }
  }
}

function dueAt({ backoffUntil }: ContainerRecord): number {
  return Date.parse(backoffUntil ?? '');
}

async function pendingRetries(
  options: ServiceOptions,
  tried: ReadonlyMap<string, string>,
): Promise<ContainerRecord[]> {
  const { records } = createHostPaths(options.root, options.run);
  const { containers } = await openRecordStore({ directory: records, readOnly: true });
  return containers.list().filter((record) => isToBeRetried(record) && !wasTried(record, tried));
}

/** What has been tried and still shows the same time waits for something else. */
function wasTried({ name, backoffUntil }: ContainerRecord, tried: ReadonlyMap<string, string>): boolean {
  return backoffUntil !== null && tried.get(name) === backoffUntil;
}

async function retry(
  options: ServiceOptions,
  pending: readonly ContainerRecord[],
  tried: Map<string, string>,
): Promise<void> {
  const instance = await openWriter({ ...options, onError: () => undefined }, { waitMs: LOCK_WAIT_MS });
  try {
    const due = pending.filter((record) => dueAt(record) <= Date.now());
    for (const { name, backoffUntil } of due) tried.set(name, backoffUntil ?? '');
    await instance.reconciler.settle(due.map(ownerOf), { waitMs: null });
  } finally {
    await instance.close();
  }
}

interface Change {
  /** Resolves when something has changed, at that time (milliseconds since 1970), or when the signal is given. */
  orAt(time: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

function watchForChange(directory: string): Change {
  let tell = (): void => undefined;
  const changed = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const watcher = watch(directory, () => {
    tell();
  });
  // The directory has gone, and with it what there was to wait for.
  watcher.on('error', () => {
    tell();
  });
  return {
    async orAt(time, signal) {
      let timer: NodeJS.Timeout | undefined;
      const due = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.max(0, time - Date.now()));
      });
      signal.addEventListener('abort', tell);
      if (signal.aborted) tell();
      await Promise.race([changed, due]);
      signal.removeEventListener('abort', tell);
      clearTimeout(timer);
    },
    close: () => {
      watcher.close();
    },
  };
}
