import { readFileSync } from 'node:fs';
import type { ContainerRequest } from '../../schemas/index.ts';
import { logText } from './test-engine.ts';
import type { TestEngine } from './test-engine.ts';

/** Runs a shell script in a container of its own to its end; what it printed, errors in their order with the rest. */
export async function outputOf(
  engine: TestEngine,
  script: string,
  spec: object = {},
  rest: Partial<ContainerRequest> = {},
): Promise<string> {
  return outputOfRequest(engine, engine.request(`exec 2>&1; ${script}`, spec, rest));
}

/** The same with a request that exists, perhaps for another time. */
export async function outputOfRequest(engine: TestEngine, request: ContainerRequest): Promise<string> {
  await engine.containers.create(request);
  await engine.containers.start(request);
  await engine.containers.waitExit(request);
  const text = logText(readFileSync(engine.containers.logPaths(request).current, 'utf8'));
  await engine.containers.cleanup(request);
  return text;
}

/** `spec.volumes` and `spec.volumeMounts` with one volume at /v. */
export function oneVolume(source: object, mount: object = {}): { volumes: object[]; volumeMounts: object[] } {
  return { volumes: [{ name: 'v', ...source }], volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] };
}

/** A named volume at /v. */
export function claim(claimName: string, mount: object = {}) {
  return oneVolume({ persistentVolumeClaim: { claimName } }, mount);
}
