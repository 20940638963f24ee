import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  hasErrno,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_XDEV,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_ISGID,
} from '../../native/index.ts';
import type { FileStatus, Kernel } from '../../native/index.ts';

/** Entries between two turns of the event loop. */
const ENTRIES_PER_TURN = 200;
/** A link itself may be opened, as the last and only part of the path. */
const RESOLVE_HERE = RESOLVE_BENEATH | RESOLVE_NO_XDEV;

/** `place`: a path to the entry, a link itself, through descriptors: nothing can be put in its way. */
type Change = (fd: number, status: FileStatus, place: string) => void;

/** Gives a file, or a directory with all that is in it, to a user and group. Links are not followed but given as well. */
export async function chownTree(kernel: Kernel, top: string, uid: number, gid: number): Promise<void> {
  await changeTree(kernel, top, (fd, status) => {
    if (status.uid === uid && status.gid === gid) return;
    changeOwner(kernel, fd, status, { uid, gid });
  });
}

/** Moves the ids of everything in a tree: for file systems whose mounts cannot do so. */
export async function shiftTree(
  kernel: Kernel,
  top: string,
  shift: { uid(id: number): number; gid(id: number): number },
): Promise<void> {
  await changeTree(kernel, top, (fd, status) => {
    changeOwner(kernel, fd, status, { uid: shift.uid(status.uid), gid: shift.gid(status.gid) });
  });
}

/**
 * Kubernetes' fsGroup: the group owns everything and may read and write it (a read-only volume: read), and what is made in a
 * directory belongs to it as well. `onRootMismatch` leaves a volume alone whose top directory is so already.
 */
export async function giveToGroup(
  kernel: Kernel,
  top: string,
  gid: number,
  options: { readOnly: boolean; onRootMismatch: boolean },
): Promise<void> {
  const files = options.readOnly ? 0o440 : 0o660;
  const wanted = ({ mode }: FileStatus): number =>
    (mode & 0o7777) | files | ((mode & S_IFMT) === S_IFDIR ? S_ISGID | 0o110 : 0);
  if (options.onRootMismatch) {
    const status = kernel.fstatat(AT_FDCWD, top, 0);
    if (status.gid === gid && (status.mode & 0o7777) === wanted(status)) return;
  }
  await changeTree(kernel, top, (fd, status) => {
    if (status.gid !== gid) changeOwner(kernel, fd, status, { uid: status.uid, gid });
    if ((status.mode & S_IFMT) !== S_IFLNK) setMode(kernel, fd, wanted(status));
  });
}

/** chown(2) clears the set-id bits of files; they come back. */
function changeOwner(
  kernel: Kernel,
  fd: number,
  status: FileStatus,
  { uid, gid }: { uid: number; gid: number },
): void {
  kernel.fchownat(fd, '', uid, gid, AT_EMPTY_PATH);
  if ((status.mode & S_IFMT) !== S_IFLNK && (status.mode & 0o6000) !== 0) {
    setMode(kernel, fd, status.mode & 0o7777);
  }
}

/** By the descriptor: chmod(2) of a name would follow a link that a container puts there in between. */
function setMode(kernel: Kernel, fd: number, mode: number): void {
  kernel.fchmodat(AT_FDCWD, `/proc/self/fd/${String(fd)}`, mode);
}

/** Calls `change` for everything below `top` on its file system, and last for `top` itself, which may be a file. */
export async function changeTree(kernel: Kernel, top: string, change: Change): Promise<void> {
  const fd = kernel.openat2(AT_FDCWD, top, { flags: O_PATH });
  try {
    await changeEntry(kernel, { fd, place: top }, change, { entries: 0 });
  } finally {
    kernel.close(fd);
  }
}

async function changeEntry(
  kernel: Kernel,
  { fd, place }: { fd: number; place: string },
  change: Change,
  count: { entries: number },
): Promise<void> {
  const status = kernel.fstatat(fd, '', AT_EMPTY_PATH);
  if ((status.mode & S_IFMT) === S_IFDIR) await changeBelow(kernel, fd, change, count);
  change(fd, status, place);
}

async function changeBelow(
  kernel: Kernel,
  directory: number,
  change: Change,
  count: { entries: number },
): Promise<void> {
  for (const name of namesIn(kernel, directory)) {
    count.entries += 1;
    if (count.entries % ENTRIES_PER_TURN === 0) await nextTurn();
    let fd: number;
    try {
      fd = kernel.openat2(directory, name, { flags: O_PATH | O_NOFOLLOW, resolve: RESOLVE_HERE });
    } catch (error) {
      // Gone meanwhile, or the mount of something else.
      if (hasErrno(error, 'ENOENT', 'EXDEV')) continue;
      throw error;
    }
    try {
      await changeEntry(kernel, { fd, place: `/proc/self/fd/${String(directory)}/${name}` }, change, count);
    } finally {
      kernel.close(fd);
    }
  }
}

function namesIn(kernel: Kernel, directory: number): string[] {
  const list = kernel.openat2(directory, '.', { flags: O_RDONLY | O_DIRECTORY });
  try {
    return kernel.readDirectory(list);
  } finally {
    kernel.close(list);
  }
}
