import { runsSystemd } from '../../schemas/index.ts';
import type { OciMount } from '../../schemas/index.ts';
import { commandOf } from './command.ts';
import type { SpecInput } from './spec-input.ts';

/** systemd's own hierarchy on cgroup v1 and hybrid hosts, which it must be able to write to. */
const NAMED_HIERARCHY = '/sys/fs/cgroup/systemd';

/** Places that systemd wants to find empty and writable: https://systemd.io/CONTAINER_INTERFACE. */
const WRITABLE_PLACES = ['/run', '/run/lock', '/tmp', '/var/log/journal'];

/** Whether the container runs systemd: as the manifest says, else by the look of its command. */
export function isSystemdContainer(input: Pick<SpecInput, 'request' | 'imageConfig'>): boolean {
  // Variables do not matter here: nobody hides the name of an init in one.
  const [program = ''] = commandOf(input, new Map());
  return runsSystemd(input.request.spec.systemd, program);
}

export function systemdPlaces(input: SpecInput): readonly string[] {
  return isSystemdContainer(input) ? WRITABLE_PLACES : [];
}

/** The part of the cgroup tree that systemd manages; on v2 the whole mount is writable instead. */
export function systemdCgroupMounts(input: SpecInput): OciMount[] {
  if (!isSystemdContainer(input) || input.host.cgroups === 'v2') return [];
  return [
    { destination: NAMED_HIERARCHY, type: 'bind', source: NAMED_HIERARCHY, options: ['bind', 'rprivate'] },
  ];
}

/** What a writable v1 hierarchy would give away: the release agent is run by the host's kernel, as root. */
export function systemdMaskedPaths(input: SpecInput): string[] {
  return systemdCgroupMounts(input).map(({ destination }) => `${destination}/release_agent`);
}
