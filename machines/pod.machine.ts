import { assign, fromPromise, setup } from 'xstate';

/**
 * When the shared namespaces of a pod may be made or let go. As with containers, an actor lives for one operation and begins by
 * reading what is so. Which member runs when is not its business: the planner's gate (reconciler/pass/start-gate.ts) says that from
 * records, so that the order survives a restart of tsctr at any point.
 */
const effect = fromPromise<boolean, { pod: string }>(() =>
  Promise.reject(new Error('pod machine: no effect was provided')),
);

export const podMachine = setup({
  types: {
    context: {} as { pod: string; prepared: boolean; error: unknown },
    input: {} as { pod: string },
    events: {} as { type: 'prepare' | 'release' },
    tags: {} as 'resting',
  },
  actors: { recover: effect, prepare: effect, release: effect },
  guards: { isPrepared: ({ context }) => context.prepared },
}).createMachine({
  id: 'pod',
  context: ({ input }) => ({ pod: input.pod, prepared: false, error: null }),
  initial: 'recovering',
  states: {
    recovering: {
      invoke: {
        src: 'recover',
        input: ({ context }) => ({ pod: context.pod }),
        onDone: { target: 'settling', actions: assign({ prepared: ({ event }) => event.output }) },
        onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
      },
    },
    settling: { always: [{ guard: 'isPrepared', target: 'prepared' }, { target: 'unprepared' }] },
    // Both verbs are legal everywhere: preparing what is prepared and releasing nothing are how a crash is made good.
    unprepared: { tags: ['resting'], on: { prepare: 'preparing', release: 'releasing' } },
    prepared: { tags: ['resting'], on: { prepare: 'preparing', release: 'releasing' } },
    preparing: {
      invoke: {
        src: 'prepare',
        input: ({ context }) => ({ pod: context.pod }),
        onDone: { target: 'settling', actions: assign({ prepared: ({ event }) => event.output }) },
        onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
      },
    },
    releasing: {
      invoke: {
        src: 'release',
        input: ({ context }) => ({ pod: context.pod }),
        onDone: { target: 'settling', actions: assign({ prepared: ({ event }) => event.output }) },
        onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
      },
    },
    failed: { type: 'final' },
  },
});
