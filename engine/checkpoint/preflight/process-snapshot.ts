import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { hasErrno } from '../../../native/index.ts';

/** What a process is and has, as far as CRIU minds. Taken without stopping it: what changes meanwhile is missing, or gone. */
export interface ProcessSnapshot {
  /** In the PID namespace of the host. */
  pid: number;
  /** In its own, innermost PID namespace. */
  innerPid: number;
  parentPid: number;
  command: string;
  /** As in proc_pid_stat(5): `R`, `S`, `D`, `T`, `Z`, … */
  state: string;
  /** 0: none. */
  tracerPid: number;
  /** `mnt` → `mnt:[4026531841]`. */
  namespaces: Readonly<Record<string, string>>;
  descriptors: readonly DescriptorSnapshot[];
  /** Paths of mapped files below /dev. */
  mappedDevices: readonly string[];
}

export interface DescriptorSnapshot {
  fd: number;
  /** What its link says: a path, `socket:[123]`, `anon_inode:[eventfd]`, … */
  target: string;
  mountId: number | null;
  /** Of regular files and devices; null where it could not be asked. */
  status: { sizeBytes: number; links: number; isDevice: boolean; deviceMajor: number } | null;
  /** Devices of what it watches, `major:minor`, each with whether it can be named: inotify and fanotify only. */
  watches: readonly { device: string; hasHandle: boolean }[];
}

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;

/** Null when the process has ended. */
export async function snapshotProcess(pid: number): Promise<ProcessSnapshot | null> {
  const directory = `/proc/${String(pid)}`;
  try {
    const status = await readFile(`${directory}/status`, 'utf8');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    const isZombie = field('State').startsWith('Z');
    return {
      pid,
      innerPid: Number(field('NSpid').split('\t').at(-1) ?? pid),
      parentPid: Number(field('PPid')),
      command: field('Name'),
      state: field('State').slice(0, 1),
      tracerPid: Number(field('TracerPid')),
      namespaces: isZombie ? {} : await readNamespaces(directory),
      descriptors: isZombie ? [] : await readDescriptors(directory),
      mappedDevices: isZombie ? [] : await readMappedDevices(directory),
    };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

async function readNamespaces(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of NAMESPACES) found[name] = await readlink(`${directory}/ns/${name}`).catch(() => '');
  return found;
}

async function readDescriptors(directory: string): Promise<DescriptorSnapshot[]> {
  const names = await readdir(`${directory}/fd`);
  const found = await Promise.all(
    names.map((name) => readDescriptor(directory, Number(name)).catch(ignoreGone)),
  );
  return found.filter((descriptor) => descriptor !== null).sort((one, other) => one.fd - other.fd);
}

function ignoreGone(error: unknown): null {
  if (hasErrno(error, 'ENOENT', 'ESRCH')) return null;
  throw error;
}

async function readDescriptor(directory: string, fd: number): Promise<DescriptorSnapshot> {
  const path = `${directory}/fd/${String(fd)}`;
  const target = await readlink(path);
  const info = await readFile(`${directory}/fdinfo/${String(fd)}`, 'utf8');
  const mountId = /^mnt_id:\s*(\d+)/m.exec(info)?.[1];
  return {
    fd,
    target,
    mountId: mountId === undefined ? null : Number(mountId),
    status: target.startsWith('/') ? await readStatus(path) : null,
    watches: parseWatches(info),
  };
}

async function readStatus(path: string): Promise<DescriptorSnapshot['status']> {
  const status = await stat(path).catch(() => null);
  if (status === null) return null;
  return {
    // What it takes, and not how long it is: a file with holes is saved without them.
    sizeBytes: status.blocks * 512,
    links: status.nlink,
    isDevice: status.isCharacterDevice() || status.isBlockDevice(),
    deviceMajor: (status.rdev >> 8) & 0xfff,
  };
}

/** Lines such as `inotify wd:1 ino:2 sdev:15 mask:fff ignored_mask:0 fhandle-bytes:8 …`; the device is major << 20 | minor. */
export function parseWatches(fdinfo: string): DescriptorSnapshot['watches'] {
  return fdinfo
    .split('\n')
    .filter((line) => /^(?:inotify|fanotify) /.test(line) && line.includes('sdev:'))
    .map((line) => {
      const device = Number.parseInt(/sdev:([0-9a-f]+)/.exec(line)?.[1] ?? '0', 16);
      return {
        device: `${String(device >>> 20)}:${String(device & 0xfffff)}`,
        hasHandle: line.includes('fhandle-bytes'),
      };
    });
}

async function readMappedDevices(directory: string): Promise<string[]> {
  const maps = await readFile(`${directory}/maps`, 'utf8').catch(() => '');
  const found = new Set<string>();
  for (const match of maps.matchAll(/ (\/dev\/\S+)/g)) {
    const [, path = ''] = match;
    if (!path.startsWith('/dev/shm/') && path !== '/dev/zero') found.add(path);
  }
  return [...found];
}
