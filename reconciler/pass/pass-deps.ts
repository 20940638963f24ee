import type { Engine } from '../../engine/index.ts';
import type { ResolvedImage } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import type { CheckpointWish } from '../checkpoint/checkpoint-wish.ts';
import type { ProbeFailure } from '../plan/container-situation.ts';
import type { CheckpointNews } from '../checkpoint/plan-checkpoint.ts';
import type { Progress } from '../progress.ts';
import type { ResourceName } from '../resource-key.ts';
import type { RecordEditor } from './record-editor.ts';
import type { StepRunner } from './step-runner.ts';

/** What the passes work with. */
export interface PassDeps {
  engine: Pick<Engine, 'images' | 'data' | 'containers'>;
  records: RecordEditor;
  runner: StepRunner;
  clock: Clock;
  /** 64 hexadecimal digits, never the same twice. */
  newId: () => string;
  report: (progress: Progress) => void;
  /** Has a resource looked at soon. */
  wake: (resource: ResourceName) => void;
  wishes: PassingWishes;
}

/**
 * What was asked for once, and is forgotten when it is done or when tsctr ends: by name of the container. What must outlive that
 * stands in records.
 */
export interface PassingWishes {
  restarts: Set<string>;
  checkpoints: Map<string, CheckpointWish>;
  probeFailures: Map<string, ProbeFailure>;
  stopTimeoutsMs: Map<string, number>;
  images: Map<string, ResolvedImage>;
  checkpointImages: Map<string, ResolvedImage>;
  declared: DeclaredTurns;
}

/** What the passes of containers and of manifests of kind Checkpoint tell each other, by id of the latter's record. */
export interface DeclaredTurns {
  /** Whose turn it is with the container's pass, and for which generation. */
  handedOver: Map<string, number>;
  /** Those that a container's pass is at. */
  underWay: Set<string>;
  /** How it went; the checkpoint itself stands in the record of the container. */
  news: Map<string, CheckpointNews>;
}

export function noWishes(): PassingWishes {
  return {
    restarts: new Set(),
    checkpoints: new Map(),
    probeFailures: new Map(),
    stopTimeoutsMs: new Map(),
    images: new Map(),
    checkpointImages: new Map(),
    declared: { handedOver: new Map(), underWay: new Set(), news: new Map() },
  };
}
