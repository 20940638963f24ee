/**
 * npm run fuzz -- [--seconds n] [--seed n] [--target name] [--from n] [--count n]
 *
 * Feeds what reads untrusted bytes with nearly good ones, 5 minutes by default. Each try has a seed of its own, made of the seed
 * of the run and its number; what fails prints the command that repeats exactly that try.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { unpackSample } from '../support/checkpoint-sample.ts';
import { archiveTarget } from './archive-target.ts';
import { imageTarget } from './image-target.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';
import { zstdTarget } from './zstd-target.ts';

/** No try takes longer on a busy host, unless it hangs. */
const TRY_TIMEOUT_MS = 30_000;
const MAX_GROWTH_BYTES = 512 << 20;
/** Spreads the numbers of tries over the seeds. */
const SEED_STEP = 0x9e3779b1;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    target: { type: 'string' },
    from: { type: 'string', default: '0' },
    count: { type: 'string' },
  },
});

const directory = mkdtempSync(path.join(process.env['TSCTR_TEST_DIR'] ?? tmpdir(), 'fuzz-'));
try {
  const sample = unpackSample(directory);
  const targets = [imageTarget(sample), archiveTarget(sample, directory), zstdTarget(directory)].filter(
    ({ name }) => options.target === undefined || options.target === name,
  );
  if (targets.length === 0) throw new Error(`there is no target ${String(options.target)}`);
  await fuzz(targets);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function fuzz(targets: readonly FuzzTarget[]): Promise<void> {
  const seed = Number(options.seed);
  const end = performance.now() + Number(options.seconds) * 1000;
  const last =
    options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.from) + Number(options.count);
  console.log(`seed ${String(seed)}, ${options.seconds} s`);
  let growthFrom: number | null = null;
  let tries = 0;
  for (let number = Number(options.from); number < last && performance.now() < end; number++) {
    for (const target of targets) {
      await tryOnce(target, seed, number);
      tries++;
    }
    // Code and caches have settled by then.
    if (tries === 200) growthFrom = process.memoryUsage().rss;
    const growth = process.memoryUsage().rss - (growthFrom ?? Number.POSITIVE_INFINITY);
    if (growth > MAX_GROWTH_BYTES) throw new Error(`memory has grown by ${String(growth >> 20)} MiB`);
  }
  console.log(`${String(tries)} tries, nothing found`);
}

async function tryOnce(target: FuzzTarget, seed: number, number: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no end after ${String(TRY_TIMEOUT_MS)} ms`));
    }, TRY_TIMEOUT_MS);
  });
  try {
    await Promise.race([target.run(new Random(seed + Math.imul(number, SEED_STEP))), timeout]);
  } catch (error) {
    const again = `npm run fuzz -- --target ${target.name} --seed ${String(seed)} --from ${String(number)} --count 1`;
    throw new Error(`${target.name}, try ${String(number)}; to repeat it: ${again}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
