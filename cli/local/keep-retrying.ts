import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import path from 'node:path';
import { createHostPaths, openRecordStore, tryLockFile } from '../../engine/index.ts';
import { createLinuxKernel } from '../../native/index.ts';
import { waitingCheckpoints } from '../../reconciler/index.ts';
import type { ResourceName } from '../../reconciler/index.ts';
import type { ContainerRecord, DeclaredCheckpointRecord } from '../../schemas/index.ts';
import { isListening } from '../api/is-listening.ts';
import type { ServiceOptions } from '../arguments/service-options.ts';
import { socketPathOf } from '../arguments/service-options.ts';
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
export function leaveRetrier(options: ServiceOptions, records: Records): void {
  if (retriesIn(records).length === 0) return;
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

/** Something that is to be tried again. */
interface Retry {
  resource: ResourceName;
  /** Of its record: `Container web`. */
  key: string;
  /** ISO 8601, as it stands in the record. */
  due: string;
}

interface Records {
  containers: { list(): ContainerRecord[] };
  checkpoints: { list(): DeclaredCheckpointRecord[] };
}

function retriesIn({ containers, checkpoints }: Records): Retry[] {
  return [...containers.list().flatMap(retryOfContainer), ...checkpoints.list().flatMap(retryOfCheckpoint)];
}

/** Of a container that has run before, and is to run again; what could never be created is left to who applies it. */
function retryOfContainer(record: ContainerRecord): Retry[] {
  const { name, backoffUntil, deletionRequestedAt, override, exit, previousExit } = record;
  const hasRun = (exit ?? previousExit) !== null;
  if (backoffUntil === null || deletionRequestedAt !== null || override === 'Stopped' || !hasRun) return [];
  return [{ resource: ownerOf(record), key: `Container ${name}`, due: backoffUntil }];
}

function retryOfCheckpoint({ name, status, deletionRequestedAt }: DeclaredCheckpointRecord): Retry[] {
  const { nextTryAt } = status;
  if (nextTryAt === null || deletionRequestedAt !== null) return [];
  return [{ resource: { kind: 'Checkpoint', name }, key: `Checkpoint ${name}`, due: nextTryAt }];
}

async function retryAll(
  options: ServiceOptions,
  tried: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const { records } = createHostPaths(options.root, options.run);
  for (;;) {
    // Watched before they are read, so that no change falls in between.
    const change = watchForChange([path.join(records, 'containers'), path.join(records, 'checkpoints')]);
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

function dueAt({ due }: Retry): number {
  return Date.parse(due);
}

/** Without what has been tried and still shows the same time: it waits for something else. */
async function pendingRetries(options: ServiceOptions, tried: ReadonlyMap<string, string>): Promise<Retry[]> {
  const { records } = createHostPaths(options.root, options.run);
  const store = await openRecordStore({ directory: records, readOnly: true });
  return retriesIn(store).filter(({ key, due }) => tried.get(key) !== due);
}

async function retry(
  options: ServiceOptions,
  pending: readonly Retry[],
  tried: Map<string, string>,
): Promise<void> {
  const instance = await openWriter({ ...options, onError: () => undefined }, { waitMs: LOCK_WAIT_MS });
  try {
    const due = pending.filter((each) => dueAt(each) <= Date.now());
    for (const each of due) tried.set(each.key, each.due);
    const { reconciler, records } = instance;
    const names = due.map(({ resource }) => resource);
    await reconciler.settle(names, { waitMs: null });
    await reconciler.settle(waitingCheckpoints(records.checkpoints.list(), names), { waitMs: null });
  } finally {
    await instance.close();
  }
}

interface Change {
  /** Resolves when something has changed, at that time (milliseconds since 1970), or when the signal is given. */
  orAt(time: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

function watchForChange(directories: readonly string[]): Change {
  let tell = (): void => undefined;
  const changed = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const watchers = directories.map((directory) => {
    const watcher = watch(directory, () => {
      tell();
    });
    // The directory has gone, and with it what there was to wait for.
    return watcher.on('error', () => {
      tell();
    });
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
      for (const watcher of watchers) watcher.close();
    },
  };
}
