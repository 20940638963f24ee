import { assign, fromPromise, setup } from 'xstate';
import type { ContainerState, ContainerVerb } from '../schemas/index.ts';
import type { Operation } from './operation.ts';

/**
 * When something may be done to one container. An actor lives for one operation: it looks at the host (`recovering`), rests in the
 * state that it found, takes the verb if that is legal there, and rests in what came of it. Capitalised states are those that a
 * record can hold; the others are an effect under way. What is legal where stands in schemas/record/container-state.ts, and a test
 * asserts that this machine agrees with it. Nothing is restored from a snapshot: records and the host are the only memory.
 */
const effect = fromPromise<ContainerState, EffectInput>(() =>
  Promise.reject(new Error('container machine: no effect was provided')),
);

/** What an effect is told. */
export interface EffectInput {
  container: string;
  operation: Operation | null;
}

interface Context extends EffectInput {
  state: ContainerState;
  error: unknown;
}

const base = setup({
  types: {
    context: {} as Context,
    input: {} as EffectInput,
    events: {} as { type: ContainerVerb },
    tags: {} as 'resting',
  },
  actors: {
    recover: effect,
    create: effect,
    start: effect,
    stop: effect,
    kill: effect,
    pause: effect,
    resume: effect,
    checkpoint: effect,
    restore: effect,
    export: effect,
    update: effect,
    exec: effect,
    cleanup: effect,
    remove: effect,
  },
  guards: {
    isNow: ({ context }, params: { state: ContainerState }) => context.state === params.state,
  },
});

const told = ({ context }: { context: Context }): EffectInput => ({
  container: context.container,
  operation: context.operation,
});

/** An effect under way: afterwards the machine rests in the state that the effect left behind. */
function during(verb: ContainerVerb | 'recover') {
  return base.createStateConfig({
    invoke: {
      src: verb,
      input: told,
      onDone: { target: 'settling', actions: assign({ state: ({ event }) => event.output }) },
      onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
    },
  });
}

/** What may be done where there is no process, nor anything that holds one. */
const WITHOUT_PROCESS = {
  create: 'creating',
  restore: 'restoring',
  export: 'exporting',
  cleanup: 'cleaningUp',
  remove: 'removing',
} as const;

export const containerMachine = base.createMachine({
  id: 'container',
  context: ({ input }) => ({ ...input, state: 'Unknown', error: null }),
  initial: 'recovering',
  states: {
    recovering: during('recover'),
    settling: {
      always: [
        { guard: { type: 'isNow', params: { state: 'Configured' } }, target: 'Configured' },
        { guard: { type: 'isNow', params: { state: 'Created' } }, target: 'Created' },
        { guard: { type: 'isNow', params: { state: 'Running' } }, target: 'Running' },
        { guard: { type: 'isNow', params: { state: 'Paused' } }, target: 'Paused' },
        { guard: { type: 'isNow', params: { state: 'Stopping' } }, target: 'Stopping' },
        { guard: { type: 'isNow', params: { state: 'Stopped' } }, target: 'Stopped' },
        { guard: { type: 'isNow', params: { state: 'Exited' } }, target: 'Exited' },
        { guard: { type: 'isNow', params: { state: 'Checkpointed' } }, target: 'Checkpointed' },
        { guard: { type: 'isNow', params: { state: 'Restored' } }, target: 'Restored' },
        { guard: { type: 'isNow', params: { state: 'Removing' } }, target: 'Removing' },
        { target: 'Unknown' },
      ],
    },

    Configured: {
      tags: ['resting'],
      on: WITHOUT_PROCESS,
    },
    Created: {
      tags: ['resting'],
      on: {
        start: 'starting',
        stop: 'stopping',
        update: 'updating',
        cleanup: 'cleaningUp',
        remove: 'removing',
      },
    },
    Running: {
      tags: ['resting'],
      on: {
        stop: 'stopping',
        kill: 'killing',
        pause: 'pausing',
        checkpoint: 'checkpointing',
        export: 'exporting',
        update: 'updating',
        exec: 'executing',
      },
    },
    Restored: {
      tags: ['resting'],
      on: {
        stop: 'stopping',
        kill: 'killing',
        pause: 'pausing',
        checkpoint: 'checkpointing',
        export: 'exporting',
        update: 'updating',
        exec: 'executing',
      },
    },
    Paused: {
      tags: ['resting'],
      on: {
        stop: 'stopping',
        kill: 'killing',
        resume: 'resuming',
        checkpoint: 'checkpointing',
        export: 'exporting',
        update: 'updating',
      },
    },
    /** A stop that a crash interrupted: it can only be gone on with. */
    Stopping: { tags: ['resting'], on: { stop: 'stopping', kill: 'killing' } },
    Stopped: { tags: ['resting'], on: { cleanup: 'cleaningUp', remove: 'removing' } },
    Exited: {
      tags: ['resting'],
      on: WITHOUT_PROCESS,
    },
    Checkpointed: {
      tags: ['resting'],
      on: WITHOUT_PROCESS,
    },
    /** A removal that a crash interrupted: it can only be gone on with. */
    Removing: { tags: ['resting'], on: { remove: 'removing' } },
    Unknown: {
      tags: ['resting'],
      on: { create: 'creating', stop: 'stopping', cleanup: 'cleaningUp', remove: 'removing' },
    },

    creating: during('create'),
    starting: during('start'),
    stopping: during('stop'),
    killing: during('kill'),
    pausing: during('pause'),
    resuming: during('resume'),
    checkpointing: during('checkpoint'),
    restoring: during('restore'),
    exporting: during('export'),
    updating: during('update'),
    executing: during('exec'),
    cleaningUp: during('cleanup'),
    removing: during('remove'),
    failed: { type: 'final' },
  },
});
