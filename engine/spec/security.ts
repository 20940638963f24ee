import { posix } from 'node:path';
import type { OciLinux } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { isPrivileged } from './capabilities.ts';
import type { SpecInput } from './spec-input.ts';
import { systemdMaskedPaths } from './systemd-mode.ts';

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

/** `linux.maskedPaths` and `readonlyPaths`, but for what the manifest unmasks; none for a privileged container. */
export function hiddenPaths(input: SpecInput): Pick<OciLinux, 'maskedPaths' | 'readonlyPaths'> {
  const { securityContext, mask = [], unmask = [] } = input.request.spec;
  if (isPrivileged(input)) return {};
  const isOpen = matcher(securityContext?.procMount === 'Unmasked' ? ['ALL'] : unmask);
  const masked = [...MASKED_PATHS.filter((path) => !isOpen(path)), ...mask, ...systemdMaskedPaths(input)];
  const readOnly = READONLY_PATHS.filter((path) => !isOpen(path));
  return {
    ...(masked.length > 0 && { maskedPaths: [...new Set(masked)] }),
    ...(readOnly.length > 0 && { readonlyPaths: readOnly }),
  };
}

/** Whether one of the patterns names a path: itself, with `*` for a part of a name, or `ALL`. */
function matcher(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.some((pattern) => pattern.toUpperCase() === 'ALL')) return () => true;
  const expressions = patterns.map((pattern) => {
    const literal = posix.normalize(pattern).replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${literal.replaceAll('*', '[^/]*')}$`);
  });
  return (path) => expressions.some((expression) => expression.test(path));
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
