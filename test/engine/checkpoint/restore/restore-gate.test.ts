import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  describeEnvironment,
  parseCpuInfo,
} from '../../../../engine/checkpoint/dump/describe-environment.ts';
import { checkRestore, refusals } from '../../../../engine/checkpoint/restore/restore-gate.ts';
import type { RestorePlace } from '../../../../engine/checkpoint/restore/restore-gate.ts';
import { checkpointEnvironment } from '../../../../schemas/index.ts';
import { containerRequest } from '../../../support/container-request.ts';
import { PLAIN_HOST, validSpec } from '../../../support/spec-input.ts';
import { environment } from '../../../support/checkpoint-environment.ts';

const IMAGE = `sha256:${'b'.repeat(64)}`;

function place(change: Partial<RestorePlace> = {}): RestorePlace {
  return {
    architecture: 'x86_64',
    kernel: '6.12.9',
    criu: '4.1.1',
    runtime: { name: 'runc', version: '1.1.15' },
    cgroups: 'v2',
    cpuFeatures: new Set(['fpu', 'sse2', 'avx2', 'avx512f']),
    imageId: IMAGE,
    mounts: new Map([['/data', 'directory']]),
    portsInUse: new Set(),
    addresses: null,
    ...change,
  };
}

function reasons(change: Partial<RestorePlace>, recorded = environment()): string[] {
  return refusals(checkRestore(recorded, place(change))).map(({ reason }) => reason);
}

test('the same place, or a newer one, is no reason to refuse', () => {
  assert.equal(checkRestore(environment(), place()), []);
  assert.equal(checkRestore(environment(), place({ kernel: '6.18.1-amd64', criu: '4.2' })), []);
  assert.equal(checkRestore(environment(), place({ kernel: '6.12.1' })), []);
});

test('each difference has its own reason', () => {
  assert.equal(reasons({ architecture: 'aarch64', cpuFeatures: new Set() }), ['architecture']);
  assert.equal(reasons({ cpuFeatures: new Set(['fpu', 'sse2']) }), ['cpu-features']);
  assert.equal(reasons({ kernel: '6.1.0-18-amd64' }), ['kernel-older']);
  assert.equal(reasons({ criu: '3.17' }), ['criu-older']);
  assert.equal(reasons({ criu: null }), []);
  assert.equal(reasons({ cgroups: 'v1' }), ['cgroup-version']);
  assert.equal(reasons({ mounts: new Map() }), ['mount-missing']);
  assert.equal(reasons({ mounts: new Map([['/data', 'missing' as const]]) }), ['mount-missing']);
  assert.equal(reasons({ mounts: new Map([['/data', 'file' as const]]) }), ['mount-kind']);
});

test('another runtime is told, and no reason to refuse', () => {
  const findings = checkRestore(environment(), place({ runtime: { name: 'crun', version: '1.21' } }));
  assert.equal(
    findings.map(({ reason, refuses }) => [reason, refuses]),
    [['runtime', false]],
  );
});

test('[restore.same-image] another image is refused unless it is allowed by name', () => {
  const findings = checkRestore(environment(), place({ imageId: `sha256:${'c'.repeat(64)}` }));
  assert.equal(
    refusals(findings).map(({ reason }) => reason),
    ['image'],
  );
  assert.match(findings[0]?.message ?? '', 'sha256:cccccccccccc, and was sha256:bbbbbbbbbbbb');
  assert.equal(refusals(findings, new Set(['image'])), []);
  assert.equal(reasons({ imageId: null }), ['image']);
  assert.equal(reasons({ imageId: null }, environment({ image: null })), []);
});

test('features that programs do not use are not compared', () => {
  const cpu = { vendor: 'x', model: 'Xeon', features: ['sse2', 'vmx', 'hypervisor', 'arch_perfmon', 'pti'] };
  assert.equal(reasons({ cpuFeatures: new Set(['sse2']) }, environment({ cpu })), []);
  const many = { ...cpu, features: Array.from({ length: 20 }, (_, index) => `avx${String(index)}`) };
  assert.match(checkRestore(environment({ cpu: many }), place())[0]?.message ?? '', '11 more');
});

test('a published port that others have is refused, on all addresses or on the same', () => {
  const port = (hostIP: string) =>
    environment({ ports: [{ hostIP, hostPort: 8080, containerPort: 80, protocol: 'TCP' }] });
  const used = (entry: string) => ({ portsInUse: new Set([entry]) });
  assert.equal(reasons(used('TCP 0.0.0.0:8080'), port('')), ['port-in-use']);
  assert.equal(reasons(used('TCP 127.0.0.1:8080'), port('')), ['port-in-use']);
  assert.equal(reasons(used('TCP 127.0.0.1:8080'), port('10.0.0.1')), []);
  assert.equal(reasons(used('UDP 0.0.0.0:8080'), port('')), []);
  assert.equal(reasons(used('TCP 0.0.0.0:18080'), port('')), []);
});

test('addresses of connections must be there again, where that is known before', () => {
  const recorded = environment({ addresses: ['10.88.0.9'] });
  assert.equal(reasons({}, recorded), []);
  assert.equal(reasons({ addresses: new Set(['10.88.0.9']) }, recorded), []);
  assert.equal(reasons({ addresses: new Set(['10.88.0.10']) }, recorded), ['address-missing']);
});

test('what is recorded of a host can be read back, and fits the host itself', () => {
  const cpu = parseCpuInfo(readFileSync('/proc/cpuinfo', 'utf8'));
  assert.ok(cpu.features.length > 0);
  const recorded = environment({ cpu });
  assert.equal(checkpointEnvironment.parse(JSON.parse(JSON.stringify(recorded))), recorded);
  assert.equal(reasons({ cpuFeatures: new Set(cpu.features) }, recorded), []);
});

test('the environment of a checkpoint names image, ports and mounts of the host', async () => {
  const request = containerRequest(
    {
      image: 'demo',
      ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }],
      volumeMounts: ['/data', '/file', '/link'].map((mountPath) => ({ name: 'v', mountPath })),
    },
    { image: { reference: 'localhost/demo:1', id: IMAGE } },
  );
  const spec = validSpec();
  spec.mounts = [
    { destination: '/data', type: 'bind', source: '/etc', options: ['rbind'] },
    { destination: '/file', type: 'bind', source: '/etc/passwd', options: [] },
    { destination: '/where/the/link/leads', type: 'bind', source: '/etc', options: ['rbind'] },
    { destination: '/run/secrets', type: 'bind', source: '/etc', options: ['rbind'] },
    { destination: '/proc', type: 'proc', source: 'proc', options: [] },
  ];
  const described = await describeEnvironment(request, spec, {
    facts: PLAIN_HOST,
    criu: '4.1.1',
    addresses: [],
  });
  assert.equal(checkpointEnvironment.parse(described), described);
  assert.equal(described.mounts, [
    { destination: '/data', kind: 'directory' },
    { destination: '/file', kind: 'file' },
    { destination: '/link', kind: 'other' },
  ]);
  assert.equal(described.ports, [{ hostIP: '', hostPort: 8080, containerPort: 80, protocol: 'TCP' }]);
  assert.is(described.image?.id, IMAGE);
});

test.run();
