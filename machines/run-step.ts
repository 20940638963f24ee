import { createActor } from 'xstate';
import type { ExecOptions, ExecResult, ExportResult } from '../engine/index.ts';
import {
  isoTime,
  type InstanceStep,
  type PullImageStep,
  type RunOptions,
  type StepRunner,
} from '../reconciler/index.ts';
import { IllegalStateError, type ContainerState, type ResolvedImage } from '../schemas/index.ts';
import { ContainerEffects } from './container-effects.ts';
import { countError, type ContainerEffectDeps } from './effect-journal.ts';
import { observeInstance } from './observe-instance.ts';
import { createContainerActors } from './container.actors.ts';
import { containerMachine } from './container.machine.ts';
import type { Operation } from './operation.ts';
import { createPodActors } from './pod.actors.ts';
import { podMachine } from './pod.machine.ts';
import { makeProduct, pushImage, removeCheckpoint, removeProduct } from './product-effects.ts';
import { recoverRecord } from './recover.ts';
import { startQuietly, untilResting } from './run-actor.ts';

/** Carries out steps, and what is asked of a container past the plan. */
export interface MachineRunner extends StepRunner {
  /** Runs a command in a running container: for probes. */
  exec(container: string, options: ExecOptions): Promise<ExecResult>;
}

/** One actor for each operation: nothing of a container lives in memory between two of them. */
export function createStepRunner(deps: ContainerEffectDeps): MachineRunner {
  const { engine, records, clock } = deps;
  const effects = new ContainerEffects(deps);
  const containers = containerMachine.provide({ actors: createContainerActors(effects) });
  const pods = podMachine.provide({ actors: createPodActors(deps) });

  async function operate(operation: Operation): Promise<void> {
    const { container, kind } = operation;
    const actor = createActor(containers, { input: { container, operation }, clock });
    startQuietly(actor);
    try {
      const found = await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
      if (found.matches('failed')) throw found.context.error;
      // What was to be stopped has ended by itself: somebody else was first, and nothing is left to be done.
      if (kind === 'stop' && hasEnded(found.context.state)) {
        effects.noteStopRace(operation);
        return;
      }
      if (!found.can({ type: kind })) throw new IllegalStateError(kind, container, found.context.state);
      actor.send({ type: kind });
      const left = await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
      if (left.matches('failed')) throw left.context.error;
    } finally {
      actor.stop();
    }
  }

  async function changePod(pod: string, verb: 'prepare' | 'release'): Promise<void> {
    const actor = createActor(pods, { input: { pod }, clock });
    startQuietly(actor);
    try {
      const found = await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
      if (found.matches('failed')) throw found.context.error;
      actor.send({ type: verb });
      const left = await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
      if (left.matches('failed')) throw left.context.error;
    } finally {
      actor.stop();
    }
  }

  async function pullImage(step: PullImageStep, options: RunOptions): Promise<ResolvedImage> {
    try {
      return await engine.images.ensure(step.reference, step.policy, options);
    } catch (error) {
      if (options.signal?.aborted !== true) {
        const lastError = error instanceof Error ? error.message : String(error);
        await records.containers.edit(step.container, (record) => ({
          ...countError(record, clock.now()),
          lastError,
        }));
      }
      throw error;
    }
  }

  const instance =
    <Kind extends 'pause' | 'resume' | 'update' | 'cleanup' | 'remove'>() =>
    (step: InstanceStep<Kind>, options: RunOptions): Promise<void> =>
      operate(withSignal(step as Operation, options));

  return {
    async observe(record) {
      // Under way somewhere, or interrupted: what is seen in the middle of it says nothing, and only a writer may put it right.
      if (record.intent?.verb === 'checkpoint' || record.intent?.verb === 'restore') {
        return { record, observation: await observeInstance(deps, record.request) };
      }
      const observation = await observeInstance(deps, record.request);
      return { record: recoverRecord(record, observation, clock.now()).record, observation };
    },
    recover: (container) => effects.recover(container),
    pullImage,
    create: (step, options) => operate(withSignal(step, options)),
    start: (step, options) => operate(withSignal(step, options)),
    stop: (step, options) => operate(withSignal(step, options)),
    pause: instance<'pause'>(),
    resume: instance<'resume'>(),
    update: instance<'update'>(),
    checkpoint: (step, options) =>
      operate(withSignal({ ...step, ...(options.onPages && { onPages: options.onPages }) }, options)),
    restore: (step, options) =>
      operate(withSignal({ ...step, ...(options.onArchive && { onArchive: options.onArchive }) }, options)),
    export: (step, options) =>
      makeProduct(deps, step, async (archive) => {
        const results: ExportResult[] = [];
        const onResult = (result: ExportResult): void => void results.push(result);
        const told = options.onArchive && { onArchive: options.onArchive };
        await operate(withSignal({ ...step, archive, ...told, onResult }, options));
        const [result] = results;
        if (result === undefined) throw new Error(`export container/${step.container}: it gave no result`);
        return result;
      }),
    removeCheckpoint: (step) => removeCheckpoint(deps, step),
    removeProduct: (step) => removeProduct(deps, step),
    pushImage: (step, options) => pushImage(deps, step, options),
    cleanup: instance<'cleanup'>(),
    remove: instance<'remove'>(),
    forget: ({ container }) => records.containers.remove(container),
    // What the manifest of its pod says of it: the intent to create it is on disk before anything is done.
    addMember: ({ record }) => records.containers.noteNew(record),
    async dropMember({ container }) {
      const deletionRequestedAt = isoTime(clock.now());
      await records.containers.edit(container, (record) => ({ ...record, deletionRequestedAt }));
    },
    preparePod: (pod) => changePod(pod, 'prepare'),
    releasePod: (pod) => changePod(pod, 'release'),
    forgetPod: (pod) => records.pods.remove(pod),
    kill: (container, signalNumber) => operate({ kind: 'kill', container, signalNumber }),
    async exec(container, options) {
      const results: ExecResult[] = [];
      await operate({ kind: 'exec', container, options, onResult: (result) => results.push(result) });
      const [result] = results;
      if (result === undefined) throw new Error(`exec container/${container}: it gave no result`);
      return result;
    },
  };
}

function withSignal(operation: Operation, { signal }: RunOptions): Operation {
  return signal === undefined ? operation : { ...operation, signal };
}

function hasEnded(state: ContainerState): boolean {
  return state === 'Stopped' || state === 'Exited' || state === 'Configured';
}
