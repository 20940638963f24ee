import type { Benchmark } from './bench.ts';
import { archive } from './rows/archive.ts';
import { checkpoint } from './rows/checkpoint.ts';
import { crashRestart } from './rows/crash-restart.ts';
import { dropFile } from './rows/drop-file.ts';
import { imageUnpack } from './rows/image-unpack.ts';
import { pods } from './rows/pods.ts';
import { scale } from './rows/scale.ts';
import { startMany } from './rows/start-many.ts';
import { startOne } from './rows/start-one.ts';
import { version } from './rows/version.ts';

/** In the order of the table. */
export const BENCHMARKS: readonly Benchmark[] = [
  version,
  startOne,
  startMany,
  pods,
  crashRestart,
  dropFile,
  checkpoint,
  archive,
  imageUnpack,
  scale,
];
