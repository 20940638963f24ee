import type { ContainerRequest, PodRecord } from '../../schemas/index.ts';
import type { TestEngine } from './test-engine.ts';

/** A pod whose members share network, IPC and host name. */
export interface TestPod {
  id: string;
  /** What makes a request one for a member of it. */
  member: (name: string) => Partial<ContainerRequest>;
}

/** Prepares the pod `duo`, whose members `body` makes and removes, and releases it. */
export async function withPod(engine: TestEngine, body: (pod: TestPod) => Promise<void>): Promise<void> {
  const id = 'b'.repeat(64);
  const record = {
    id,
    name: 'duo',
    manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'duo' }, spec: { containers: [] } },
  } as unknown as PodRecord;
  await engine.pods.prepare(record);
  try {
    await body({
      id,
      member: (name) => ({
        pod: { name: 'duo', id, member: name, init: false, shared: ['net', 'ipc', 'uts'] },
      }),
    });
  } finally {
    await engine.pods.release(record);
  }
}
