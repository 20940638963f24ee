import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { defaultSeccomp } from '../../../engine/spec/seccomp-default.ts';
import type { OciSeccomp } from '../../../schemas/index.ts';
import { specInput, validSpec } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

/** What a profile says about a system call when no argument matters: `ALLOW`, or the error number. */
function verdict(profile: OciSeccomp, syscall: string): string {
  const rule = profile.syscalls?.find(({ names }) => names.includes(syscall));
  if (rule === undefined) return `errno ${String(profile.defaultErrnoRet)}`;
  return rule.action === 'SCMP_ACT_ALLOW' ? 'ALLOW' : `errno ${String(rule.errnoRet)}`;
}

test('[spec.security] io_uring and what is not known yet answer ENOSYS, so that programs fall back', () => {
  const profile = defaultSeccomp('x86_64', []);
  for (const name of ['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'not_invented_yet']) {
    assert.is(verdict(profile, name), 'errno 38', name);
  }
});

const GUARDED = [
  { syscall: 'bpf', capability: 'CAP_BPF' },
  { syscall: 'sethostname', capability: 'CAP_SYS_ADMIN' },
  { syscall: 'init_module', capability: 'CAP_SYS_MODULE' },
  { syscall: 'settimeofday', capability: 'CAP_SYS_TIME' },
  { syscall: 'open_by_handle_at', capability: 'CAP_DAC_READ_SEARCH' },
  { syscall: 'kcmp', capability: 'CAP_SYS_PTRACE' },
];

for (const { syscall, capability } of GUARDED) {
  test(`[spec.security] ${syscall} is allowed with ${capability} and answers EPERM without`, () => {
    assert.is(verdict(defaultSeccomp('x86_64', []), syscall), 'errno 1');
    assert.is(verdict(defaultSeccomp('x86_64', [capability]), syscall), 'ALLOW');
  });
}

test('[spec.security] whatever the capabilities, calls of the whole host and of exploits answer EPERM', () => {
  const profile = defaultSeccomp('x86_64', ['CAP_SYS_ADMIN', 'CAP_SYS_BOOT']);
  for (const name of ['kexec_load', 'swapon', 'userfaultfd'])
    assert.is(verdict(profile, name), 'errno 1', name);
});

test('[spec.security] no system call has two rules of which one makes the other void', () => {
  const { syscalls = [] } = defaultSeccomp('x86_64', []);
  const unconditional = syscalls.filter(({ args }) => args === undefined).flatMap(({ names }) => names);
  assert.equal(
    unconditional.filter((name, index) => unconditional.indexOf(name) !== index),
    [],
  );
});

const ARCHITECTURES = [
  { names: ['x64', 'x86_64', 'amd64'], first: 'SCMP_ARCH_X86_64', own: 'arch_prctl' },
  { names: ['arm64', 'aarch64'], first: 'SCMP_ARCH_AARCH64', own: 'cacheflush' },
  { names: ['s390x'], first: 'SCMP_ARCH_S390X', own: 's390_pci_mmio_read' },
  { names: ['ppc64le'], first: 'SCMP_ARCH_PPC64LE', own: 'swapcontext' },
  { names: ['riscv64'], first: 'SCMP_ARCH_RISCV64', own: 'riscv_flush_icache' },
];

for (const { names, first, own } of ARCHITECTURES) {
  test(`[spec.security] the default profile fits ${names.join(' alias ')}`, () => {
    for (const name of names) {
      const profile = defaultSeccomp(name, []);
      assert.is(profile.architectures?.[0], first);
      assert.is(verdict(profile, own), 'ALLOW');
      assert.is(verdict(profile, 'read'), 'ALLOW');
      const others = ARCHITECTURES.filter((other) => other.first !== first);
      for (const other of others) assert.is(verdict(profile, other.own), 'errno 38', other.own);
    }
  });
}

test('[spec.security] seccomp: the default, unconfined, or a file', () => {
  const asked = (seccompProfile: object): Record<string, unknown> => ({
    securityContext: { seccompProfile },
  });
  assert.ok(validSpec().linux.seccomp);
  assert.ok(validSpec({ spec: asked({ type: 'RuntimeDefault' }) }).linux.seccomp);
  assert.is(validSpec({ spec: asked({ type: 'Unconfined' }) }).linux.seccomp, undefined);
  assert.is(validSpec({ host: { seccomp: false } }).linux.seccomp, undefined);
  const privileged = { privileged: true, ...asked({ type: 'RuntimeDefault' }) };
  assert.ok(validSpec({ spec: privileged }).linux.seccomp);
});

test('[spec.security] a Localhost profile that is not named, or cannot be applied, is refused', () => {
  const local = { type: 'Localhost', localhostProfile: 'own.json' };
  const spec = { securityContext: { seccompProfile: local } };
  const run = (host: object): unknown => buildSpec(specInput({ spec, host }));
  assertRefused(() => run({ seccomp: false }), 'HOST_UNSUITABLE', 'own.json');
  assertRefused(() => run({}), 'BAD_REQUEST', 'own.json');
  const nameless = { securityContext: { seccompProfile: { type: 'Localhost' } } };
  assertRefused(() => buildSpec(specInput({ spec: nameless })), 'BAD_REQUEST', 'localhostProfile');
});

test('[spec.seccomp-notify] listener path and metadata of a profile are passed through', () => {
  const localhostSeccomp: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    listenerPath: '/run/agent.sock',
    listenerMetadata: 'm',
    syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }],
  };
  const seccompProfile = { type: 'Localhost', localhostProfile: 'notify.json' };
  const { linux } = validSpec({ spec: { securityContext: { seccompProfile } }, input: { localhostSeccomp } });
  assert.equal(linux.seccomp, localhostSeccomp);
});

test.run();
