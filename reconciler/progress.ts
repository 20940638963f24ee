import type { ResourceName } from './resource-key.ts';

/** One line of what is going on, for whoever asked for it: `container/web  running  pid 4242 after 61 ms`. */
export interface Progress {
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
    | 'exported'
    | 'restored';
  detail: string;
  /** What stood in the way, by words that do not change. */
  reasons?: readonly FailureReason[];
}

export interface FailureReason {
  reason: string;
  message: string;
  fix: string;
}
