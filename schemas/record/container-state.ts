/**
 * The states of a container, and which verb may start from which: the only place where that stands. The container machine
 * follows it, and a test asserts that the two agree.
 */

/** `Stopped`: the process is gone, but runtime, mounts and network are still held. `Exited`: they are released. */
export const CONTAINER_STATES = [
  'Configured',
  'Created',
  'Running',
  'Paused',
  'Stopping',
  'Stopped',
  'Exited',
  'Checkpointed',
  'Restored',
  'Removing',
  'Unknown',
] as const;
export type ContainerState = (typeof CONTAINER_STATES)[number];

/** What can be done to one container. */
export type ContainerVerb =
  | 'create'
  | 'start'
  | 'stop'
  | 'kill'
  | 'pause'
  | 'resume'
  | 'checkpoint'
  | 'restore'
  | 'export'
  | 'update'
  | 'exec'
  | 'cleanup'
  | 'remove';

/** The states from which each verb is legal. `Restored` counts as running everywhere. */
export const LEGAL_STATES: Readonly<Record<ContainerVerb, readonly ContainerState[]>> = {
  create: ['Configured', 'Exited', 'Checkpointed', 'Unknown'],
  start: ['Created'],
  stop: ['Created', 'Running', 'Restored', 'Paused', 'Stopping', 'Unknown'],
  kill: ['Running', 'Restored', 'Paused', 'Stopping'],
  pause: ['Running', 'Restored'],
  resume: ['Paused'],
  checkpoint: ['Running', 'Restored', 'Paused'],
  restore: ['Configured', 'Exited', 'Checkpointed'],
  export: ['Configured', 'Running', 'Restored', 'Paused', 'Exited', 'Checkpointed'],
  update: ['Created', 'Running', 'Restored', 'Paused'],
  exec: ['Running', 'Restored'],
  cleanup: ['Configured', 'Created', 'Stopped', 'Exited', 'Checkpointed', 'Unknown'],
  remove: ['Configured', 'Created', 'Stopped', 'Exited', 'Checkpointed', 'Removing', 'Unknown'],
};

/** True when `verb` may start from `state`. */
export function isLegal(verb: ContainerVerb, state: ContainerState): boolean {
  return LEGAL_STATES[verb].includes(state);
}

/** A verb was asked for in a state that does not allow it; nothing was changed. */
export class IllegalStateError extends Error {
  override readonly name = 'IllegalStateError';
  readonly code = 'ILLEGAL_STATE';
  readonly verb: ContainerVerb;
  readonly container: string;
  readonly state: ContainerState;

  constructor(verb: ContainerVerb, container: string, state: ContainerState) {
    const would = LEGAL_STATES[verb].join(', ');
    super(`${verb} container/${container}: it is ${state}; ${verb} needs it to be one of ${would}`);
    this.verb = verb;
    this.container = container;
    this.state = state;
  }
}
