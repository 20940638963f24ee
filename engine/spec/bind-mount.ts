import type { OciMount, VolumeMount } from '../../schemas/index.ts';
import type { ResolvedMount } from './spec-input.ts';

const PROPAGATIONS = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

/** What `mountPropagation` of Kubernetes is in mount(8)'s words. */
export function propagationOption(propagation: VolumeMount['mountPropagation']): string {
  switch (propagation) {
    case 'HostToContainer':
      return 'rslave';
    case 'Bidirectional':
      return 'rshared';
    case 'None':
    case undefined:
      return 'rprivate';
  }
}

/** The propagation among the options of a volume; `rprivate` when none is. */
export function propagationOf({ options }: ResolvedMount): string {
  return options.find((option) => PROPAGATIONS.includes(option)) ?? 'rprivate';
}

/** A volume as a recursive bind mount. */
export function bindMount(mount: ResolvedMount): OciMount {
  const own = new Set(['ro', 'rw', 'bind', 'rbind', ...PROPAGATIONS]);
  return {
    destination: mount.containerPath,
    type: 'bind',
    source: mount.hostPath,
    options: [
      mount.readOnly ? 'ro' : 'rw',
      propagationOf(mount),
      ...mount.options.filter((option) => !own.has(option)),
      // `bind` alone leaves out what is mounted below the source.
      mount.options.includes('bind') ? 'bind' : 'rbind',
    ],
  };
}
