import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

const NODE = {
  path: '/dev/fuse',
  type: 'c',
  major: 10,
  minor: 229,
  fileMode: 0o666,
  permissions: 'rw',
} as const;

test('[spec.privileged] no masks, no seccomp, every device, sysfs and cgroups writable', () => {
  const { linux, mounts, annotations } = validSpec({
    spec: { securityContext: { privileged: true } },
    input: { deviceNodes: [NODE] },
  });
  assert.equal([linux.maskedPaths, linux.readonlyPaths, linux.seccomp], [undefined, undefined, undefined]);
  assert.equal(linux.resources.devices, [{ allow: true, access: 'rwm' }]);
  assert.equal(
    linux.devices?.map(({ path }) => path),
    ['/dev/fuse'],
  );
  for (const path of ['/sys', '/sys/fs/cgroup']) {
    assert.ok(mounts.find(({ destination }) => destination === path)?.options.includes('rw'), path);
  }
  assert.is(annotations['dev.tsctr.privileged'], 'true');
});

test('[spec.devices] a device gets its node and a rule with its permissions, after the rule that denies all', () => {
  const { linux } = validSpec({ input: { deviceNodes: [NODE] } });
  assert.equal(linux.devices, [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o666 }]);
  assert.equal(linux.resources.devices, [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
  ]);
});

test('[spec.security] paths are masked and write-protected, and can be added and taken away', () => {
  const { maskedPaths, readonlyPaths } = validSpec().linux;
  assert.ok(maskedPaths?.includes('/proc/kcore') && readonlyPaths?.includes('/proc/sys'));
  const changed = validSpec({ spec: { mask: ['/own'], unmask: ['/proc/s*', '/proc/kcore'] } }).linux;
  assert.ok(changed.maskedPaths?.includes('/own') && changed.maskedPaths.includes('/proc/acpi'));
  for (const path of ['/proc/kcore', '/proc/scsi', '/proc/sched_debug']) {
    assert.not(changed.maskedPaths?.includes(path), path);
  }
  assert.equal(changed.readonlyPaths, ['/proc/asound', '/proc/bus', '/proc/fs', '/proc/irq']);
});

test('[spec.security] unmask ALL and procMount Unmasked open everything', () => {
  for (const spec of [{ unmask: ['ALL'] }, { securityContext: { procMount: 'Unmasked' } }]) {
    const { maskedPaths, readonlyPaths } = validSpec({ spec }).linux;
    assert.equal([maskedPaths, readonlyPaths], [undefined, undefined]);
  }
});

function profileOf(appArmorProfile: object | undefined, specCase: SpecCase = {}): string | undefined {
  const securityContext = appArmorProfile === undefined ? {} : { appArmorProfile };
  return validSpec({ ...specCase, spec: { securityContext } }).process.apparmorProfile;
}

test('[spec.apparmor] the default profile, another one, or none, on a host with AppArmor', () => {
  const onHost = { host: { appArmor: true }, input: { defaultAppArmorProfile: 'tsctr-default' } };
  assert.is(profileOf(undefined, onHost), 'tsctr-default');
  assert.is(profileOf({ type: 'RuntimeDefault' }, onHost), 'tsctr-default');
  assert.is(profileOf({ type: 'Localhost', localhostProfile: 'own' }, onHost), 'own');
  assert.is(profileOf({ type: 'Unconfined' }, onHost), 'unconfined');
  assert.is(profileOf(undefined), undefined);
});

test('[spec.apparmor] a profile on a host without AppArmor is an error that names it', () => {
  const run = (): unknown => profileOf({ type: 'Localhost', localhostProfile: 'own' });
  assertRefused(run, 'HOST_UNSUITABLE', '`own`');
  assertRefused(() => profileOf({ type: 'Localhost' }), 'BAD_REQUEST', 'localhostProfile');
});

test('[spec.selinux] the labels of process and mounts are passed on; an unconfined process has none', () => {
  const seLinux = { processLabel: 'system_u:system_r:container_t:s0:c1,c2', mountLabel: 'o:object_r:t:s0' };
  const { process, linux } = validSpec({ input: { seLinux } });
  assert.equal([process.selinuxLabel, linux.mountLabel], [seLinux.processLabel, seLinux.mountLabel]);
  const unconfined = validSpec({ input: { seLinux: { ...seLinux, processLabel: null } } });
  assert.is(unconfined.process.selinuxLabel, undefined);
  assert.is(unconfined.linux.mountLabel, seLinux.mountLabel);
});

test('[spec.rlimits-sysctls] limits over the defaults, unlimited as the highest number, by any spelling', () => {
  const { rlimits } = validSpec({
    spec: {
      ulimits: [
        { name: 'core', soft: 0, hard: -1 },
        { name: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
      ],
    },
  }).process;
  assert.equal(rlimits, [
    { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
    { type: 'RLIMIT_NPROC', soft: 96_365, hard: 96_365 },
    { type: 'RLIMIT_CORE', soft: 0, hard: 2n ** 64n - 1n },
  ]);
});

test('[spec.rlimits-sysctls] an unknown limit and a soft limit above the hard one are refused', () => {
  const withLimit = (limit: object): unknown => buildSpec(specInput({ spec: { ulimits: [limit] } }));
  assertRefused(() => withLimit({ name: 'files', soft: 1, hard: 1 }), 'BAD_REQUEST', '`files`', 'nofile');
  assertRefused(() => withLimit({ name: 'core', soft: 2, hard: 1 }), 'BAD_REQUEST', 'core');
  assertRefused(() => withLimit({ name: 'core', soft: -1, hard: 1 }), 'BAD_REQUEST', 'unlimited');
});

function sysctlsOf(sysctls: Record<string, string>, spec: object = {}): Record<string, string> | undefined {
  return validSpec({ spec: { ...spec, sysctls } }).linux.sysctl;
}

test('[spec.rlimits-sysctls] namespaced sysctls only, and only with that namespace', () => {
  assert.equal(sysctlsOf({ 'net.core.somaxconn': '1024', 'kernel/shmmax': '9' }), {
    'net.ipv4.ping_group_range': '0 0',
    'net.core.somaxconn': '1024',
    'kernel.shmmax': '9',
  });
  assertRefused(() => sysctlsOf({ 'kernel.panic': '1' }), 'BAD_REQUEST', 'kernel.panic', 'whole host');
  const onHost = (): unknown => sysctlsOf({ 'net.core.somaxconn': '1' }, { hostNetwork: true });
  assertRefused(onHost, 'BAD_REQUEST', 'shares with the host');
  assertRefused(() => sysctlsOf({ 'kernel.sem': '1' }, { hostIPC: true }), 'BAD_REQUEST', 'ipc namespace');
});

test('[spec.rlimits-sysctls] ping for root comes with an own network, and can be set otherwise', () => {
  assert.equal(validSpec().linux.sysctl, { 'net.ipv4.ping_group_range': '0 0' });
  assert.is(validSpec({ spec: { hostNetwork: true } }).linux.sysctl, undefined);
  assert.equal(sysctlsOf({ 'net.ipv4.ping_group_range': '0 9' }), { 'net.ipv4.ping_group_range': '0 9' });
});

test.run();
