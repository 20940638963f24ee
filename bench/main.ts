/** `npm run bench [-- NAME…]`: measures, prints the table, and writes table, JSON and SVG to bench/results. */
import { inspect } from 'node:util';
import { withBench } from './bench.ts';
import type { Bench, Benchmark } from './bench.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { describeMachine, withLoadAfter } from './machine.ts';
import { writePage, writeResults } from './report/write-results.ts';
import type { Row, SkippedRow } from './row.ts';

async function main(names: readonly string[]): Promise<void> {
  const known = BENCHMARKS.flatMap((benchmark) => benchmark.names);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`bench ${unknown}: expected one of ${known.join(', ')}`);
  const wanted = BENCHMARKS.filter((b) => names.length === 0 || b.names.some((name) => names.includes(name)));
  await withBench(async (bench) => {
    const machine = describeMachine(bench);
    const rows: (Row | SkippedRow)[] = [];
    for (const benchmark of wanted) rows.push(...(await runBenchmark(benchmark, bench)));
    const isFull = names.length === 0;
    const table = await writeResults(rows, withLoadAfter(machine), isFull ? 'last' : 'partial');
    if (isFull) await writePage(table);
    process.stdout.write(table);
  });
}

/** One that fails must not cost the others; it stands in the table as not measured, and the exit code tells it. */
async function runBenchmark(benchmark: Benchmark, bench: Bench): Promise<(Row | SkippedRow)[]> {
  process.stderr.write(`${benchmark.names.join(', ')} … `);
  const startedMs = performance.now();
  try {
    return await benchmark.run(bench);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${inspect(error)}\n`);
    return benchmark.names.map((name) => ({ name, skipped: String(error).split('\n')[0] ?? '' }));
  } finally {
    process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);
  }
}

await main(process.argv.slice(2));
