import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import type { OciResources } from '../../../schemas/index.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

function resourcesOf(specCase: SpecCase): OciResources {
  return validSpec(specCase).linux.resources;
}

function asked(resources: object): SpecCase {
  return { spec: { resources } };
}

const MIB = 2 ** 20;

test('[spec.resources] a memory limit allows as much swap again, and a request is a reservation', () => {
  const specCase = asked({ limits: { memory: '64Mi' }, requests: { memory: '32Mi' } });
  assert.equal(resourcesOf(specCase).memory, { limit: 64 * MIB, reservation: 32 * MIB, swap: 128 * MIB });
});

test('[spec.resources] without swap accounting no swap limit is set', () => {
  const limits = { nofileHard: 1, nprocHard: 1, swapLimit: false };
  const specCase = { ...asked({ limits: { memory: '64Mi' } }), input: { limits } };
  assert.equal(resourcesOf(specCase).memory, { limit: 64 * MIB });
});

const CPU_CASES = [
  { resources: { limits: { cpu: '500m' } }, cpu: { shares: 512, quota: 50_000, period: 100_000 } },
  { resources: { requests: { cpu: '250m' } }, cpu: { shares: 256 } },
  {
    resources: { requests: { cpu: '1' }, limits: { cpu: '2' } },
    cpu: { shares: 1024, quota: 200_000, period: 100_000 },
  },
  { resources: { limits: { cpu: '1m' } }, cpu: { shares: 2, quota: 1000, period: 100_000 } },
  { resources: { requests: { cpu: '0' } }, cpu: { shares: 2 } },
];

for (const { resources, cpu } of CPU_CASES) {
  test(`[spec.resources] cpu ${JSON.stringify(resources)} are ${JSON.stringify(cpu)}`, () => {
    assert.equal(resourcesOf(asked(resources)).cpu, cpu);
  });
}

test('[spec.resources] processes are limited by default where the host can count them', () => {
  assert.equal(resourcesOf({}).pids, { limit: 2048 });
  assert.equal(resourcesOf(asked({ limits: { pids: 50 } })).pids, { limit: 50 });
  assert.is(resourcesOf({ host: { controllers: ['cpu'] } }).pids, undefined);
});

test('[spec.resources] a limit whose controller the host lacks is refused by name', () => {
  const specCase = { ...asked({ limits: { memory: '64Mi' } }), host: { controllers: ['cpu', 'pids'] } };
  assertRefused(() => buildSpec(specInput(specCase)), 'HOST_UNSUITABLE', 'memory', 'cpu, pids');
});

test('[spec.resources] a request above its limit is refused', () => {
  const memory = specInput(asked({ limits: { memory: '1Mi' }, requests: { memory: '2Mi' } }));
  assertRefused(() => buildSpec(memory), 'BAD_REQUEST', 'requests.memory');
  const cpu = specInput(asked({ limits: { cpu: 1 }, requests: { cpu: 2 } }));
  assertRefused(() => buildSpec(cpu), 'BAD_REQUEST', 'requests.cpu');
});

test('[spec.resources] cpu and memory sets, block I/O weight, and files of cgroup v2', () => {
  const spec = { cpuset: { cpus: '0-1', mems: '0' }, blkioWeight: 200, oomScoreAdj: 300 };
  assert.equal(resourcesOf({ spec }).cpu, { cpus: '0-1', mems: '0' });
  assert.equal(resourcesOf({ spec }).blockIO, { weight: 200 });
  assert.is(validSpec({ spec }).process.oomScoreAdj, 300);
  const conf = { spec: { cgroupConf: { 'memory.high': '512M' } } };
  assert.equal(resourcesOf({ ...conf, host: { cgroups: 'v2' } }).unified, { 'memory.high': '512M' });
  assertRefused(() => buildSpec(specInput(conf)), 'HOST_UNSUITABLE', 'cgroup v2', 'v1');
});

test('[spec.resources] the protection of the daemon from being killed for memory is not handed on', () => {
  const scoreOf = (oomScoreAdj: number, spec = {}): number | undefined =>
    validSpec({ spec, input: { limits: { nofileHard: 1, nprocHard: 1, oomScoreAdj } } }).process.oomScoreAdj;
  assert.is(scoreOf(-500), 0);
  assert.is(scoreOf(-500, { oomScoreAdj: -900 }), -900);
  assert.is(scoreOf(0), undefined);
  // To take that back is not everybody's right.
  assert.is(scoreOf(200), undefined);
});

test.run();
