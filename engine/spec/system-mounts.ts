import type { OciMount } from '../../schemas/index.ts';
import { isPrivileged } from './capabilities.ts';
import { toHostId } from './id-mapping.ts';
import { chooseNamespace } from './namespaces.ts';
import type { SpecInput } from './spec-input.ts';
import { isSystemdContainer, systemdCgroupMounts } from './systemd-mode.ts';

const TTY_GID = 5;

/** The file systems of the kernel that every container finds, config-linux.md "Default Filesystems", and its cgroups. */
export function systemMounts(input: SpecInput): OciMount[] {
  return [
    procMount(input),
    devMount(input),
    sysMount(input),
    ptsMount(input),
    mqueueMount(input),
    cgroupMount(input),
    ...systemdCgroupMounts(input),
  ];
}

function procMount(input: SpecInput): OciMount {
  const options = ['nosuid', 'noexec', 'nodev'];
  return isForeign(input, 'pid') ? boundFrom('/proc', options) : own('/proc', 'proc', options);
}

function devMount({ request }: SpecInput): OciMount {
  const { securityContext, readOnlyTmpfs } = request.spec;
  const readOnly = securityContext?.readOnlyRootFilesystem === true && readOnlyTmpfs === false;
  const options = ['nosuid', 'strictatime', 'mode=755', 'size=65536k', ...(readOnly ? ['ro'] : [])];
  return own('/dev', 'tmpfs', options);
}

function sysMount(input: SpecInput): OciMount {
  const options = ['nosuid', 'noexec', 'nodev', isPrivileged(input) ? 'rw' : 'ro'];
  if (isForeign(input, 'net')) return boundFrom('/sys', options);
  return own('/sys', 'sysfs', isPrivileged(input) ? ['rprivate', ...options] : options);
}

/** Terminals belong to the group tty, 5 everywhere, unless a user namespace has no such group. */
function ptsMount({ userNamespace }: SpecInput): OciMount {
  const hasGroup = userNamespace === undefined || toHostId(TTY_GID, userNamespace.gidMappings) !== null;
  const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
  return own('/dev/pts', 'devpts', [...options, ...(hasGroup ? [`gid=${String(TTY_GID)}`] : [])]);
}

function mqueueMount(input: SpecInput): OciMount {
  const options = ['nosuid', 'noexec', 'nodev'];
  return isForeign(input, 'ipc') ? boundFrom('/dev/mqueue', options) : own('/dev/mqueue', 'mqueue', options);
}

/**
 * Whether the namespace is the host's while the user namespace is not: the kernel then refuses to mount the file system
 * that shows it (mount_namespaces(7)), and only the host's own can be bound.
 */
function isForeign(input: SpecInput, name: 'net' | 'ipc' | 'pid'): boolean {
  return input.userNamespace !== undefined && chooseNamespace(input, name).kind === 'host';
}

function own(destination: string, type: string, options: string[]): OciMount {
  return { destination, type, source: type, options };
}

function boundFrom(path: string, options: string[]): OciMount {
  return { destination: path, type: 'bind', source: path, options: ['rbind', 'rprivate', ...options] };
}

/**
 * The type is `cgroup` on every layout: runtimes turn it into cgroup2 on a v2 host, and into one bind mount for each
 * controller elsewhere.
 */
function cgroupMount(input: SpecInput): OciMount {
  const writable = isSystemdContainer(input) && input.host.cgroups === 'v2';
  return {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: writable
      ? ['private', 'rw']
      : ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime', isPrivileged(input) ? 'rw' : 'ro'],
  };
}
