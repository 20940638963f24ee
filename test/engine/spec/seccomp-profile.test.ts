import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSeccompProfile, type SeccompContext } from '../../../engine/spec/seccomp-profile.ts';
import { HostFileError } from '../../../schemas/index.ts';

const CONTEXT: SeccompContext = {
  architecture: 'x86_64',
  capabilities: ['CAP_SYS_CHROOT'],
  kernel: '6.12.3-amd64',
};

function namesOf(rules: object[], context: Partial<SeccompContext> = {}): string[] {
  const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules });
  const profile = parseSeccompProfile(text, 'p.json', { ...CONTEXT, ...context });
  return (profile.syscalls ?? []).flatMap(({ names }) => names);
}

const rule = (name: string, conditions: object): object => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  ...conditions,
});

test('[spec.security] rules for capabilities that the container lacks are left out, not allowed', () => {
  assert.equal(
    namesOf([
      rule('chroot', { includes: { caps: ['CAP_SYS_CHROOT'] } }),
      rule('bpf', { includes: { caps: ['CAP_SYS_ADMIN'] } }),
      rule('both', { includes: { caps: ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN'] } }),
      rule('not-chroot', { excludes: { caps: ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN'] } }),
      rule('not-admin', { excludes: { caps: ['CAP_SYS_ADMIN'] } }),
    ]),
    ['chroot', 'not-admin'],
  );
});

test('[spec.security] rules for other architectures and newer kernels are left out', () => {
  const rules = [
    rule('arch_prctl', { includes: { arches: ['amd64', 'x32'] } }),
    rule('cacheflush', { includes: { arches: ['arm64'] } }),
    rule('ptrace', { includes: { minKernel: '4.8' } }),
    rule('later', { includes: { minKernel: '7.0' } }),
    rule('not-s390', { excludes: { arches: ['s390x'] } }),
  ];
  assert.equal(namesOf(rules), ['arch_prctl', 'ptrace', 'not-s390']);
  assert.equal(namesOf(rules, { architecture: 's390x', kernel: '4.7.1' }), []);
});

test('[spec.security] the map of architectures is resolved, and error names give their numbers', () => {
  const text = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrno: 'ENOSYS',
    archMap: [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    ],
    syscalls: [{ name: 'one', action: 'SCMP_ACT_ERRNO', errno: 'EINVAL', comment: 'old form', args: [] }],
  });
  assert.equal(parseSeccompProfile(text, 'p.json', CONTEXT), {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [{ names: ['one'], action: 'SCMP_ACT_ERRNO', errnoRet: 22 }],
  });
});

test('[spec.seccomp-notify] a profile in the form of the OCI spec is taken as it is', () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64'],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    listenerPath: '/run/agent.sock',
    listenerMetadata: 'm',
    syscalls: [
      {
        names: ['mount'],
        action: 'SCMP_ACT_NOTIFY',
        args: [{ index: 0, value: 1, valueTwo: 2, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  };
  assert.equal(parseSeccompProfile(JSON.stringify(profile), 'p.json', CONTEXT), profile);
});

test('[spec.security] a file that is no profile is refused with its name and the field', () => {
  const refuse = (text: string, part: string): void => {
    try {
      parseSeccompProfile(text, '/etc/p.json', CONTEXT);
      assert.unreachable(text);
    } catch (error) {
      assert.instance(error, HostFileError);
      const { message } = error as HostFileError;
      assert.ok(message.startsWith('/etc/p.json: ') && message.includes(part), message);
    }
  };
  refuse('{"defaultAction": "ALLOW"}', 'defaultAction');
  refuse('{"defaultAction": "SCMP_ACT_ALLOW", "sycalls": []}', 'sycalls');
  refuse('{', 'JSON or YAML');
});

test.run();
