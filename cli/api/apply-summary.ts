import type { ManifestProblem } from '../../schemas/index.ts';
import type { TraceEvent } from './trace-event.ts';

/** What manifests declare beside what runs. */
export interface DataName {
  kind: 'ConfigMap' | 'Secret' | 'Volume' | 'PersistentVolumeClaim' | 'Checkpoint';
  name: string;
}

export interface ResourceName {
  kind: 'Container' | 'Pod';
  name: string;
}

/** A manifest of kind Checkpoint: nothing that runs, but it takes its time. */
export interface CheckpointObject {
  kind: 'Checkpoint';
  name: string;
}

/** One line of progress, as in `container/web  running  pid 4242 after 61 ms`. */
export interface ApplyEvent {
  resource: ResourceName | CheckpointObject;
  what:
    | 'created'
    | 'changed'
    | 'running'
    | 'ready'
    | 'completed'
    | 'stopped'
    | 'removed'
    | 'unchanged'
    | 'failed'
    | 'waiting'
    | 'progress'
    | 'paused'
    | 'resumed'
    | 'restarted'
    | 'checkpointed'
    | 'exported'
    | 'restored';
  detail: string;
  /** What stood in the way, by words that do not change: `image`, `foreign`, `volume-exists` … */
  reasons?: readonly { reason: string; message: string; fix: string }[];
}

export interface DataSummary extends DataName {
  change: 'new' | 'changed' | 'unchanged' | 'removed' | 'released';
  note?: string;
}

export interface ApplySummary {
  changed: number;
  unchanged: number;
  failed: number;
  /** True when `waitMs` passed before everything was as wished. */
  timedOut: boolean;
  /** Set when manifests were refused; nothing was changed then. */
  problems: ManifestProblem[];
  /** What became of config maps, secrets and volumes. */
  data?: DataSummary[];
  /** Set when it was asked for. */
  trace?: TraceEvent[];
}
