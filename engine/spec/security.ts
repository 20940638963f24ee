import type { OciLinux } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { isPrivileged } from './capabilities.ts';
import type { SpecInput } from './spec-input.ts';

/** Files that tell about the host, or let it be changed: hidden behind /dev/null or an empty directory. */
const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
  '/sys/fs/selinux',
];

const READONLY_PATHS = [
  '/proc/asound',
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** `linux.maskedPaths` and `readonlyPaths`; none for a privileged container and for `procMount: Unmasked`. */
export function hiddenPaths(input: SpecInput): Pick<OciLinux, 'maskedPaths' | 'readonlyPaths'> {
  const unmasked = input.request.spec.securityContext?.procMount === 'Unmasked';
  if (isPrivileged(input) || unmasked) return {};
  return { maskedPaths: [...MASKED_PATHS], readonlyPaths: [...READONLY_PATHS] };
}

/** `process.apparmorProfile`, or null for none: on a host without AppArmor, or where it is not asked for. */
export function appArmorProfile(input: SpecInput): string | null {
  const { request, host } = input;
  const asked = request.spec.securityContext?.appArmorProfile;
  if (asked?.type === 'Localhost') {
    const name = asked.localhostProfile ?? '';
    if (!host.appArmor || name === '') throw appArmorError(input, name);
    return name;
  }
  if (!host.appArmor) return null;
  if (asked?.type === 'Unconfined' || (asked === undefined && isPrivileged(input))) return 'unconfined';
  return input.defaultAppArmorProfile ?? null;
}

function appArmorError({ request }: SpecInput, name: string): EngineError {
  const operation = `build security of container ${request.name}: appArmorProfile`;
  return name === ''
    ? new EngineError('BAD_REQUEST', `${operation}: type Localhost needs localhostProfile, found none`)
    : new EngineError('HOST_UNSUITABLE', `${operation} \`${name}\`: this host runs without AppArmor`);
}
