import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckpointManifest, Container } from '../../schemas/index.ts';
import {
  applyNow,
  containerManifest,
  createFakeWorld,
  declaredCheckpoint,
  startFakeProcess,
  type FakeProcess,
  type FakeWorld,
} from '../support/fake-process.ts';
import type { Boundary } from '../support/fake-store.ts';

const DELETED = { reclaimPolicy: 'Delete' } as const;

interface Scene extends FakeWorld {
  process: FakeProcess;
}

const web = containerManifest('web');

/** `web` runs, and a daemon looks after it. */
async function scene(boundary?: Boundary): Promise<Scene> {
  const world = createFakeWorld();
  const at = { ...world, process: startFakeProcess(world, boundary) };
  await at.process.reconciler.start({ rebooted: false });
  await apply(at, [web]);
  return at;
}

async function apply(
  { process, clock }: Scene,
  manifests: (Container | CheckpointManifest)[],
): Promise<void> {
  const owned = manifests.map((manifest) => ({ manifest, file: '/etc/web.yaml' }));
  await process.reconciler.accept(owned, { source: 'apply', prune: null, conflicts: 'refuse' });
  process.reconciler.wake();
  await clock.advance(500);
}

async function remove({ process, clock }: Scene, name: string): Promise<void> {
  const names = [{ kind: 'Checkpoint' as const, name }];
  await process.reconciler.requestDeletion(names, { ignoreMissing: false, force: false });
  process.reconciler.wake();
  await clock.advance(500);
}

const recordOf = ({ process }: Scene, name = 'safe') => {
  const record = process.records.checkpoints.get(name);
  if (record === null) throw new Error(`there is no record of checkpoint/${name}`);
  return record;
};

const reasonsOf = (at: Scene, name = 'safe') =>
  recordOf(at, name).status.conditions.map(({ type, status, reason }) => [type, status, reason]);

const keptOf = ({ host }: Scene) => host.instanceOf('web')?.checkpoints ?? [];
const countOf = ({ host }: Scene, call: string) => host.calls.filter((each) => each === call).length;

test('[ckpt.declared] a Checkpoint saves its container once, pinned, and tells of it; applied again it does nothing', async () => {
  const at = await scene();
  await apply(at, [declaredCheckpoint('safe')]);
  assert.equal(reasonsOf(at), [
    ['Complete', 'True', 'Completed'],
    ['Failed', 'False', 'NotFailed'],
  ]);
  const { status, generation } = recordOf(at);
  assert.equal([status.saved?.container, status.saved?.number, status.attempts], ['web', 1, 1]);
  assert.equal(status.conditions[0]?.observedGeneration, generation);
  assert.equal(
    keptOf(at).map(({ id, pinned }) => [id, pinned]),
    [[1, true]],
  );
  assert.is(at.host.instanceOf('web')?.runtime, 'running');
  await apply(at, [declaredCheckpoint('safe')]);
  await at.clock.advance(600_000);
  assert.is(countOf(at, 'checkpoint web'), 1);
  assert.is(at.process.records.containers.get('web')?.checkpoint?.declared?.name, 'safe');
  assert.equal(at.process.errors, []);
});

test('[ckpt.declared] it waits for a container that is not there, or does not run, and says so', async () => {
  const at = await scene();
  await apply(at, [declaredCheckpoint('safe', { container: 'db' })]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'ContainerNotFound']);
  await apply(at, [containerManifest('db', { state: 'Stopped' })]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'ContainerNotRunning']);
  assert.match(
    recordOf(at).status.conditions[0]?.message ?? '',
    /^waits for container\/db, which is Configured$/,
  );
  assert.is(recordOf(at).status.attempts, 0);
  await apply(at, [containerManifest('db')]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'True', 'Completed']);
});

test('[ckpt.declared] a failure is its own, tried again as backoffLimit says, and by whoever applies it again', async () => {
  const at = await scene();
  at.host.failWith('checkpoint', 'web', new Error('io_uring'));
  await apply(at, [declaredCheckpoint('safe', { backoffLimit: 1 })]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'CheckpointFailed']);
  assert.equal([recordOf(at).status.failures, countOf(at, 'checkpoint web')], [1, 1]);
  assert.is(at.process.records.containers.get('web')?.lastError, null, 'the container is as wished');
  await at.clock.advance(9_000);
  assert.is(countOf(at, 'checkpoint web'), 1, 'not before its time');
  await at.clock.advance(2_000);
  assert.is(countOf(at, 'checkpoint web'), 2);
  assert.equal(reasonsOf(at)[1], ['Failed', 'True', 'CheckpointFailed']);
  await at.clock.advance(600_000);
  assert.is(countOf(at, 'checkpoint web'), 2);
  assert.is(at.host.instanceOf('web')?.runtime, 'running');
  at.host.failWith('checkpoint', 'web', null);
  await apply(at, [declaredCheckpoint('safe', { backoffLimit: 1 })]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'True', 'Completed']);
  assert.equal(reasonsOf(at)[1], ['Failed', 'False', 'NotFailed']);
});

test('[ckpt.declared] another spec is another generation; how often and what becomes of it is none', async () => {
  const at = await scene();
  await apply(at, [declaredCheckpoint('safe')]);
  await apply(at, [declaredCheckpoint('safe', { reclaimPolicy: 'Delete', backoffLimit: 3 })]);
  assert.equal([recordOf(at).generation, countOf(at, 'checkpoint web')], [1, 1]);
  await apply(at, [declaredCheckpoint('safe', { reclaimPolicy: 'Delete', options: { fileLocks: true } })]);
  assert.equal([recordOf(at).generation, countOf(at, 'checkpoint web')], [2, 2]);
  assert.is(recordOf(at).status.conditions[0]?.observedGeneration, 2);
  assert.equal(
    keptOf(at).map(({ id }) => id),
    [2],
    'what the first one made has been reclaimed',
  );
});

test('[ckpt.declared] leaveRunning false ends the container until it is restored, and its memory is not taken away', async () => {
  const at = await scene();
  await apply(at, [declaredCheckpoint('safe', { leaveRunning: false, reclaimPolicy: 'Delete' })]);
  const record = at.process.records.containers.get('web');
  assert.equal([record?.state, record?.override], ['Checkpointed', 'Checkpointed']);
  await at.clock.advance(600_000);
  assert.is(at.process.records.containers.get('web')?.state, 'Checkpointed');
  await remove(at, 'safe');
  assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'MemoryNowhereElse']);
  assert.is(keptOf(at).length, 1);
  const names = [{ kind: 'Container' as const, name: 'web' }];
  await at.process.reconciler.restore({ names, wish: { archive: null, ignore: [] } });
  at.process.reconciler.wake();
  await at.clock.advance(500);
  assert.is(at.process.records.containers.get('web')?.state, 'Restored');
  assert.is(at.process.records.checkpoints.get('safe'), null);
  assert.equal(keptOf(at), []);
});

test('[ckpt.declared] what becomes an archive is not kept beside it, unless it is asked for; the container keeps its own', async () => {
  const at = await scene();
  await at.process.reconciler.checkpoint({
    names: [{ kind: 'Container', name: 'web' }],
    wish: { then: 'leave-running', allowances: {}, timeoutMs: null, by: 'hand' },
  });
  at.process.reconciler.wake();
  await at.clock.advance(500);
  const to = { archive: { path: '/backup/web.tar' } };
  await apply(at, [declaredCheckpoint('safe', { to })]);
  assert.ok(at.host.archives.has('/backup/web.tar'));
  assert.equal(
    keptOf(at).map(({ id }) => id),
    [1],
    'the one that was made by hand',
  );
  assert.equal([recordOf(at).status.saved?.number, recordOf(at).status.saved?.isKept], [2, false]);
  assert.is(recordOf(at).status.product?.bytes, 4000);
  await remove(at, 'safe');
  assert.ok(at.host.archives.has('/backup/web.tar'), 'reclaimPolicy: Retain');
  await apply(at, [declaredCheckpoint('again', { to, keep: true, reclaimPolicy: 'Delete' })]);
  assert.equal(
    keptOf(at).map(({ id }) => id),
    [3],
    'the policy of the container keeps one',
  );
  await remove(at, 'again');
  assert.equal([...at.host.archives], []);
  assert.equal(keptOf(at), []);
});

test('[ckpt.declared] an archive that cannot be written is tried again from the same checkpoint', async () => {
  const at = await scene();
  at.host.failWith('export', 'web', new Error('no space left'));
  await apply(at, [
    declaredCheckpoint('safe', { to: { archive: { path: '/backup/web.tar' } }, backoffLimit: 2 }),
  ]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'ExportFailed']);
  at.host.failWith('export', 'web', null);
  await at.clock.advance(11_000);
  assert.equal(reasonsOf(at)[0], ['Complete', 'True', 'Completed']);
  assert.equal([countOf(at, 'checkpoint web'), countOf(at, 'export web')], [1, 2]);
});

for (const [title, overtake] of [
  ['a changed spec', (at: Scene, to: object) => apply(at, [declaredCheckpoint('safe', { to, ...DELETED })])],
  ['its removal', (at: Scene) => remove(at, 'safe')],
] as const) {
  test(`[ckpt.declared] an archive that ${title} has overtaken while it was written does not stay behind`, async () => {
    let write = (): void => undefined;
    const isWritten = new Promise<void>((resolve) => {
      write = resolve;
    });
    const at = await scene((effect, phase) =>
      effect === 'export web' && phase === 'before' ? isWritten : Promise.resolve(),
    );
    const first = { archive: { path: '/backup/first.tar' } };
    await apply(at, [declaredCheckpoint('safe', { to: first, ...DELETED })]);
    assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'InProgress']);
    await overtake(at, { archive: { path: '/backup/second.tar' } });
    write();
    await at.clock.advance(500);
    const isRemoved = at.process.records.checkpoints.get('safe') === null;
    assert.equal([...at.host.archives], isRemoved ? [] : ['/backup/second.tar']);
    if (!isRemoved) {
      assert.equal(recordOf(at).superseded, []);
      assert.equal(reasonsOf(at)[0], ['Complete', 'True', 'Completed']);
    }
    assert.equal(keptOf(at), []);
    assert.equal(at.process.errors, []);
  });
}

test('[ckpt.declared] an image is made once, and sent again until it has arrived', async () => {
  const at = await scene();
  at.host.failWith('push', 'r.example/web:1', new Error('no route to host'));
  const to = { image: { name: 'r.example/web:1', push: true } };
  await apply(at, [declaredCheckpoint('safe', { to, backoffLimit: 3, reclaimPolicy: 'Delete' })]);
  assert.equal(reasonsOf(at)[0], ['Complete', 'False', 'PushFailed']);
  assert.is(recordOf(at).status.product?.kind, 'image');
  at.host.failWith('push', 'r.example/web:1', null);
  await at.clock.advance(11_000);
  assert.equal(reasonsOf(at)[0], ['Complete', 'True', 'Completed']);
  assert.is(recordOf(at).status.pushed?.destination, 'docker://r.example/web:1');
  assert.equal([countOf(at, 'checkpoint web'), countOf(at, 'export web'), keptOf(at)], [1, 1, []]);
  await remove(at, 'safe');
  assert.not.ok(at.host.images.has('r.example/web:1'));
});

test('[ckpt.declared] without a daemon a command applies it and waits for its end, with the container in the same files', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  const { resources } = await applyNow(process, [declaredCheckpoint('safe'), web]);
  assert.equal(
    resources.map(({ resource: { kind }, failed, outcome }) => [kind, failed, outcome?.kind]),
    [
      ['Container', false, 'settled'],
      ['Checkpoint', false, 'settled'],
    ],
  );
  assert.is(process.records.checkpoints.get('safe')?.status.saved?.number, 1);
});

test('[ckpt.declared] one that has to wait counts as changed when it is new, or its spec is, and then no more', async () => {
  const process = startFakeProcess(createFakeWorld());
  const applied = async (manifest: CheckpointManifest) => {
    const { resources } = await applyNow(process, [manifest]);
    return resources.map(({ changed, failed, outcome }) => [changed, failed, outcome?.kind]);
  };
  assert.equal(await applied(declaredCheckpoint('safe')), [[true, false, 'waiting']]);
  assert.equal(await applied(declaredCheckpoint('safe')), [[false, false, 'waiting']]);
  assert.equal(await applied(declaredCheckpoint('safe', { container: 'db' })), [[true, false, 'waiting']]);
});

test('[ckpt.declared] a dry run says what it would do, and does nothing', async () => {
  const at = await scene();
  const owned = [{ manifest: declaredCheckpoint('safe'), file: '/etc/web.yaml' }];
  const changes = await at.process.reconciler.plan(owned, {
    source: 'apply',
    prune: null,
    conflicts: 'refuse',
  });
  assert.equal(changes, [
    {
      resource: { kind: 'Checkpoint', name: 'safe' },
      action: 'checkpoint',
      reasons: ['does not exist yet', 'container/web is saved, and goes on'],
    },
  ]);
  assert.equal([countOf(at, 'checkpoint web'), at.process.records.checkpoints.list()], [0, []]);
});

test.run();
