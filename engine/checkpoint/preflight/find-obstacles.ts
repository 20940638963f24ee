import type { CheckpointAllowances } from '../../engine.ts';
import type { ContainerSnapshot } from './container-snapshot.ts';
import { findDescriptorObstacles } from './descriptor-obstacles.ts';
import type { ProcessSnapshot } from './process-snapshot.ts';

/** One thing that keeps a container from being checkpointed. */
export interface Obstacle {
  /** The same word for the same thing, in two or three syllables: the first column of the report. */
  kind: ObstacleKind;
  /** False: CRIU may be able to do it; only the attempt tells. */
  isCertain: boolean;
  /** In the container's PID namespace; null when no single process is to blame. */
  pid: number | null;
  command: string | null;
  /** A sentence without a full stop. */
  problem: string;
  /** What to do about it; begins with a verb. */
  fix: string;
  /** What the checkpoint must allow, where that is all that is missing. */
  allowance: keyof CheckpointAllowances | null;
}

export type ObstacleKind =
  | 'io_uring'
  | 'tcp'
  | 'unix socket'
  | 'socket'
  | 'lock'
  | 'deleted file'
  | 'outside file'
  | 'terminal'
  | 'inotify'
  | 'device'
  | 'descriptor'
  | 'namespace'
  | 'mount'
  | 'traced'
  | 'stuck'
  | 'exec';

export interface PreflightOptions {
  allowances: CheckpointAllowances;
  /** Places in the container that are mounted from the host, and are there again at restore. */
  externalMounts: ReadonlySet<string>;
  /** Version of CRIU as [major, minor], and release of the kernel, `6.12.9`; null where they are not known. */
  criu: readonly [number, number] | null;
  kernel: string;
}

export interface PreflightReport {
  canCheckpoint: boolean;
  obstacles: readonly Obstacle[];
  /** What could not be looked at, and why. */
  unchecked: readonly string[];
}

/** Says what keeps the container from being checkpointed, before anything is frozen. Pure. */
export function findObstacles(snapshot: ContainerSnapshot, options: PreflightOptions): PreflightReport {
  const obstacles = [
    ...snapshot.tree.flatMap((process) => [
      ...findDescriptorObstacles(process, snapshot, options),
      ...processObstacles(process, snapshot),
    ]),
    ...lockObstacles(snapshot, options),
    ...snapshot.others.map(execObstacle),
    ...mountObstacles(snapshot, options),
  ];
  const unchecked =
    snapshot.unixPeers === null ? ['the other ends of unix sockets: install iproute2 and util-linux'] : [];
  return {
    canCheckpoint: !obstacles.some(({ isCertain }) => isCertain),
    obstacles: deduplicate(obstacles),
    unchecked,
  };
}

function processObstacles(process: ProcessSnapshot, { root }: ContainerSnapshot): Obstacle[] {
  const who = { pid: process.innerPid, command: process.command, allowance: null };
  const obstacles: Obstacle[] = process.mappedDevices.map((device) => ({
    ...who,
    kind: 'device' as const,
    isCertain: true,
    problem: `has memory of ${device} mapped`,
    fix: "end its use of the device, or install CRIU's plugin for it",
  }));
  if (process.tracerPid !== 0) {
    obstacles.push({
      ...who,
      kind: 'traced',
      isCertain: true,
      problem: 'is being traced; CRIU cannot trace it as well',
      fix: 'end the debugger',
    });
  }
  if (process.state === 'D') {
    obstacles.push({
      ...who,
      kind: 'stuck',
      isCertain: false,
      problem: 'waits in the kernel, and may not be stopped in time',
      fix: 'wait for its disk or network file system',
    });
  }
  for (const [name, isCertain] of NESTED) {
    const own = process.namespaces[name];
    if (own === undefined || own === '' || own === root.namespaces[name]) continue;
    obstacles.push({
      ...who,
      kind: 'namespace',
      isCertain,
      problem: `has made a ${name} namespace of its own`,
      fix: 'end the sandbox within the container, or start it without one',
    });
  }
  return obstacles;
}

/** Namespaces within the container's own: of these CRIU saves mount and network ones, mostly. */
const NESTED = [
  ['user', true],
  ['pid', true],
  ['ipc', true],
  ['time', true],
  ['cgroup', false],
  ['mnt', false],
  ['net', false],
] as const;

function lockObstacles({ locks, tree }: ContainerSnapshot, { allowances }: PreflightOptions): Obstacle[] {
  if (allowances.fileLocks === true) return [];
  return locks.map(({ pid, kind }) => {
    const holder = tree.find((process) => process.pid === pid);
    return {
      kind: 'lock',
      isCertain: true,
      pid: holder?.innerPid ?? null,
      command: holder?.command ?? null,
      problem: `holds a lock on a file (${kind.toLowerCase()})`,
      fix: 'allow fileLocks, unless a process outside of the container locks the same file',
      allowance: 'fileLocks',
    };
  });
}

function execObstacle({ innerPid, command }: ProcessSnapshot): Obstacle {
  return {
    kind: 'exec',
    isCertain: false,
    pid: innerPid,
    command,
    problem: 'was started in the container by exec, and ends with a checkpoint that stops it',
    fix: 'end the command first',
    allowance: null,
  };
}

/** File systems that CRIU makes anew at restore, or that are the container's own. */
const KNOWN_FILE_SYSTEMS: ReadonlySet<string> = new Set([
  'binfmt_misc',
  'cgroup',
  'cgroup2',
  'debugfs',
  'devpts',
  'devtmpfs',
  'fusectl',
  'mqueue',
  'overlay',
  'proc',
  'pstore',
  'securityfs',
  'sysfs',
  'tmpfs',
  'tracefs',
]);

function mountObstacles({ mounts }: ContainerSnapshot, { externalMounts }: PreflightOptions): Obstacle[] {
  return mounts
    .filter(
      ({ mountPoint, fsType }) =>
        mountPoint !== '/' && !KNOWN_FILE_SYSTEMS.has(fsType) && !externalMounts.has(mountPoint),
    )
    .map(({ mountPoint, fsType }) => ({
      kind: 'mount',
      isCertain: true,
      pid: null,
      command: null,
      problem: `${mountPoint} (${fsType}) was mounted inside of the container`,
      fix: 'unmount it, or mount it by the manifest',
      allowance: null,
    }));
}

/** A process may hold the same thing many times; a person wants to read it once. */
function deduplicate(obstacles: readonly Obstacle[]): Obstacle[] {
  const seen = new Set<string>();
  return obstacles.filter(({ kind, pid, problem }) => {
    const key = `${kind} ${String(pid)} ${problem}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
