import { readdir, readFile, readlink } from 'node:fs/promises';
import { readMountInfo } from '../mount-info.ts';
import type { MountInfo } from '../mount-info.ts';
import { snapshotProcess } from './process-snapshot.ts';
import type { ProcessSnapshot } from './process-snapshot.ts';

/** A running container as /proc shows it. */
export interface ContainerSnapshot {
  /** Its first process. */
  root: ProcessSnapshot;
  /** All that CRIU saves: the first process and what descends from it. */
  tree: readonly ProcessSnapshot[];
  /** What is in its PID namespace, and does not descend from its first process: commands that were started in it later. */
  others: readonly ProcessSnapshot[];
  mounts: readonly MountInfo[];
  /** Sockets of its network namespace, by inode. */
  sockets: ReadonlyMap<number, SocketSnapshot>;
  /** The other end of unix sockets, by inode; null where nobody could be asked. */
  unixPeers: ReadonlyMap<number, number> | null;
  locks: readonly { pid: number; kind: string }[];
}

export interface SocketSnapshot {
  kind: 'tcp' | 'udp' | 'raw' | 'unix';
  /** Internet only. */
  established: boolean;
  /** `10.0.0.1:80`-like text, or a path; for people. */
  name: string;
}

/** Finds the other end of each unix socket of the network namespace of a process; null where that is not possible. */
export type ListUnixPeers = (pid: number) => Promise<Map<number, number> | null>;

/** Looks at the container whose first process is `pid`. Null when it has ended. */
export async function snapshotContainer(
  pid: number,
  listUnixPeers: ListUnixPeers,
): Promise<ContainerSnapshot | null> {
  const root = await snapshotProcess(pid);
  if (root === null) return null;
  const related = await relatedPids(pid);
  const [tree, others] = await Promise.all([snapshotAll(related.tree), snapshotAll(related.others)]);
  const [mounts, sockets, unixPeers, locks] = await Promise.all([
    readMountInfo(pid),
    readSockets(pid),
    listUnixPeers(pid),
    readLocks(),
  ]);
  const pids = new Set(related.tree);
  return {
    root,
    tree,
    others,
    mounts,
    sockets,
    unixPeers,
    locks: locks.filter((lock) => pids.has(lock.pid)),
  };
}

async function snapshotAll(pids: readonly number[]): Promise<ProcessSnapshot[]> {
  return (await Promise.all(pids.map(snapshotProcess))).filter((snapshot) => snapshot !== null);
}

async function relatedPids(root: number): Promise<{ tree: number[]; others: number[] }> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  const namespaces = new Map<number, string>();
  for (const pid of all) {
    const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
    // The name before it may hold anything, brackets included.
    parents.set(pid, Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0));
    namespaces.set(pid, await readlink(`/proc/${String(pid)}/ns/pid`).catch(() => ''));
  }
  const descends = (pid: number): boolean => {
    let at = pid;
    for (let steps = 0; at > 1 && steps < all.length; steps++) {
      if (at === root) return true;
      at = parents.get(at) ?? 0;
    }
    return false;
  };
  const own = namespaces.get(root);
  // With the PID namespace of the host everybody is in it.
  const isShared = own === namespaces.get(process.pid);
  return {
    tree: all.filter(descends),
    others: isShared ? [] : all.filter((pid) => namespaces.get(pid) === own && !descends(pid)),
  };
}

const TCP_ESTABLISHED = '01';
/** SYN_SENT to CLOSING, but for CLOSE and LISTEN: a connection that has begun, or not yet ended. */
const TCP_CONNECTED = new Set([TCP_ESTABLISHED, '02', '03', '04', '05', '08', '09', '0B']);

async function readSockets(pid: number): Promise<Map<number, SocketSnapshot>> {
  const sockets = new Map<number, SocketSnapshot>();
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'] as const) {
    const text = await readFile(`/proc/${String(pid)}/net/${table}`, 'utf8').catch(() => '');
    for (const [inode, socket] of parseInetTable(table, text)) sockets.set(inode, socket);
  }
  const unix = await readFile(`/proc/${String(pid)}/net/unix`, 'utf8').catch(() => '');
  for (const line of unix.split('\n').slice(1)) {
    const [, , , , , , inode, name = ''] = line.trim().split(/\s+/);
    if (inode !== undefined) sockets.set(Number(inode), { kind: 'unix', established: false, name });
  }
  return sockets;
}

/** Tables of proc_pid_net(5): `sl local_address rem_address st …`, the inode is the tenth. */
export function parseInetTable(table: string, text: string): [number, SocketSnapshot][] {
  const kind = table.startsWith('tcp') ? 'tcp' : table.startsWith('udp') ? 'udp' : 'raw';
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode] = line.trim().split(/\s+/);
      return [
        Number(inode),
        {
          kind,
          established: kind === 'tcp' && TCP_CONNECTED.has(state),
          name: `port ${String(portOf(local))}${portOf(remote) === 0 ? '' : ` to port ${String(portOf(remote))}`}`,
        },
      ];
    });
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '0', 16);
}

/** proc_locks(5): `1: POSIX  ADVISORY  WRITE 3568 fe:00:2531452 0 EOF`; waiting ones have an arrow. */
async function readLocks(): Promise<{ pid: number; kind: string }[]> {
  const text = await readFile('/proc/locks', 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.includes('->'))
    .map((line) => {
      const [, kind = '', , , pid] = line.trim().split(/\s+/);
      return { pid: Number(pid), kind };
    });
}
