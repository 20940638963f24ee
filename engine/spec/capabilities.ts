import type { OciCapabilities } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';

/** In the order of their bits, linux/capability.h. */
export const CAPABILITIES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** What the engines of this field give to a container that asks for nothing. */
export const DEFAULT_CAPABILITIES =
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'
    .split(' ')
    .map((name) => `CAP_${name}`);

/**
 * `process.capabilities`. A user other than root gets only the bounding set, as execve(2) would leave it, but for those
 * that the manifest adds by name: these are ambient, so that they are of use.
 */
export function buildCapabilities(input: SpecInput): OciCapabilities {
  const { user } = input;
  const bounding = boundingSet(input);
  if (user.uid === 0) return { bounding, effective: bounding, permitted: bounding };
  if (isPrivileged(input)) return { bounding };
  const added = addedByName(input).filter((name) => bounding.includes(name));
  if (added.length === 0) return { bounding };
  return { bounding, effective: added, permitted: added, inheritable: added, ambient: added };
}

/** The capabilities that the container can ever have, sorted by name. */
export function boundingSet(input: Pick<SpecInput, 'request' | 'limits'>): string[] {
  const available = input.limits.capabilities ?? CAPABILITIES;
  if (isPrivileged(input)) return [...available].sort();
  const { add = [], drop = [] } = input.request.spec.securityContext?.capabilities ?? {};
  const names = new Set(DEFAULT_CAPABILITIES);
  const dropped = drop.map((name) => capabilityName(name, input));
  if (dropped.includes('ALL')) names.clear();
  for (const name of add.map((name) => capabilityName(name, input))) {
    if (name === 'ALL') for (const each of available) names.add(each);
    else names.add(name);
  }
  for (const name of dropped) names.delete(name);
  return [...names].sort();
}

/** Either way of Kubernetes and of libpod to ask for it. */
export function isPrivileged({ request }: Pick<SpecInput, 'request'>): boolean {
  return request.spec.privileged === true || request.spec.securityContext?.privileged === true;
}

/** The names in a capability mask of /proc/<pid>/status, such as `000001ffffffffff`; bits without a name are left out. */
export function parseCapabilityMask(hexadecimal: string): string[] {
  const mask = BigInt(`0x${hexadecimal.trim()}`);
  return CAPABILITIES.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}

function addedByName(input: SpecInput): string[] {
  const add = input.request.spec.securityContext?.capabilities?.add ?? [];
  return add
    .map((name) => capabilityName(name, input))
    .filter((name) => name !== 'ALL')
    .sort();
}

/** `NET_ADMIN`, `cap_net_admin` → `CAP_NET_ADMIN`; `ALL` stays. */
function capabilityName(name: string, input: Pick<SpecInput, 'request'>): string {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return upper;
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (CAPABILITIES.includes(full)) return full;
  throw new EngineError(
    'BAD_REQUEST',
    `build capabilities of container ${input.request.name}: unknown capability \`${name}\`, expected a name of ` +
      `capabilities(7) such as NET_ADMIN, or ALL`,
  );
}
