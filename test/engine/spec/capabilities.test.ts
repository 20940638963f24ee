import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { parseCapabilityMask } from '../../../engine/spec/capabilities.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

const APP = { uid: 1000, gid: 1000, additionalGids: [], home: '/', name: 'app' };

function withCapabilities(capabilities: object, input: SpecCase['input'] = {}): SpecCase {
  return { spec: { securityContext: { capabilities } }, input };
}

function boundingOf(specCase: SpecCase): string[] {
  return validSpec(specCase).process.capabilities.bounding ?? [];
}

test('[spec.security] capabilities are added to and dropped from the default set, with or without CAP_', () => {
  const bounding = boundingOf(withCapabilities({ add: ['net_admin', 'CAP_SYS_PTRACE'], drop: ['CHOWN'] }));
  assert.ok(bounding.includes('CAP_NET_ADMIN') && bounding.includes('CAP_SYS_PTRACE'));
  assert.ok(!bounding.includes('CAP_CHOWN') && bounding.includes('CAP_KILL'));
});

test('[spec.security] drop ALL leaves what is added; add ALL takes what the host has, but for what is dropped', () => {
  assert.equal(boundingOf(withCapabilities({ drop: ['ALL'], add: ['KILL'] })), ['CAP_KILL']);
  const limits = { nofileHard: 1, nprocHard: 1, capabilities: ['CAP_KILL', 'CAP_CHOWN', 'CAP_NET_RAW'] };
  const all = boundingOf(withCapabilities({ add: ['ALL'], drop: ['NET_RAW'] }, { limits }));
  assert.ok(all.includes('CAP_CHOWN') && !all.includes('CAP_NET_RAW'));
});

test('[spec.security] root holds its set; another user only what was added by name, as ambient', () => {
  const root = validSpec().process.capabilities;
  assert.equal(root.effective, root.bounding);
  assert.equal(Object.keys(validSpec({ input: { user: APP } }).process.capabilities), ['bounding']);
  const added = validSpec(withCapabilities({ add: ['NET_ADMIN'] }, { user: APP })).process.capabilities;
  assert.equal(
    [added.effective, added.permitted, added.inheritable, added.ambient],
    Array.from({ length: 4 }, () => ['CAP_NET_ADMIN']),
  );
});

test('[spec.security] an unknown capability is refused by name', () => {
  const run = (): unknown => buildSpec(specInput(withCapabilities({ add: ['NET_ADMINS'] })));
  assertRefused(run, 'BAD_REQUEST', '`NET_ADMINS`');
});

test('[spec.security] allowPrivilegeEscalation: false sets no-new-privileges', () => {
  const spec = { securityContext: { allowPrivilegeEscalation: false } };
  assert.is(validSpec({ spec }).process.noNewPrivileges, true);
  assert.is(validSpec().process.noNewPrivileges, undefined);
});

test('[spec.privileged] has all capabilities that this process can give, and no more', () => {
  const capabilities = parseCapabilityMask('000001fffeffffff');
  assert.is(capabilities.length, 40);
  assert.not(capabilities.includes('CAP_SYS_RESOURCE'));
  const limits = { nofileHard: 1, nprocHard: 1, capabilities };
  const bounding = boundingOf({ spec: { privileged: true }, input: { limits } });
  assert.equal(bounding, [...capabilities].sort());
});

test.run();
