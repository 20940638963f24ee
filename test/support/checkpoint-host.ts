import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CriuProgram } from '../../engine/criu/features.ts';
import { findProgram } from '../../engine/host.ts';
import { createLinuxKernel } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { testUnless } from './skip.ts';
import { logText } from './test-engine.ts';
import type { TestEngine } from './test-engine.ts';
import { until } from './until.ts';

/** What this host lacks for checkpoints, in words; null when it has all. */
export async function missingForCheckpoints(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    const program = new CriuProgram(createLinuxKernel(), criuProgram(), '/tmp/tsctr-no-such-cache');
    await program.requireMinimum();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The same for copies of memory while a container runs. */
export function missingForPreDumps(): Promise<string | null> {
  return missingFeature('mem_track');
}

/** The same for memory that comes after the restore. */
export async function missingForLazyPages(): Promise<string | null> {
  return (await missingForCheckpoints()) ?? missingFeature('lazy_pages');
}

function missingFeature(feature: 'mem_track' | 'lazy_pages'): Promise<string | null> {
  const program = new CriuProgram(createLinuxKernel(), criuProgram(), '/tmp/tsctr-no-such-cache');
  return program.requireFeatures([feature]).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** From here on the kernel refuses what CRIU before 4.2 asks of every internet socket. */
const SOCKETS_NEED = { kernel: [6, 17], criu: { major: 4, minor: 2, sublevel: 0 } } as const;

/** The same for containers with internet sockets. */
export async function missingForSockets(): Promise<string | null> {
  const missing = await missingForCheckpoints();
  if (missing !== null) return missing;
  const [major = 0, minor = 0] = os.release().split('.').map(Number);
  const [needed, neededMinor] = SOCKETS_NEED.kernel;
  if (major < needed || (major === needed && minor < neededMinor)) return null;
  const criu = new CriuProgram(createLinuxKernel(), criuProgram(), '/tmp/tsctr-no-such-cache');
  return criu.requireMinimum(SOCKETS_NEED.criu).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** A test of checkpoints, left out where the host cannot make them. */
export const onCheckpointHost = testUnless(test, await missingForCheckpoints());

/** A script that says `ready` and then counts in memory, fifty numbers a second. */
export const COUNT = 'echo ready; i=0; while :; do i=$((i+1)); echo n=$i; sleep 0.02; done';

/** Waits until a container that runs `COUNT` has counted on. No number may be missing or come twice: it never began anew. */
export async function countsOn(engine: TestEngine, request: ContainerRequest): Promise<void> {
  const numbers = () => numbersIn(currentLog(engine, request).replaceAll('\r', ''), 'n=');
  const last = numbers().at(-1) ?? 0;
  await until(() => (numbers().at(-1) ?? 0) > last + 3, { what: `${request.name} counts on` });
  const counted = numbers();
  assert.equal(
    counted,
    counted.map((_, index) => index + 1),
  );
}

function criuProgram(): string | null {
  return findProgram('criu', ['/opt/tsctr/criu/bin/criu']);
}

/** Creates and starts it, and waits until its log has the word `ready`. Returns its pid. */
export async function startReady(engine: TestEngine, request: ContainerRequest): Promise<number> {
  await engine.containers.create(request);
  const { pid } = await engine.containers.start(request);
  await until(() => currentLog(engine, request).includes('ready'), { what: `${request.name} is ready` });
  return pid;
}

/** What the container has written so far, without times. */
export function currentLog(engine: TestEngine, request: ContainerRequest): string {
  const { current } = engine.containers.logPaths(request);
  return existsSync(current) ? logText(readFileSync(current, 'utf8')) : '';
}

/** Runs a shell script inside and returns what it says; an exit code that is not 0 is an error. */
export async function inside(engine: TestEngine, request: ContainerRequest, script: string): Promise<string> {
  const result = await engine.containers.exec(request, {
    command: ['/bin/sh', '-c', script],
    timeoutMs: 30_000,
  });
  if (result.exitCode !== 0) throw new Error(`${script}: exit code ${result.exitCode}: ${result.output}`);
  return result.output;
}

/** Stops it by a checkpoint and takes it off the host, as the machine does. */
export async function checkpointAndStop(engine: TestEngine, request: ContainerRequest) {
  const result = await engine.containers.checkpoint(request, { then: 'stop' });
  await engine.containers.cleanup(request);
  return result;
}

/** The numbers behind a prefix, one a line. */
export function numbersIn(log: string, prefix: string): number[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => Number(line.slice(prefix.length)));
}
