import type { ContainerSnapshot } from './container-snapshot.ts';
import { findDescriptorObstacles } from './descriptor-obstacles.ts';
import type { Obstacle, PreflightOptions, PreflightReport } from './obstacle.ts';
import type { ProcessSnapshot } from './process-snapshot.ts';

export type { PreflightReport } from './obstacle.ts';

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
