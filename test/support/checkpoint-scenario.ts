import { readFileSync } from 'node:fs';
import { importDemoImage } from './demo-image.ts';
import { createTestRoot } from './test-root.ts';
import type { TestRoot } from './test-root.ts';
import { until } from './until.ts';

/** A container that counts in memory, ten numbers a second, and says its pid at the start. */
const COUNT = `
read pid rest </proc/self/stat
echo start pid=$pid
n=0
while :; do n=$((n + 1)); echo n=$n; sleep 0.1; done
`;

/** `fields` are lines of the spec, as YAML. */
export function counterManifest(fields: readonly string[] = []): string {
  return `apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: counter }
spec:
  image: localhost/demo:1
  imagePullPolicy: IfNotPresent
  command: [sh, -c]
  args: [${JSON.stringify(COUNT)}]
  terminationGracePeriodSeconds: 0
${fields.map((line) => `  ${line}\n`).join('')}`;
}

/** An instance with the counter in it, and what a test asks of it. */
export interface CounterScene {
  testRoot: TestRoot;
  apply: (...fields: string[]) => Promise<string>;
  /** The row of `get`. */
  row: () => Promise<string>;
  /** The record, as it is on disk. */
  record: () => CounterRecord;
  log: () => Promise<string>;
  /** Waits until it has counted further than now. */
  untilCounting: () => Promise<void>;
}

export interface CounterRecord {
  state: string;
  intent: unknown;
  request: { id: string };
  pid: number | null;
  override: string | null;
  lastError: string | null;
  checkpoint: RecordedCheckpoint | null;
  olderCheckpoints: RecordedCheckpoint[];
}

export interface RecordedCheckpoint {
  id: number;
  createdAt: string;
  by: string;
  leftRunning: boolean;
  path: string;
}

/** Each test has an instance of its own, and leaves nothing. */
export async function withCounter(run: (scene: CounterScene) => Promise<void>): Promise<void> {
  const testRoot = await createTestRoot();
  // A terminal ends its lines so.
  const log = async (): Promise<string> =>
    (await testRoot.tsctr(['logs', 'counter'])).stdout.replaceAll('\r\n', '\n');
  try {
    await importDemoImage(testRoot);
    await run({
      testRoot,
      log,
      async apply(...fields) {
        const file = await testRoot.write('counter.yaml', counterManifest(fields));
        return testRoot.output(['apply', '-f', file, '--wait=20s']);
      },
      async row() {
        const lines = (await testRoot.output(['get'])).trim().split('\n');
        return lines.find((line) => line.includes('counter')) ?? '';
      },
      record: () =>
        JSON.parse(readFileSync(`${testRoot.root}/db/containers/counter.json`, 'utf8')) as CounterRecord,
      async untilCounting() {
        const last = numbersOf(await log()).at(-1) ?? 0;
        await until(async () => (numbersOf(await log()).at(-1) ?? 0) > last + 2, { what: 'it counts on' });
      },
    });
  } finally {
    await testRoot.remove();
  }
}

/** tsctr is killed there while it carries out the command; false when it never came by. */
export async function killAt(
  { testRoot }: CounterScene,
  fault: string,
  args: readonly string[],
): Promise<boolean> {
  const { exitCode } = await testRoot.tsctr(args, { env: { TSCTR_FAULT: fault } });
  return exitCode === null;
}

/** What it has counted, in the order of the log. */
export function numbersOf(log: string): number[] {
  return [...log.matchAll(/^n=(\d+)$/gm)].map(([, number]) => Number(number));
}

/** How often it began anew. */
export function startsOf(log: string): number {
  return [...log.matchAll(/^start pid=/gm)].length;
}

/** True when no number is missing, and none comes twice. */
export function isUnbroken(numbers: readonly number[]): boolean {
  return numbers.length > 0 && numbers.every((number, index) => number === index + 1);
}
