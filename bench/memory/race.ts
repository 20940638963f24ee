import type { Bench } from '../bench.ts';
import type { Hog } from './memory-hog.ts';
import type { SaveAndLoad, SplitTimes } from './split-times.ts';

/** What all contenders of a row have in common. */
export interface Race {
  bench: Bench;
  /** Path of CRIU. */
  criu: string;
  hog: Hog;
  times: SplitTimes;
}

/** How an engine saves the container and brings it back, and what goes away afterwards besides the container. */
export interface EngineCommands extends SaveAndLoad {
  after?: () => Promise<unknown>;
}
