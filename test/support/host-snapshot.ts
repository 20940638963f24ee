import { readFile, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupDirectories, readCgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';
import { isBeneath, readMountTable } from './mount-table.ts';
import type { MountEntry } from './mount-table.ts';
import { isKernelThread, readProcessTable } from './process-table.ts';
import type { ProcessEntry } from './process-table.ts';
import { belongsTo, cgroupsOf } from './sweep.ts';

/** What a host has that containers may leave behind; each a list of words that name one thing. */
export interface HostSnapshot {
  mounts: string[];
  /** Namespaces with a process in them or a mount that pins them: `net:[4026531840]`. */
  namespaces: string[];
  cgroups: string[];
  processes: string[];
  /** Paths of Unix sockets, and what listens on TCP and UDP ports of this network namespace. */
  sockets: string[];
  /** Network interfaces of this network namespace. */
  interfaces: string[];
  /** Below the directories that were given, and in /dev/shm. */
  files: string[];
}

/** Takes it in. `directories`: those whose files are to be compared. */
export async function takeHostSnapshot(directories: readonly string[] = []): Promise<HostSnapshot> {
  return snapshotOf(await readHost(), directories);
}

/**
 * The same without what can be told to be somebody else's, for a host on which others work meanwhile: of processes, cgroups and
 * sockets only what the instance has made, and no mounts below other directories for temporary files.
 */
export async function takeInstanceSnapshot({ directory, root, run }: InstancePlace): Promise<HostSnapshot> {
  const { mounts, processes } = await readHost();
  const cgroups = cgroupsOf(run);
  const snapshot = await snapshotOf(
    {
      mounts: mounts.filter(
        ({ mountPoint }) => isBeneath(directory, mountPoint) || !isBeneath('/tmp', mountPoint),
      ),
      processes: processes.filter((entry) => belongsTo(entry, directory, cgroups)),
    },
    [root, run],
  );
  return {
    ...snapshot,
    cgroups: snapshot.cgroups.filter((name) => cgroups.some((cgroup) => `${name}/`.includes(`${cgroup}/`))),
    sockets: snapshot.sockets.filter((name) => isBeneath(directory, name)),
  };
}

export interface InstancePlace {
  /** Everything of the instance lies below. */
  directory: string;
  root: string;
  run: string;
}

interface HostTables {
  mounts: MountEntry[];
  processes: ProcessEntry[];
}

async function readHost(): Promise<HostTables> {
  const [mounts, processes] = await Promise.all([readMountTable(), readProcessTable()]);
  return { mounts, processes: processes.filter((entry) => !isKernelThread(entry)) };
}

async function snapshotOf(
  { mounts, processes }: HostTables,
  directories: readonly string[],
): Promise<HostSnapshot> {
  const [namespaces, cgroups, sockets, interfaces, files] = await Promise.all([
    Promise.all(processes.map((entry) => namespacesOf(entry.pid))),
    listCgroups(),
    listSockets(),
    readdir('/sys/class/net'),
    Promise.all([...directories, '/dev/shm'].map(listFiles)),
  ]);
  const pinned = mounts.filter((mount) => mount.type === 'nsfs').map((mount) => mount.root);
  return {
    mounts: mounts.map((mount) => `${mount.mountPoint} (${mount.type})`),
    namespaces: [...new Set([...namespaces.flat(), ...pinned])],
    cgroups,
    processes: processes.map((entry) => `${entry.pid} ${entry.args.join(' ') || `(${entry.name})`}`),
    sockets,
    interfaces,
    files: files.flat(),
  };
}

/** What is in `after` and was not in `before`, in words: `mount /run/x/rootfs (overlay)`; empty when nothing is. */
export function additions(before: HostSnapshot, after: HostSnapshot): string[] {
  return (Object.keys(before) as (keyof HostSnapshot)[]).flatMap((key) => {
    const left = new Map<string, number>();
    for (const name of before[key]) left.set(name, (left.get(name) ?? 0) + 1);
    return after[key]
      .filter((name) => {
        const count = left.get(name) ?? 0;
        left.set(name, count - 1);
        return count <= 0;
      })
      .map((name) => `${key}: ${name}`);
  });
}

/**
 * What has come since `before` and stays: looks again until nothing has, for at most `timeoutMs`, because the kernel takes
 * things down after the process that held them has gone, and because a host has a life of its own.
 */
export async function leftSince(
  before: HostSnapshot,
  of: readonly string[] | InstancePlace = [],
  timeoutMs = 3000,
): Promise<string[]> {
  const deadlineMs = performance.now() + timeoutMs;
  const take = () => ('run' in of ? takeInstanceSnapshot(of) : takeHostSnapshot(of));
  for (;;) {
    const left = additions(before, await take());
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(50);
  }
}

async function namespacesOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/ns`).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/ns/${name}`).catch(() => null)));
  return links.filter((link) => link !== null);
}

async function listCgroups(): Promise<string[]> {
  const tops = cgroupDirectories(await readCgroupLayout(), '/');
  return (await Promise.all(tops.map(listDirectories))).flat();
}

/** Directories alone, read level by level: a cgroup has dozens of files that say nothing here. */
async function listDirectories(top: string): Promise<string[]> {
  const entries = await readdir(top, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(top, entry.name));
  return [...below, ...(await Promise.all(below.map(listDirectories))).flat()];
}

async function listFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  return names.map((name) => path.join(directory, name));
}

/** proc_net(5). Addresses stay in the kernel's notation: they are only compared. */
async function listSockets(): Promise<string[]> {
  const read = async (name: string) =>
    (await readFile(`/proc/net/${name}`, 'utf8').catch(() => '')).trim().split('\n').slice(1);
  const [unix, tcp, tcp6, udp, udp6] = await Promise.all(['unix', 'tcp', 'tcp6', 'udp', 'udp6'].map(read));
  const LISTENING = '0A';
  const fields = (lines: string[] = []) => lines.map((line) => line.trim().split(/\s+/));
  return [
    ...fields(unix).map((field) => field[7]),
    ...fields([...(tcp ?? []), ...(tcp6 ?? [])])
      .filter((field) => field[3] === LISTENING)
      .map((field) => `tcp ${String(field[1])}`),
    ...fields([...(udp ?? []), ...(udp6 ?? [])]).map((field) => `udp ${String(field[1])}`),
  ].filter((name) => name !== undefined);
}
