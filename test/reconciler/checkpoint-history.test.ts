import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkpointStep } from '../../reconciler/checkpoint/checkpoint-wish.ts';
import type { CheckpointWish } from '../../reconciler/index.ts';
import { keptCheckpointsOf } from '../../schemas/index.ts';
import {
  containerManifest,
  createFakeWorld,
  startFakeProcess,
  type FakeProcess,
  type FakeWorld,
} from '../support/fake-process.ts';
import { requestFor } from '../support/situations.ts';

const WEB = { kind: 'Container' as const, name: 'web' };
const BY_HAND: CheckpointWish = { then: 'leave-running', allowances: {}, timeoutMs: null, by: 'hand' };

interface Scene extends FakeWorld {
  process: FakeProcess;
}

/** `web` runs, and its manifest says that so many are kept. */
async function scene(spec: Record<string, unknown>): Promise<Scene> {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted: false });
  await process.reconciler.accept([{ manifest: containerManifest('web', spec), file: '/etc/web.yaml' }], {
    source: 'apply',
    prune: null,
    conflicts: 'refuse',
  });
  const at = { ...world, process };
  await settle(at);
  return at;
}

async function settle({ process, clock }: Scene, ms = 500): Promise<void> {
  process.reconciler.wake();
  await clock.advance(ms);
}

const recordOf = ({ process }: Scene) => {
  const record = process.records.containers.get('web');
  if (record === null) throw new Error('there is no record of web');
  return record;
};

/** `3 2*`: the numbers of those that are kept, newest first; a star: of an earlier run. */
const kept = (at: Scene): string =>
  keptCheckpointsOf(recordOf(at))
    .map(({ id, ofEarlierRun }) => `${String(id)}${ofEarlierRun ? '*' : ''}`)
    .join(' ');

const onHost = ({ host }: Scene): string =>
  (host.instanceOf('web')?.checkpoints ?? []).map(({ id }) => String(id)).join(' ');

async function save(at: Scene, wish: Partial<CheckpointWish> = {}): Promise<void> {
  await at.process.reconciler.checkpoint({ names: [WEB], wish: { ...BY_HAND, ...wish } });
  await settle(at);
}

async function end(at: Scene): Promise<void> {
  await at.process.reconciler.act({ verb: 'stop', names: [WEB], signal: null, timeoutMs: null });
  await settle(at);
}

async function restore(at: Scene, checkpoint?: number): Promise<void> {
  const target = checkpoint === undefined ? WEB : { ...WEB, checkpoint };
  await at.process.reconciler.restore({ names: [target], wish: { archive: null, ignore: [] } });
  await settle(at);
}

test('one is kept unless the manifest says more, and no number comes twice', async () => {
  const one = await scene({});
  for (let n = 0; n < 3; n++) await save(one);
  assert.equal([kept(one), onHost(one)], ['3', '3']);
  const three = await scene({ checkpoint: { keep: 3 } });
  for (let n = 0; n < 4; n++) await save(three);
  assert.equal([kept(three), onHost(three)], ['4 3 2', '4 3 2']);
  assert.is(recordOf(three).checkpoint?.id, 4, 'the newest is the one');
});

test('[ckpt.precheckpoint] how often memory is copied before stands in the manifest, and a command may say otherwise', () => {
  const { spec } = containerManifest('web', { checkpoint: { options: { preDumps: 3 } } });
  const request = requestFor(containerManifest('web'));
  const step = (wish: CheckpointWish | null) =>
    checkpointStep({ request, record: { lastCheckpointId: 4 } }, spec, { then: 'stop', by: 'hand', wish });
  assert.equal([step(null).preDumps, step(null).id], [3, 5]);
  assert.is(step({ ...BY_HAND, preDumps: 0 }).preDumps, 0);
});

test('a pinned one stays', async () => {
  const at = await scene({});
  await save(at, { pin: true });
  await save(at);
  await save(at);
  assert.is(kept(at), '3 1');
  assert.is(recordOf(at).olderCheckpoints[0]?.pinned, true);
});

test('with several, one that ended it is there after its restore as well', async () => {
  const at = await scene({ checkpoint: { keep: 2 } });
  await save(at, { then: 'stop' });
  assert.is(recordOf(at).state, 'Checkpointed');
  await restore(at);
  assert.equal([recordOf(at).state, kept(at)], ['Restored', '1']);
});

test('an earlier one is restored by its number, and no crash leads to those after it', async () => {
  const at = await scene({ checkpoint: { keep: 5 }, restore: { onCrash: { tries: 9 } } });
  for (let n = 0; n < 3; n++) await save(at);
  await end(at);
  await restore(at, 2);
  assert.is(kept(at), '3* 2 1');
  at.host.endProcess('web', 1);
  await settle(at, 60_000);
  assert.equal(
    at.host.instanceOf('web')?.restoredFrom,
    [2, 2],
    'a crash leads to the last that leads up to it',
  );
  await save(at);
  assert.is(kept(at), '4 3* 2 1');
  at.host.endProcess('web', 1);
  await settle(at, 60_000);
  assert.equal(at.host.instanceOf('web')?.restoredFrom, [2, 2, 4]);
});

test('what a new start leaves behind is of an earlier run, and still can be restored by hand', async () => {
  const at = await scene({ checkpoint: { keep: 5 } });
  await save(at);
  await save(at);
  await at.process.reconciler.act({ verb: 'restart', names: [WEB], signal: null, timeoutMs: null });
  await settle(at);
  assert.is(kept(at), '2* 1*');
  await save(at);
  await end(at);
  await restore(at, 1);
  assert.is(kept(at), '3* 2* 1');
});

test('a number that is not there is refused, and so is one that would cost the memory', async () => {
  const at = await scene({});
  await save(at, { pin: true });
  await save(at, { then: 'stop' });
  const refused = (checkpoint: number): Promise<string> =>
    at.process.reconciler
      .restore({ names: [{ ...WEB, checkpoint }], wish: { archive: null, ignore: [] } })
      .then(
        () => 'nothing was refused',
        (error: unknown) => String(error),
      );
  assert.match(await refused(7), /it has no checkpoint 7; there is web@2, web@1/);
  assert.match(await refused(1), /its memory would be lost, which is in web@2 alone/);
  await restore(at, 2);
  assert.equal([recordOf(at).state, kept(at)], ['Restored', '1']);
});

test('a restore by number that fails is tried once, and is not remembered', async () => {
  const at = await scene({ checkpoint: { keep: 2 } });
  await save(at);
  await save(at);
  await end(at);
  at.host.failWith('restore', 'web', new Error('no such device'));
  await restore(at, 1);
  at.host.failWith('restore', 'web', null);
  assert.equal([recordOf(at).restoreFrom, kept(at)], [null, '2 1']);
  await restore(at);
  assert.equal(at.host.instanceOf('web')?.restoredFrom, [2]);
});

test('saved by its interval, so many are kept', async () => {
  const at = await scene({ checkpoint: { interval: '1m', keep: 3 } });
  await settle(at, 400_000);
  assert.is(kept(at).split(' ').length, 3);
});

test.run();
