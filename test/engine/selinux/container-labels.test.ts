import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseLabel } from '../../../engine/selinux/choose-label.ts';
import {
  categoriesOf,
  containerLabels,
  parseLabelDefaults,
} from '../../../engine/selinux/container-labels.ts';
import type { LabelRequest } from '../../../engine/selinux/container-labels.ts';
import { assertRefused } from '../../support/throws.ts';

/** As the policies of Fedora and RHEL have it. */
const LXC_CONTEXTS = `process = "system_u:system_r:container_t:s0"
content = "system_u:object_r:virt_var_lib_t:s0"
file = "system_u:object_r:container_file_t:s0"
ro_file="system_u:object_r:container_ro_file_t:s0"
sandbox_kvm_process = "system_u:system_r:svirt_qemu_net_t:s0"
# nothing = "x:y:z:s0"
init_process = "system_u:system_r:container_init_t:s0"
kvm_process = "system_u:system_r:container_kvm_t:s0"
`;

function labels(request: Partial<LabelRequest> = {}) {
  const defaults = parseLabelDefaults(LXC_CONTEXTS);
  if (defaults === null) throw new Error('expected labels');
  return containerLabels(defaults, { seed: 'web', options: {}, isApart: true, runs: 'program', ...request });
}

test('[spec.selinux] process and files have the types of the policy, with one pair of categories', () => {
  const { processLabel, mountLabel, sharedLabel } = labels();
  const pair = categoriesOf('web');
  assert.match(pair, /^c\d{1,4},c\d{1,4}$/);
  assert.is(processLabel, `system_u:system_r:container_t:s0:${pair}`);
  assert.is(mountLabel, `system_u:object_r:container_file_t:s0:${pair}`);
  assert.is(sharedLabel, 'system_u:object_r:container_file_t:s0');
});

test('[spec.selinux] a container made anew has its categories again, another one others', () => {
  assert.equal(labels(), labels());
  assert.is.not(labels().mountLabel, labels({ seed: 'db' }).mountLabel);
  const pairs = new Set<string>();
  for (let i = 0; i < 2000; i += 1) {
    const [low = 0, high = 0] =
      categoriesOf(`container ${String(i)}`)
        .match(/\d+/g)
        ?.map(Number) ?? [];
    assert.ok(low < high && high < 1022, `c${String(low)},c${String(high)}`);
    pairs.add(`${String(low)},${String(high)}`);
  }
  assert.ok(pairs.size > 1980, `${String(pairs.size)} different pairs`);
});

test('[spec.selinux] parts that the manifest gives count: type for the process, level for its files as well', () => {
  const { processLabel, mountLabel } = labels({
    options: { type: 'spc_t', level: 's0:c5,c6', user: 'u', role: 'r' },
  });
  assert.is(processLabel, 'u:r:spc_t:s0:c5,c6');
  assert.is(mountLabel, 'system_u:object_r:container_file_t:s0:c5,c6');
});

test('[spec.selinux] an init and a virtual machine have types of their own, where the policy has them', () => {
  assert.match(labels({ runs: 'init' }).processLabel ?? '', ':container_init_t:');
  assert.match(labels({ runs: 'machine' }).processLabel ?? '', ':container_kvm_t:');
  const old = parseLabelDefaults('process = "a:b:c:s0"\nfile = "a:b:f:s0"');
  if (old === null) throw new Error('expected labels');
  const request = { seed: 'web', options: {}, isApart: true, runs: 'init' } as const;
  assert.match(containerLabels(old, request).processLabel ?? '', /^a:b:c:s0:/);
});

test('[spec.selinux] a privileged container, or one among the processes of the host, is not confined', () => {
  const { processLabel, mountLabel } = labels({ isApart: false });
  assert.is(processLabel, null);
  assert.is(mountLabel, 'system_u:object_r:container_file_t:s0:c1022,c1023');
});

test('[spec.selinux] a policy without levels gives labels without; one that knows no containers none', () => {
  const plain = parseLabelDefaults('process = "u:r:t"\nfile = "u:o:f"');
  if (plain === null) throw new Error('expected labels');
  const request = { seed: 'web', options: {}, isApart: true, runs: 'program' } as const;
  assert.equal(containerLabels(plain, request), {
    processLabel: 'u:r:t',
    mountLabel: 'u:o:f',
    sharedLabel: 'u:o:f',
  });
  assert.is(parseLabelDefaults(''), null);
  assert.is(parseLabelDefaults('process = "u:r:t"'), null);
});

test("[spec.selinux] what tsctr makes is labelled, what is the host's only when asked, and an image never", () => {
  const given = labels();
  const choose = (
    kind: 'own' | 'named' | 'host' | 'image',
    relabel?: 'Shared' | 'Private',
    path = '/srv/data',
  ) => chooseLabel({ path, kind, relabel }, given);
  assert.is(choose('own'), given.mountLabel);
  assert.is(choose('named'), given.sharedLabel);
  assert.is(choose('named', 'Private'), given.mountLabel);
  assert.is(choose('host'), null);
  assert.is(choose('image'), null);
  assert.is(choose('host', 'Shared'), given.sharedLabel);
  assert.is(choose('host', 'Private'), given.mountLabel);
});

test('[spec.selinux] directories that the host needs are not relabelled, however they are written', () => {
  for (const path of ['/', '/usr', '/etc/', '/var/../usr', '/home', '//root', '/var/log/']) {
    assertRefused(
      () => chooseLabel({ path, kind: 'host', relabel: 'Private' }, labels()),
      'BAD_REQUEST',
      'the host needs this directory',
    );
  }
});

test.run();
