import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';
import { existsSync } from 'node:fs';
import { fail, isAtLeast, ok, warn } from './check.ts';
import type { Check } from './check.ts';

/** fsopen(2) and its kin came with 5.2, openat2(2) with 5.6, mount_setattr(2) with 5.12. */
const OLDEST_KERNEL = '5.12';

/** The kernel and what it was built with. */
export async function checkKernel(): Promise<Check[]> {
  return [kernelVersion(), await overlay(), namespaces(), seccomp(), ...(await cgroups())];
}

function kernelVersion(): Check {
  const found = `${release()}, ${arch()}`;
  if (isAtLeast(release(), OLDEST_KERNEL)) return ok('kernel', found);
  return fail('kernel', found, `tsctr needs ${OLDEST_KERNEL} or newer, for its mount calls`);
}

async function overlay(): Promise<Check> {
  const known = (await read('/proc/filesystems')).split('\n').some((line) => line.endsWith('\toverlay'));
  if (known) return ok('overlayfs', 'known to the kernel');
  return warn(
    'overlayfs',
    'not loaded',
    'load it: modprobe overlay (it may also load by itself at the first mount)',
  );
}

const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'user'];

function namespaces(): Check {
  const missing = NAMESPACES.filter((name) => !existsSync(`/proc/self/ns/${name}`));
  if (missing.length === 0) return ok('namespaces', NAMESPACES.join(', '));
  const found = `missing: ${missing.join(', ')}`;
  const advice = 'boot a kernel that has them (CONFIG_NAMESPACES and its kin)';
  // User namespaces and cgroup namespaces are options of a container; without the others there is none.
  return missing.every((name) => name === 'user' || name === 'cgroup')
    ? warn('namespaces', found, advice)
    : fail('namespaces', found, advice);
}

function seccomp(): Check {
  if (existsSync('/proc/sys/kernel/seccomp/actions_avail')) return ok('seccomp', 'filters are available');
  return warn(
    'seccomp',
    'not available',
    'containers run without a seccomp filter; boot a kernel with CONFIG_SECCOMP_FILTER',
  );
}

const WANTED_CONTROLLERS = ['memory', 'cpu', 'pids'];

async function cgroups(): Promise<Check[]> {
  const v2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const hybrid = !v2 && existsSync('/sys/fs/cgroup/unified/cgroup.controllers');
  const version = v2 ? 'v2' : hybrid ? 'hybrid' : 'v1';
  const controllers = v2
    ? (await read('/sys/fs/cgroup/cgroup.controllers')).trim().split(' ')
    : (await read('/proc/cgroups'))
        .split('\n')
        .filter((line) => line.trim().endsWith('1') && !line.startsWith('#'))
        .map((line) => line.split('\t')[0] ?? '');
  const missing = WANTED_CONTROLLERS.filter((name) => !controllers.includes(name));
  const found = `${version}; ${controllers.filter((name) => name !== '').join(', ') || 'no controllers'}`;
  if (controllers.filter((name) => name !== '').length === 0) {
    return [fail('cgroups', found, 'mount /sys/fs/cgroup')];
  }
  if (missing.length > 0) {
    return [
      warn(
        'cgroups',
        found,
        `limits that need ${missing.join(', ')} do not work; boot with cgroup_enable=${missing.join(',')}`,
      ),
    ];
  }
  return [ok('cgroups', found)];
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
