import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor, fromPromise } from 'xstate';
import { containerMachine, type EffectInput } from '../../machines/container.machine.ts';
import {
  CONTAINER_STATES,
  isLegal,
  LEGAL_STATES,
  type ContainerState,
  type ContainerVerb,
} from '../../schemas/index.ts';
import { startQuietly, untilResting } from '../../machines/run-actor.ts';

const VERBS = Object.keys(LEGAL_STATES) as ContainerVerb[];

/** A machine whose effects all do nothing but end in a state. */
function harmless(found: ContainerState, left: ContainerState, failure: Error | null = null) {
  const effect = fromPromise<ContainerState, EffectInput>(() =>
    failure === null ? Promise.resolve(left) : Promise.reject(failure),
  );
  const actors = Object.fromEntries(VERBS.map((verb) => [verb, effect])) as Record<
    ContainerVerb,
    typeof effect
  >;
  const recover = fromPromise<ContainerState, EffectInput>(() => Promise.resolve(found));
  return containerMachine.provide({ actors: { ...actors, recover } });
}

async function startIn(found: ContainerState, left: ContainerState = found, failure: Error | null = null) {
  const actor = createActor(harmless(found, left, failure), { input: { container: 'web', operation: null } });
  startQuietly(actor);
  await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
  return actor;
}

test('[state.names] the machine rests in every state that a record can hold, and in no other', async () => {
  for (const state of CONTAINER_STATES) {
    const actor = await startIn(state);
    assert.is(actor.getSnapshot().value, state);
    actor.stop();
  }
  const resting = Object.entries(containerMachine.config.states ?? {})
    .filter(([, { tags }]) => tags !== undefined)
    .map(([name]) => name);
  assert.equal(resting.sort(), [...CONTAINER_STATES].sort());
});

test('[state.guards] the machine takes a verb in a state exactly where the table says that it is legal', async () => {
  for (const state of CONTAINER_STATES) {
    const actor = await startIn(state);
    for (const verb of VERBS) {
      const takes = actor.getSnapshot().can({ type: verb });
      assert.is(takes, isLegal(verb, state), `${verb} while ${state}`);
    }
    actor.stop();
  }
});

test('[state.guards] a verb that is taken ends in the state that its effect left behind', async () => {
  for (const verb of VERBS) {
    const found = LEGAL_STATES[verb][0] ?? 'Unknown';
    for (const left of CONTAINER_STATES) {
      const actor = await startIn(found, left);
      actor.send({ type: verb });
      assert.not(actor.getSnapshot().hasTag('resting'), `${verb} is under way`);
      const after = await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
      assert.is(after.value, left, `${verb} from ${found}`);
      actor.stop();
    }
  }
});

test('a verb that is not legal changes nothing', async () => {
  const actor = await startIn('Exited');
  actor.send({ type: 'pause' });
  assert.is(actor.getSnapshot().value, 'Exited');
  actor.stop();
});

test('an effect that fails ends the operation with its error, and not the process', async () => {
  const failure = new Error('no such image');
  const actor = await startIn('Configured', 'Created', failure);
  actor.send({ type: 'create' });
  const after = await untilResting(actor, (snapshot) => snapshot.hasTag('resting'));
  assert.is(after.value, 'failed');
  assert.is(after.context.error, failure);
});

test.run();
