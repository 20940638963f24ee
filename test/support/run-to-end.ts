import { readFileSync } from 'node:fs';
import type { ContainerRequest } from '../../schemas/index.ts';
import { logText } from './test-engine.ts';
import type { TestEngine } from './test-engine.ts';

/** Runs it to its end and returns what it wrote, both streams. */
export async function outputOf({ containers }: TestEngine, request: ContainerRequest): Promise<string> {
  await containers.create(request);
  await containers.start(request);
  await containers.waitExit(request);
  return logText(readFileSync(containers.logPaths(request).current, 'utf8'));
}

/** The same, line by line. */
export async function linesOf(engine: TestEngine, request: ContainerRequest): Promise<string[]> {
  return (await outputOf(engine, request)).split('\n').filter((line) => line !== '');
}

/** What is mounted from the host at `mountPath`: fields of a spec. */
export function hostMount(source: string, mountPath: string): object {
  return {
    volumes: [{ name: 'mine', hostPath: { path: source } }],
    volumeMounts: [{ name: 'mine', mountPath }],
  };
}
