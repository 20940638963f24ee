import type { OciSeccomp, OciSyscallArgument, OciSyscallRule } from '../../schemas/index.ts';
import { allowedSyscalls, forbiddenSyscalls } from './seccomp-syscalls.ts';

const ALLOW = 'SCMP_ACT_ALLOW';
const REFUSE = 'SCMP_ACT_ERRNO';
const EPERM = 1;
const EINVAL = 22;
/** What is not known yet looks like an older kernel, so that programs and C libraries fall back by themselves. */
const ENOSYS = 38;

const AF_NETLINK = 16;
const NETLINK_AUDIT = 9;

/** System calls that go with a capability: without any of its capabilities they answer EPERM. */
const GUARDED: readonly { names: string; capabilities: readonly string[] }[] = [
  { names: 'open_by_handle_at', capabilities: ['CAP_DAC_READ_SEARCH'] },
  {
    names: 'fanotify_init lookup_dcookie quotactl quotactl_fd setdomainname sethostname',
    capabilities: ['CAP_SYS_ADMIN'],
  },
  { names: 'bpf', capabilities: ['CAP_SYS_ADMIN', 'CAP_BPF'] },
  { names: 'perf_event_open', capabilities: ['CAP_SYS_ADMIN', 'CAP_PERFMON'] },
  { names: 'chroot', capabilities: ['CAP_SYS_CHROOT'] },
  { names: 'delete_module finit_module init_module query_module', capabilities: ['CAP_SYS_MODULE'] },
  { names: 'acct', capabilities: ['CAP_SYS_PACCT'] },
  { names: 'kcmp process_madvise', capabilities: ['CAP_SYS_PTRACE'] },
  { names: 'ioperm iopl', capabilities: ['CAP_SYS_RAWIO'] },
  { names: 'clock_settime clock_settime64 settimeofday stime', capabilities: ['CAP_SYS_TIME'] },
  { names: 'vhangup', capabilities: ['CAP_SYS_TTY_CONFIG'] },
];

/** The execution domains of personality(2) that are harmless: Linux, Linux 32 bit, each with UNAME26, and the query. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** Names of seccomp for an architecture, as Node, uname(2) and Go call it; the first is the native one. */
const ARCHITECTURES: readonly { names: readonly string[]; seccomp: readonly string[] }[] = [
  { names: ['x64', 'x86_64', 'amd64'], seccomp: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  { names: ['arm64', 'aarch64'], seccomp: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] },
  { names: ['ppc64le', 'ppc64'], seccomp: ['SCMP_ARCH_PPC64LE'] },
  { names: ['s390x'], seccomp: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'] },
  { names: ['riscv64'], seccomp: ['SCMP_ARCH_RISCV64'] },
];

/** For an architecture: seccomp's names with the native one first. Unknown ones get none, and the runtime takes its own. */
export function seccompArchitectures(architecture: string): readonly string[] {
  return ARCHITECTURES.find(({ names }) => names.includes(architecture))?.seccomp ?? [];
}

/**
 * The default profile, in effect that of podman: system calls that ordinary programs need are allowed, those that reach
 * beyond the container answer EPERM unless a capability of the container stands for them, all others ENOSYS (io_uring
 * among them: CRIU cannot dump it, and it goes around seccomp).
 */
export function defaultSeccomp(architecture: string, capabilities: readonly string[]): OciSeccomp {
  const architectures = seccompArchitectures(architecture);
  return {
    defaultAction: REFUSE,
    defaultErrnoRet: ENOSYS,
    ...(architectures.length > 0 && { architectures: [...architectures] }),
    syscalls: [
      refuse(forbiddenSyscalls()),
      { names: allowedSyscalls(architectures[0] ?? ''), action: ALLOW },
      ...PERSONALITIES.map((value) => allow('personality', [equal(0, value)])),
      ...guardedRules(capabilities),
      ...socketRules(capabilities),
    ],
  };
}

function guardedRules(held: readonly string[]): OciSyscallRule[] {
  return GUARDED.map(({ names, capabilities }) => {
    const list = names.split(' ');
    return capabilities.some((capability) => held.includes(capability))
      ? { names: list, action: ALLOW }
      : refuse(list);
  });
}

/** Sockets of every kind but that of the audit system, whose kernel side does not know containers. */
function socketRules(held: readonly string[]): OciSyscallRule[] {
  if (held.includes('CAP_AUDIT_WRITE')) return [allow('socket')];
  const isAudit = [equal(0, AF_NETLINK), equal(2, NETLINK_AUDIT)];
  return [
    { names: ['socket'], action: REFUSE, errnoRet: EINVAL, args: isAudit },
    allow('socket', [{ index: 0, value: AF_NETLINK, op: 'SCMP_CMP_NE' }]),
    allow('socket', [{ index: 2, value: NETLINK_AUDIT, op: 'SCMP_CMP_NE' }]),
  ];
}

function allow(name: string, args?: OciSyscallArgument[]): OciSyscallRule {
  return { names: [name], action: ALLOW, ...(args !== undefined && { args }) };
}

function refuse(names: string[]): OciSyscallRule {
  return { names, action: REFUSE, errnoRet: EPERM };
}

function equal(index: number, value: number): OciSyscallArgument {
  return { index, value, op: 'SCMP_CMP_EQ' };
}
