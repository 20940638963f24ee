import type { ManifestProblem } from '../../schemas/index.ts';
import type { TraceEvent } from './trace-event.ts';

export interface DataName {
  kind: 'ConfigMap' | 'Secret';
  name: string;
}

export interface ResourceName {
  kind: 'Container' | 'Pod';
  name: string;
}

/** One line of progress, as in `container/web  running  pid 4242 after 61 ms`. */
export interface ApplyEvent {
  resource: ResourceName;
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
    | 'restored';
  detail: string;
}

export interface ApplySummary {
  changed: number;
  unchanged: number;
  failed: number;
  /** True when `waitMs` passed before everything was as wished. */
  timedOut: boolean;
  /** Set when manifests were refused; nothing was changed then. */
  problems: ManifestProblem[];
  /** Config maps and secrets that are new, have changed or were removed. */
  data?: { kind: DataName['kind']; name: string; change: 'new' | 'changed' | 'unchanged' | 'removed' }[];
  /** Set when it was asked for. */
  trace?: TraceEvent[];
}
