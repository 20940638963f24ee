import type { OciMount } from '../../schemas/index.ts';
import { isPrivileged } from './capabilities.ts';
import type { SpecInput } from './spec-input.ts';
import { isSystemdContainer, systemdCgroupMounts } from './systemd-mode.ts';

/** The file systems of the kernel that every container finds, config-linux.md "Default Filesystems", and its cgroups. */
export function systemMounts(input: SpecInput): OciMount[] {
  const { spec } = input.request;
  const readOnlyDev = spec.securityContext?.readOnlyRootFilesystem === true && spec.readOnlyTmpfs === false;
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k', ...(readOnlyDev ? ['ro'] : [])],
    },
    sysMount(input),
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    cgroupMount(input),
    ...systemdCgroupMounts(input),
  ];
}

function sysMount(input: SpecInput): OciMount {
  const options = isPrivileged(input)
    ? ['rprivate', 'nosuid', 'noexec', 'nodev', 'rw']
    : ['nosuid', 'noexec', 'nodev', 'ro'];
  return { destination: '/sys', type: 'sysfs', source: 'sysfs', options };
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
