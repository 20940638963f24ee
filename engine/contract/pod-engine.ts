import type { PodRecord } from '../../schemas/index.ts';
import type { EffectOptions } from './effects.ts';

export interface PodEngine {
  /** Pins the shared namespaces and makes the directories. */
  prepare(pod: PodRecord, options?: EffectOptions): Promise<void>;
  /** Unpins and removes them. */
  release(pod: PodRecord, options?: EffectOptions): Promise<void>;
}
