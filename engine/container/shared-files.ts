import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno, LOCK_EX, LOCK_NB } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { addHostsEntry } from '../files/hosts.ts';
import type { HostsEntry } from '../files/hosts.ts';

const LOCK_TIMEOUT_MS = 10_000;
const RETRY_MS = 5;

/** A file that several containers share: whoever comes first fills it, the others find it. Returns its path. */
export async function ensureSharedFile(
  kernel: Kernel,
  file: string,
  text: () => Promise<string>,
): Promise<string> {
  await underLock(kernel, file, async (present, append) => {
    if (present === '') await append(await text());
  });
  return file;
}

/** Adds a member's names once. The file is appended to in place: it is mounted into containers that run. */
export async function addToSharedHosts(kernel: Kernel, file: string, entry: HostsEntry): Promise<void> {
  await underLock(kernel, file, async (present, append) => {
    await append(addHostsEntry(present, entry).slice(present.length));
  });
}

/** Reads and appends while nobody else does. */
async function underLock(
  kernel: Kernel,
  file: string,
  action: (present: string, append: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const handle = await open(file, 'a', 0o644);
  try {
    await underFileLock(kernel, handle, file, async () => {
      await action(await readFile(file, 'utf8'), async (text) => {
        await handle.appendFile(text);
      });
    });
  } finally {
    await handle.close();
  }
}

/** Acts while nobody else does, flock(2); another process may prepare another member. The lock goes with the handle. */
export async function underFileLock(
  kernel: Kernel,
  handle: FileHandle,
  file: string,
  action: () => Promise<void>,
): Promise<void> {
  for (let waitedMs = 0; !tryLock(kernel, handle.fd); waitedMs += RETRY_MS) {
    if (waitedMs > LOCK_TIMEOUT_MS)
      throw new EngineError('TIMED_OUT', `lock ${file}: another process holds it`);
    await sleep(RETRY_MS);
  }
  await action();
}

function tryLock(kernel: Kernel, fd: number): boolean {
  try {
    kernel.flock(fd, LOCK_EX | LOCK_NB);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EAGAIN')) return false;
    throw error;
  }
}
