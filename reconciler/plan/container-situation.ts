import type { ContainerObservation } from '../../engine/index.ts';
import type { ContainerRecord, ContainerState, ResolvedImage } from '../../schemas/index.ts';
import type { CheckpointWish } from '../checkpoint/checkpoint-wish.ts';
import type { DeclaredWish } from '../checkpoint/declared-wish.ts';
import type { DesiredContainer } from './desired-container.ts';
import type { Outcome } from '../loop/outcome.ts';

/** Everything that a plan for one container rests on. Time and new ids are in it, so the same situation gives the same plan. */
export interface ContainerSituation {
  /** Agrees with the host: the machines have seen to that. */
  record: ContainerRecord;
  /** Null: it is to go. */
  desired: DesiredContainer | null;
  observation: ContainerObservation;
  /** What `desired.spec.image` was resolved to for a new instance; null: not asked yet. */
  image: ResolvedImage | null;
  /** What `spec.restore.from.image` was resolved to; null: not asked yet. */
  checkpointImage: ResolvedImage | null;
  /** Stop signal of the present instance's image, null when it names none. */
  imageStopSignal: string | null;
  /** What keeps it from being started: a dependency, its pod, an init container. Null: nothing. */
  gate: Outcome | null;
  /** `tsctr restart`. */
  restartAsked: boolean;
  /** `tsctr checkpoint`. */
  checkpointAsked: CheckpointWish | null;
  /** A manifest of kind Checkpoint whose turn it is. */
  declaredAsked: DeclaredWish | null;
  probeFailure: ProbeFailure | null;
  /** Overrides the grace period, in milliseconds, for this one time. */
  stopTimeoutMs: number | null;
  /** Milliseconds since 1970. */
  now: number;
  /** 64 hexadecimal digits for a new instance, should one be made. */
  newId: string;
}

export interface ProbeFailure {
  probe: 'liveness' | 'startup';
  message: string;
}

/** True while there is a process that works, or could when it is resumed. */
export function isAlive(state: ContainerState): boolean {
  return state === 'Running' || state === 'Restored' || state === 'Paused';
}

/** True while there may be a process that has to be stopped. */
export function mayHaveProcess(state: ContainerState): boolean {
  return isAlive(state) || state === 'Stopping' || state === 'Unknown';
}
