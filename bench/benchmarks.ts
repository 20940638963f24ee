import type { Benchmark } from './bench.ts';
import { scale } from './rows/scale.ts';
import { imageUnpack } from './rows/image-unpack.ts';
import { startMany } from './rows/start-many.ts';
import { startOne } from './rows/start-one.ts';

/** In the order of the table. */
export const BENCHMARKS: readonly Benchmark[] = [startOne, startMany, imageUnpack, scale];
