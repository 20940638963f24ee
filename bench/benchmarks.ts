import type { Benchmark } from './bench.ts';
import { startOne } from './rows/start-one.ts';

/** In the order of the table. */
export const BENCHMARKS: readonly Benchmark[] = [startOne];
