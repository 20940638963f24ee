import { z } from 'zod';

/** Why a restore is refused, as words that do not change. */
export const RESTORE_REASONS = [
  'architecture',
  'cpu-features',
  'kernel-older',
  'criu-older',
  'cgroup-version',
  'runtime',
  'image',
  'mount-missing',
  'mount-kind',
  'port-in-use',
  'address-missing',
  'volume-exists',
  'foreign',
  'rights',
  'lazy-pages',
] as const;
export type RestoreReason = (typeof RESTORE_REASONS)[number];

/** Those that a person may overlook by name. The others would only fail later, or give away what the manifest does not. */
export const OVERLOOKED_REASONS = [
  'cpu-features',
  'kernel-older',
  'criu-older',
  'cgroup-version',
  'image',
  'port-in-use',
  'address-missing',
  'volume-exists',
] as const satisfies readonly RestoreReason[];

export const overlookedReason = z.enum(OVERLOOKED_REASONS);
export type OverlookedReason = z.infer<typeof overlookedReason>;
