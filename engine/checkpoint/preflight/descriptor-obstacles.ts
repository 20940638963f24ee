import type { ContainerSnapshot } from './container-snapshot.ts';
import type { Obstacle, PreflightOptions } from './obstacle.ts';
import type { DescriptorSnapshot, ProcessSnapshot } from './process-snapshot.ts';

type Finding = Omit<Obstacle, 'pid' | 'command'>;

/** What CRIU has a driver for. */
const SAVED_ANONYMOUS: ReadonlySet<string> = new Set([
  'bpf-map',
  'eventfd',
  'eventpoll',
  'fanotify',
  'inotify',
  'pidfd',
  'signalfd',
  'timerfd',
]);
/** Memory devices, terminals: the drivers that every container has. */
const SAVED_DEVICE_MAJORS: ReadonlySet<number> = new Set([1, 4, 5, 136, 137, 138, 139, 140, 141, 142, 143]);
/** CRIU's own default of ours, see options.ts. */
const DEFAULT_GHOST_LIMIT_BYTES = 64 << 20;
const MEBIBYTE = 2 ** 20;

/** What of the open files of one process cannot be saved. */
export function findDescriptorObstacles(
  process: ProcessSnapshot,
  snapshot: ContainerSnapshot,
  options: PreflightOptions,
): Obstacle[] {
  const mountIds = new Set(snapshot.mounts.map(({ id }) => id));
  const held = new Set(snapshot.tree.flatMap(({ descriptors }) => descriptors.map(socketInode)));
  return process.descriptors.flatMap((descriptor) => {
    const findings = [
      anonymousFinding(descriptor),
      socketFinding(descriptor, snapshot, { options, held }),
      fileFinding(descriptor, mountIds, options),
      watchFinding(descriptor, snapshot),
    ];
    return findings
      .filter((finding) => finding !== null)
      .map((finding) => ({ ...finding, pid: process.innerPid, command: process.command }));
  });
}

function anonymousFinding({ target }: DescriptorSnapshot): Finding | null {
  const kind = /^anon_inode:\[?([^\]]+)\]?$/.exec(target)?.[1];
  if (kind === undefined || SAVED_ANONYMOUS.has(kind)) return null;
  if (kind === 'io_uring') {
    return {
      kind: 'io_uring',
      isCertain: true,
      problem: 'holds an io_uring; CRIU cannot dump it',
      fix: 'set spec.securityContext.seccompProfile.type: RuntimeDefault, which makes it fall back, and restart it',
      allowance: null,
    };
  }
  return {
    kind: 'descriptor',
    isCertain: true,
    problem: `holds a ${kind}, which CRIU cannot dump`,
    fix: 'let the program close it, or go without it',
    allowance: null,
  };
}

function socketInode({ target }: DescriptorSnapshot): number {
  return Number(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? -1);
}

function socketFinding(
  descriptor: DescriptorSnapshot,
  { sockets, unixPeers }: ContainerSnapshot,
  { options, held }: { options: PreflightOptions; held: ReadonlySet<number> },
): Finding | null {
  const inode = socketInode(descriptor);
  const socket = sockets.get(inode);
  if (socket === undefined) return null;
  if (socket.kind === 'unix') {
    const peer = unixPeers?.get(inode) ?? 0;
    return peer === 0 || held.has(peer) ? null : unixFinding(options);
  }
  if (lacksSocketOptions(options)) {
    return {
      kind: 'socket',
      isCertain: true,
      problem: `has an internet socket (${socket.kind}, ${socket.name}), which this CRIU cannot save on this kernel`,
      fix: 'install CRIU 4.2 or newer',
      allowance: null,
    };
  }
  const { tcpEstablished, tcpClose } = options.allowances;
  if (!socket.established || tcpEstablished === true || tcpClose === true) return null;
  return {
    kind: 'tcp',
    isCertain: true,
    problem: `has an established connection (${socket.name})`,
    fix: 'allow tcpEstablished to keep it, or tcpClose to let it end',
    allowance: 'tcpEstablished',
  };
}

function unixFinding({ allowances }: PreflightOptions): Finding | null {
  return {
    kind: 'unix socket',
    // Of datagram sockets CRIU can let go, of others not.
    isCertain: allowances.externalUnixSockets !== true,
    problem: 'is connected by a unix socket to a process outside of the container',
    fix: 'end the connection first; for datagram sockets (logging) allow externalUnixSockets',
    allowance: 'externalUnixSockets',
  };
}

/**
 * From 6.17 on the kernel refuses to say of internet sockets what it knows of unix sockets only, and CRIU before 4.2 takes that
 * for a failure.
 */
function lacksSocketOptions({ criu, kernel }: PreflightOptions): boolean {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number);
  const isNew = major > 6 || (major === 6 && minor >= 17);
  return isNew && criu !== null && (criu[0] < 4 || (criu[0] === 4 && criu[1] < 2));
}

function fileFinding(
  { fd, target, mountId, status }: DescriptorSnapshot,
  mountIds: ReadonlySet<number>,
  { allowances }: PreflightOptions,
): Finding | null {
  if (!target.startsWith('/') || target.startsWith('/memfd:')) return null;
  const isOutside = mountId !== null && !mountIds.has(mountId);
  if (isOutside && /^\/dev\/(?:pts\/|tty|console|ptmx)/.test(target)) {
    return {
      kind: 'terminal',
      isCertain: true,
      problem: `uses the terminal ${target} (descriptor ${String(fd)}) of the host`,
      fix: 'end shells that were attached to it, or set spec.tty',
      allowance: null,
    };
  }
  if (isOutside && target !== '/dev/null') {
    return {
      kind: 'outside file',
      isCertain: true,
      problem: `has ${target} open (descriptor ${String(fd)}), which is outside of the container`,
      fix: 'close it, or mount it into the container',
      allowance: null,
    };
  }
  if (status?.isDevice === true && !SAVED_DEVICE_MAJORS.has(status.deviceMajor)) {
    return {
      kind: 'device',
      isCertain: true,
      problem: `has the device ${target} open (descriptor ${String(fd)})`,
      fix: "close it, or install CRIU's plugin for the device",
      allowance: null,
    };
  }
  return deletedFinding(target, status, allowances.ghostLimitBytes ?? DEFAULT_GHOST_LIMIT_BYTES);
}

function deletedFinding(
  target: string,
  status: DescriptorSnapshot['status'],
  limitBytes: number,
): Finding | null {
  if (!target.endsWith(' (deleted)') || status?.links !== 0 || status.sizeBytes <= limitBytes) return null;
  const name = target.slice(0, -' (deleted)'.length);
  return {
    kind: 'deleted file',
    isCertain: true,
    problem: `has ${name} open, which is deleted and has ${mebibytes(status.sizeBytes)}, more than the limit of ${mebibytes(limitBytes)}`,
    fix: `set spec.checkpoint.options.ghostLimit: ${String(Math.ceil(status.sizeBytes / MEBIBYTE + 1))}Mi`,
    allowance: 'ghostLimitBytes',
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

/** What is watched must have a name at restore: files of the kernel have none that lasts. */
function watchFinding({ watches }: DescriptorSnapshot, { mounts }: ContainerSnapshot): Finding | null {
  const kernelDevices = new Set(
    mounts
      .filter(({ fsType }) => ['proc', 'sysfs', 'cgroup', 'cgroup2'].includes(fsType))
      .map(({ device }) => device),
  );
  const known = new Set(mounts.map(({ device }) => device));
  const bad = watches.filter(
    ({ device, hasHandle }) => kernelDevices.has(device) || !known.has(device) || !hasHandle,
  );
  if (bad.length === 0) return null;
  return {
    kind: 'inotify',
    isCertain: bad.some(({ device }) => kernelDevices.has(device)),
    problem: 'watches files that CRIU may find no name for',
    fix: 'let it watch files of the container only, and none below /proc or /sys',
    allowance: null,
  };
}
