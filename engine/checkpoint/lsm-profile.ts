import type { OciSpec } from '../../schemas/index.ts';

/** AppArmor's word for no profile. */
const UNCONFINED = 'unconfined';

/** The Linux security module that confines the processes of a specification, and by what. */
export interface LsmProfile {
  module: 'apparmor' | 'selinux';
  /** The name of an AppArmor profile, an SELinux label. */
  name: string;
}

/** What the specification confines its processes by; null for nothing, which is all that a host without such a module has. */
export function lsmProfileOf({ process }: OciSpec): LsmProfile | null {
  const { apparmorProfile, selinuxLabel } = process;
  if (apparmorProfile !== undefined && apparmorProfile !== UNCONFINED) {
    return { module: 'apparmor', name: apparmorProfile };
  }
  return selinuxLabel === undefined ? null : { module: 'selinux', name: selinuxLabel };
}

/**
 * For CRIU's `lsm_profile`, which replaces that of each process in the images: `apparmor:tsctr-default`, `none:`. It replaces only: a
 * process that has none in the images gets none.
 */
export function formatLsmProfile(profile: LsmProfile | null): string {
  return profile === null ? 'none:' : `${profile.module}:${profile.name}`;
}
