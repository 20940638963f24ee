import type { CheckpointEnvironment } from '../../schemas/index.ts';

/** What a checkpoint recorded of a host; a test changes what it is about. */
export function environment(change: Partial<CheckpointEnvironment> = {}): CheckpointEnvironment {
  return {
    version: 1,
    container: { id: 'a'.repeat(64), name: 'web' },
    architecture: 'x86_64',
    kernel: '6.12.9',
    criu: '4.1.1',
    runtime: { name: 'runc', version: '1.1.15' },
    cgroups: 'v2',
    cpu: { vendor: 'GenuineIntel', model: 'Xeon', features: ['fpu', 'sse2', 'avx2'] },
    image: { reference: 'localhost/demo:1', id: `sha256:${'b'.repeat(64)}` },
    mounts: [{ destination: '/data', kind: 'directory' }],
    ports: [],
    addresses: [],
    ...change,
  };
}
