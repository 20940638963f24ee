import { fromPromise } from 'xstate';
import type { ContainerState } from '../schemas/index.ts';
import type { ContainerEffects } from './container-effects.ts';
import { RecordGoneError } from './effect-journal.ts';
import type { EffectInput } from './container.machine.ts';
import type { Operation, OperationOf } from './operation.ts';

/** The effects of the container machine, as the actors that it names. */
export function createContainerActors(effects: ContainerEffects) {
  const actor = <Kind extends Operation['kind']>(
    kind: Kind,
    run: (operation: OperationOf<Kind>, signal: AbortSignal) => Promise<void>,
  ) =>
    fromPromise<ContainerState, EffectInput>(async ({ input, signal }) => {
      const operation = input.operation;
      if (operation?.kind !== kind) throw new Error(`container machine: ${kind} was not asked for`);
      const given = operation.signal;
      const both = given === undefined ? signal : AbortSignal.any([signal, given]);
      await run(operation as OperationOf<Kind>, both);
      return effects.stateOf(input.container);
    });
  return {
    recover: fromPromise<ContainerState, EffectInput>(async ({ input: { container, operation } }) => {
      const followsCreate = operation?.kind === 'start' && operation.followsCreate;
      const record = followsCreate
        ? await effects.recoverCreated(container)
        : ((await effects.recover(container))?.record ?? null);
      if (record === null) throw new RecordGoneError(container);
      return record.state;
    }),
    create: actor('create', (operation, signal) => effects.create(operation, signal)),
    start: actor('start', (operation, signal) => effects.start(operation, signal)),
    stop: actor('stop', (operation, signal) => effects.stop(operation, signal)),
    kill: actor('kill', (operation) => effects.kill(operation)),
    pause: actor('pause', (operation) => effects.pause(operation)),
    resume: actor('resume', (operation) => effects.resume(operation)),
    update: actor('update', (operation) => effects.update(operation)),
    checkpoint: actor('checkpoint', (operation, signal) => effects.memory.checkpoint(operation, signal)),
    restore: actor('restore', (operation, signal) => effects.memory.restore(operation, signal)),
    export: actor('export', (operation, signal) => effects.memory.export(operation, signal)),
    exec: actor('exec', (operation, signal) => effects.exec(operation, signal)),
    cleanup: actor('cleanup', (operation, signal) => effects.cleanup(operation, signal)),
    remove: actor('remove', (operation, signal) => effects.remove(operation, signal)),
  };
}
