import { mkdirSync, readFileSync, writeSync, ftruncateSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, AT_FDCWD, LOCK_EX, LOCK_NB, O_CREAT, O_RDWR } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';

/** The right to write below one root; the kernel lets go of it when the process ends, however it ends. */
export interface RootLock {
  release(): void;
}

/** The file whose lock is that of `root`. */
export function lockFile(root: string): string {
  return path.join(root, 'lock');
}

/**
 * Takes the lock of `root` (flock(2) on `<root>/lock`) or throws LOCKED, naming the pid of the holder. With `waitMs` it tries
 * again until then: commands that take it hold it for seconds at most.
 */
export async function lockRoot(
  kernel: Kernel,
  root: string,
  options: { waitMs?: number; signal?: AbortSignal } = {},
): Promise<RootLock> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const file = lockFile(root);
  const fd = kernel.openat2(AT_FDCWD, file, { flags: O_RDWR | O_CREAT, mode: 0o600 });
  try {
    await takeLock(kernel, fd, options);
    ftruncateSync(fd);
    writeSync(fd, `${String(process.pid)}\n`);
  } catch (error) {
    kernel.close(fd);
    throw hasErrno(error, 'EAGAIN', 'EWOULDBLOCK') ? heldElsewhere(file, root) : error;
  }
  return {
    release: () => {
      kernel.close(fd);
    },
  };
}

/** Takes the lock of a file (flock(2)), which is made when it is not there; null when somebody else has it. */
export function tryLockFile(kernel: Kernel, file: string): RootLock | null {
  const fd = kernel.openat2(AT_FDCWD, file, { flags: O_RDWR | O_CREAT, mode: 0o600 });
  try {
    kernel.flock(fd, LOCK_EX | LOCK_NB);
  } catch (error) {
    kernel.close(fd);
    if (hasErrno(error, 'EAGAIN', 'EWOULDBLOCK')) return null;
    throw error;
  }
  return {
    release: () => {
      kernel.close(fd);
    },
  };
}

async function takeLock(
  kernel: Kernel,
  fd: number,
  options: { waitMs?: number; signal?: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + (options.waitMs ?? 0);
  for (;;) {
    try {
      kernel.flock(fd, LOCK_EX | LOCK_NB);
      return;
    } catch (error) {
      if (!hasErrno(error, 'EAGAIN', 'EWOULDBLOCK') || performance.now() >= deadline) throw error;
      // flock(2) has no way to be told; a blocking call would hold a thread for as long as the other runs.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      options.signal?.throwIfAborted();
    }
  }
}

const RETRY_MS = 20;

function heldElsewhere(file: string, root: string): EngineError {
  const holder = readFileSync(file, 'utf8').trim();
  return new EngineError(
    'LOCKED',
    `lock ${root}: another tsctr (pid ${holder === '' ? 'unknown' : holder}) is at work`,
    {
      hint: 'wait for it to end, or use another --root',
    },
  );
}
