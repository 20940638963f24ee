import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allowancesOf } from '../../reconciler/checkpoint/checkpoint-wish.ts';
import type { CheckpointWish } from '../../reconciler/index.ts';
import {
  applyNow,
  containerManifest,
  createFakeWorld,
  startFakeProcess,
  type FakeProcess,
  type FakeWorld,
} from '../support/fake-process.ts';

const NAMES = [{ kind: 'Container' as const, name: 'web' }];
const BY_HAND: CheckpointWish = { then: 'stop', allowances: {}, timeoutMs: null, by: 'hand' };

interface Scene extends FakeWorld {
  process: FakeProcess;
}

/** `web` runs, and a daemon looks after it. */
async function scene(spec: Record<string, unknown> = {}): Promise<Scene> {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted: false });
  await apply({ ...world, process }, spec);
  return { ...world, process };
}

async function apply({ process, clock }: Scene, spec: Record<string, unknown>): Promise<void> {
  await process.reconciler.accept([{ manifest: containerManifest('web', spec), file: '/etc/web.yaml' }], {
    source: 'apply',
    prune: null,
    conflicts: 'refuse',
  });
  process.reconciler.wake();
  await clock.advance(500);
}

const web = ({ host }: Scene) => {
  const instance = host.instanceOf('web');
  if (instance === undefined) throw new Error('there is no web');
  return instance;
};

const recordOf = ({ process }: Scene) => {
  const record = process.records.containers.get('web');
  if (record === null) throw new Error('there is no record of web');
  return record;
};

async function checkpoint({ process, clock }: Scene, wish: Partial<CheckpointWish> = {}): Promise<void> {
  await process.reconciler.checkpoint({ names: NAMES, wish: { ...BY_HAND, ...wish } });
  process.reconciler.wake();
  await clock.advance(500);
}

async function reboot(before: Scene): Promise<Scene> {
  await before.process.reconciler.stop();
  before.host.reboot();
  const process = startFakeProcess(before);
  await process.reconciler.start({ rebooted: true });
  await before.clock.advance(500);
  return { ...before, process };
}

test('spec.state: Checkpointed saves it and takes it off the host, and Running brings it back and starts nothing', async () => {
  const at = await scene();
  await apply(at, { state: 'Checkpointed' });
  assert.is(recordOf(at).state, 'Checkpointed');
  assert.is(recordOf(at).checkpoint?.by, 'manifest');
  assert.equal([web(at).runtime, web(at).mounted, web(at).checkpoint?.leftRunning], ['none', false, false]);
  await apply(at, { state: 'Running' });
  assert.is(recordOf(at).state, 'Restored');
  assert.is(recordOf(at).checkpoint, null, 'what it was has become the run');
  assert.equal([web(at).runtime, web(at).starts, web(at).restores], ['running', 1, 1]);
  assert.equal(
    at.process.happened.map(({ type }) => type),
    ['init', 'start', 'checkpoint', 'cleanup', 'restore'],
  );
});

test('[criu.lazy] memory comes after the restore where the manifest, or who asks for the restore, says so', async () => {
  const at = await scene({ restore: { lazyPages: true } });
  const lazy = () => at.process.happened.findLast(({ type }) => type === 'restore')?.attributes['lazyPages'];
  const restore = async (wish: { lazyPages?: boolean }) => {
    await checkpoint(at);
    await at.process.reconciler.restore({ names: NAMES, wish: { archive: null, ignore: [], ...wish } });
    at.process.reconciler.wake();
    await at.clock.advance(500);
    return lazy();
  };
  assert.is(await restore({}), 'true');
  await apply(at, {});
  assert.is(await restore({}), undefined);
  assert.is(await restore({ lazyPages: true }), 'true');
});

test('an event of a checkpoint says what it was tried again for, and with what', async () => {
  const at = await scene();
  at.host.retries = [{ cause: 'file-locks', with: ['fileLocks'] }];
  await checkpoint(at);
  const [event] = at.process.happened.filter(({ type }) => type === 'checkpoint');
  assert.equal(
    [event?.attributes['retriedFor'], event?.attributes['retriedWith']],
    ['file-locks', 'fileLocks'],
  );
});

test('[criu.options] what a manifest says is what CRIU is told, and nothing of what it leaves open', () => {
  const options = { tcpClose: true, linkRemap: false, debugLog: true, ghostLimit: '2Mi', preDumps: 1 };
  assert.equal(allowancesOf(options), {
    tcpClose: true,
    linkRemap: false,
    debugLog: true,
    ghostLimitBytes: 2 << 20,
  });
  assert.equal(allowancesOf({}), {});
});

test('what has no process is left alone when Checkpointed is wanted', async () => {
  const at = await scene({ state: 'Checkpointed' });
  assert.equal(at.host.calls, []);
  assert.is(
    at.process.reconciler.outcomeOf({ kind: 'Container', name: 'web' })?.why.why,
    'nothing-to-checkpoint',
  );
});

test('a checkpoint by hand lasts until restore, and one that fails is tried once and leaves it running', async () => {
  const at = await scene();
  at.host.failWith('checkpoint', 'web', new Error('io_uring'));
  await checkpoint(at);
  await at.clock.advance(600_000);
  assert.equal([web(at).runtime, recordOf(at).override], ['running', null]);
  assert.is(at.host.calls.filter((call) => call === 'checkpoint web').length, 1);
  assert.match(recordOf(at).lastError ?? '', /io_uring/);
  at.host.failWith('checkpoint', 'web', null);
  await checkpoint(at);
  await at.clock.advance(600_000);
  assert.equal([recordOf(at).state, recordOf(at).lastError], ['Checkpointed', null]);
  await at.process.reconciler.restore({ names: NAMES, wish: { archive: null, ignore: [] } });
  at.process.reconciler.wake();
  await at.clock.advance(500);
  assert.equal([recordOf(at).state, web(at).starts, web(at).restores], ['Restored', 1, 1]);
});

test('a restore by hand that fails leaves it in its checkpoint, with the error', async () => {
  const at = await scene();
  await checkpoint(at);
  at.host.failWith('restore', 'web', new Error('no such device'));
  await at.process.reconciler.restore({ names: NAMES, wish: { archive: null, ignore: [] } });
  at.process.reconciler.wake();
  await at.clock.advance(600_000);
  assert.is(at.host.calls.filter((call) => call === 'restore web').length, 1);
  assert.equal([recordOf(at).state, recordOf(at).override], ['Checkpointed', 'Checkpointed']);
  assert.match(recordOf(at).lastError ?? '', /no such device/);
});

test('restart begins anew, without the memory', async () => {
  const at = await scene();
  await checkpoint(at);
  await at.process.reconciler.act({ verb: 'restart', names: NAMES, signal: null, timeoutMs: null });
  at.process.reconciler.wake();
  await at.clock.advance(500);
  assert.equal([recordOf(at).state, web(at).starts, web(at).restores], ['Running', 2, 0]);
  assert.is(recordOf(at).checkpoint, null, 'its files have gone their way without it');
});

test('what runs, or has no checkpoint, cannot be restored', async () => {
  const at = await scene();
  const message = async (): Promise<string> =>
    at.process.reconciler.restore({ names: NAMES, wish: { archive: null, ignore: [] } }).then(
      () => 'nothing was refused',
      (error: unknown) => String(error),
    );
  assert.match(await message(), /it is Running; restore needs it to be/);
  await at.process.reconciler.act({ verb: 'stop', names: NAMES, signal: null, timeoutMs: null });
  at.process.reconciler.wake();
  await at.clock.advance(500);
  assert.match(await message(), /it has no checkpoint/);
});

test('by its interval it is saved again and again, and goes on', async () => {
  const at = await scene({ checkpoint: { interval: '1m' } });
  await at.clock.advance(185_000);
  assert.is(at.host.calls.filter((call) => call === 'checkpoint web').length, 3);
  assert.equal([web(at).runtime, web(at).starts, web(at).checkpoint?.leftRunning], ['running', 1, true]);
  assert.is(recordOf(at).checkpoint?.by, 'interval');
});

test('an interval whose checkpoint fails is not shortened by that', async () => {
  const at = await scene({ checkpoint: { interval: '1m' } });
  at.host.failWith('checkpoint', 'web', new Error('io_uring'));
  await at.clock.advance(190_000);
  assert.is(at.host.calls.filter((call) => call === 'checkpoint web').length, 3);
  assert.is(web(at).runtime, 'running');
});

test('after a crash it goes on from its last checkpoint, so often, and then it begins anew', async () => {
  const at = await scene({ restore: { onCrash: { tries: 2 } } });
  await checkpoint(at, { then: 'leave-running' });
  assert.is(recordOf(at).state, 'Running');
  for (const restores of [1, 2]) {
    at.host.endProcess('web', 137, { oomKilled: true });
    await at.clock.advance(60_000);
    assert.equal([recordOf(at).state, web(at).restores, web(at).starts], ['Restored', restores, 1]);
    assert.equal([recordOf(at).restored?.why, recordOf(at).restartCount], ['crash', restores]);
  }
  at.host.endProcess('web', 1);
  await at.clock.advance(60_000);
  assert.equal([recordOf(at).state, web(at).restores, web(at).starts], ['Running', 2, 2]);
  assert.is(recordOf(at).checkpoint?.ofEarlierRun, true);
  at.host.endProcess('web', 1);
  await at.clock.advance(120_000);
  assert.is(web(at).starts, 3, 'nothing leads back to a checkpoint of an earlier run');
});

test('restores that fail count as tries', async () => {
  const at = await scene({ restore: { onCrash: { tries: 2 } } });
  await checkpoint(at, { then: 'leave-running' });
  at.host.failWith('restore', 'web', new Error('no such device'));
  at.host.endProcess('web', 1);
  await at.clock.advance(300_000);
  assert.is(at.host.calls.filter((call) => call === 'restore web').length, 2);
  assert.equal([recordOf(at).state, web(at).starts], ['Running', 2]);
});

test('a run that lasted makes good for the restores before it', async () => {
  const at = await scene({ restore: { onCrash: { tries: 1 } }, restartBackoff: { resetAfterSeconds: 60 } });
  await checkpoint(at, { then: 'leave-running' });
  for (const restores of [1, 2, 3]) {
    await at.clock.advance(120_000);
    at.host.endProcess('web', 1);
    await at.clock.advance(1000);
    assert.equal([web(at).restores, web(at).starts], [restores, 1]);
  }
});

test('an end without failure, or a policy that says so, leads to no restore', async () => {
  for (const [restartPolicy, code, state] of [
    ['Always', 0, 'Running'],
    ['Never', 1, 'Exited'],
    ['OnFailure', 0, 'Exited'],
  ] as const) {
    const at = await scene({ restartPolicy, restore: { onCrash: {} } });
    await checkpoint(at, { then: 'leave-running' });
    at.host.endProcess('web', code);
    await at.clock.advance(60_000);
    assert.equal([recordOf(at).state, web(at).restores], [state, 0], restartPolicy);
  }
});

test('what was saved at the shutdown comes back after the boot', async () => {
  const before = await scene({ checkpoint: { onShutdown: true } });
  await checkpoint(before, { by: 'shutdown' });
  await before.clock.advance(60_000);
  assert.is(recordOf(before).state, 'Checkpointed');
  const after = await reboot(before);
  assert.equal([recordOf(after).state, web(after).starts, web(after).restores], ['Restored', 1, 1]);
});

test('what was saved by hand waits for restore over a boot', async () => {
  const before = await scene();
  await checkpoint(before);
  const after = await reboot(before);
  assert.equal([recordOf(after).state, web(after).restores], ['Checkpointed', 0]);
});

for (const [onBoot, starts, restores] of [
  [true, 1, 1],
  [false, 2, 0],
  [undefined, 2, 0],
] as const) {
  test(`after a power cut, with onBoot ${String(onBoot)}, ${restores === 1 ? 'it goes on from its last checkpoint' : 'it begins anew'}`, async () => {
    const before = await scene(onBoot === undefined ? {} : { restore: { onBoot } });
    await checkpoint(before, { then: 'leave-running' });
    const after = await reboot(before);
    assert.equal([web(after).starts, web(after).restores], [starts, restores]);
    assert.is(recordOf(after).restoreDue, null);
  });
}

test('with onBoot, a restore that fails again and again gives way to a start', async () => {
  const before = await scene({ restore: { onBoot: true } });
  await checkpoint(before, { then: 'leave-running' });
  before.host.failWith('restore', 'web', new Error('another processor'));
  const after = await reboot(before);
  await after.clock.advance(600_000);
  assert.is(after.host.calls.filter((call) => call === 'restore web').length, 3);
  assert.equal([recordOf(after).state, web(after).starts], ['Running', 2]);
});

test('beforeUpdate saves it before a change restarts it', async () => {
  const at = await scene({ checkpoint: { beforeUpdate: true } });
  await apply(at, { checkpoint: { beforeUpdate: true }, env: [{ name: 'A', value: '1' }] });
  assert.equal(at.host.calls.slice(3), [
    'checkpoint web',
    'stop web',
    'cleanup web',
    'create web',
    'start web',
  ]);
  assert.equal([recordOf(at).checkpoint?.by, recordOf(at).checkpoint?.ofEarlierRun], ['update', true]);
});

test('a change of what its processes were started with begins anew, and limits come with it', async () => {
  const at = await scene();
  await apply(at, { state: 'Checkpointed' });
  await apply(at, { resources: { limits: { memory: '64Mi' } } });
  assert.equal(at.host.calls.slice(-2), ['restore web', 'update web']);
  await apply(at, { state: 'Checkpointed', resources: { limits: { memory: '64Mi' } } });
  await apply(at, { resources: { limits: { memory: '64Mi' } }, env: [{ name: 'A', value: '1' }] });
  assert.equal([web(at).starts, web(at).restores], [2, 1]);
});

test('probes sleep while it is frozen', async () => {
  const livenessProbe = { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1 };
  const at = await scene({ livenessProbe });
  await at.clock.advance(5000);
  // It is frozen for a while, in which it would answer no probe.
  await at.process.records.containers.edit('web', (record) => ({
    ...record,
    intent: { verb: 'checkpoint', since: new Date(at.clock.now()).toISOString() },
  }));
  at.host.execResult = () => ({ exitCode: 1, output: 'frozen' });
  await at.clock.advance(20_000);
  at.host.execResult = () => ({ exitCode: 0, output: '' });
  await at.process.records.containers.edit('web', (record) => ({ ...record, intent: null }));
  await at.clock.advance(5000);
  assert.is(web(at).starts, 1);
  at.host.execResult = () => ({ exitCode: 1, output: 'broken' });
  await at.clock.advance(2000);
  assert.is(web(at).starts, 2, 'and wake with it');
});

test('without a daemon, apply alone brings it about', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  await applyNow(process, [containerManifest('web')]);
  const { resources } = await applyNow(process, [containerManifest('web', { state: 'Checkpointed' })]);
  assert.equal(
    resources.map(({ changed, failed }) => [changed, failed]),
    [[true, false]],
  );
  assert.is(process.records.containers.get('web')?.state, 'Checkpointed');
  await process.reconciler.stop();
});

test('an archive that was asked for is written after the checkpoint, and of a saved container without another one', async () => {
  const at = await scene();
  const archive = { file: '/backup/web.tar', compression: 'zstd', leaveOut: [] } as const;
  await checkpoint(at, { then: 'leave-running', archive });
  assert.is(recordOf(at).state, 'Running');
  assert.ok(at.host.archives.has('/backup/web.tar'));
  await checkpoint(at, { archive: { ...archive, file: '/backup/two.tar' } });
  assert.is(recordOf(at).state, 'Checkpointed');
  assert.ok(at.host.archives.has('/backup/two.tar'));
  const saves = () => at.host.calls.filter((call) => call === 'checkpoint web').length;
  const before = saves();
  await checkpoint(at, { archive: { ...archive, file: '/backup/three.tar' } });
  assert.ok(at.host.archives.has('/backup/three.tar'));
  assert.is(saves(), before, 'it is not saved again');
  assert.is(recordOf(at).intent, null);
});

test('an export that fails is tried once, and the container stays in its checkpoint', async () => {
  const at = await scene();
  at.host.failWith('export', 'web', new Error('export container/web: no space'));
  await checkpoint(at, { archive: { file: '/backup/web.tar', compression: 'none', leaveOut: [] } });
  assert.is(recordOf(at).state, 'Checkpointed');
  assert.is(recordOf(at).override, 'Checkpointed');
  assert.not(at.host.archives.has('/backup/web.tar'));
  at.host.failWith('export', 'web', null);
  at.process.reconciler.wake();
  await at.clock.advance(60_000);
  assert.not(at.host.archives.has('/backup/web.tar'));
});

test('a container that has never run begins with the archive of its manifest, and is started as any other later', async () => {
  const world = createFakeWorld();
  world.host.archives.add('/backup/web.tar');
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted: false });
  const at = { ...world, process };
  const spec = { restore: { from: { archive: '/backup/web.tar' } } };
  await apply(at, spec);
  assert.is(recordOf(at).state, 'Restored');
  assert.equal([web(at).starts, web(at).restores], [0, 1]);
  assert.equal([recordOf(at).restored?.why, recordOf(at).restored?.archive], ['archive', '/backup/web.tar']);
  at.host.endProcess('web', 1);
  await at.clock.advance(60_000);
  assert.is(recordOf(at).state, 'Running');
  assert.equal([web(at).starts, web(at).restores], [1, 1]);
  await apply(at, { ...spec, env: [{ name: 'A', value: 'b' }] });
  assert.equal([web(at).starts, web(at).restores], [2, 1], 'what is changed asks for new processes');
});

test('[restore.from] a container begins with the image of a checkpoint, which is pulled first, and only once', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  const at = { ...world, process };
  await process.reconciler.start({ rebooted: false });
  const from = { image: 'r.example/web-ckpt:1', imagePullPolicy: 'Always' };
  await apply(at, { restore: { from } });
  assert.match(recordOf(at).lastError ?? '', /no such image/);
  world.host.images.set(from.image, { id: `sha256:${'c'.repeat(64)}` });
  await at.clock.advance(60_000);
  assert.equal([web(at).runtime, web(at).starts, web(at).restores], ['running', 0, 1]);
  const { restored } = recordOf(at);
  assert.equal([restored?.why, restored?.image, restored?.archive], ['archive', from.image, undefined]);
  world.host.endProcess('web', 1);
  await at.clock.advance(60_000);
  assert.equal([web(at).runtime, web(at).starts, web(at).restores], ['running', 1, 1], 'started anew later');
  assert.is(world.host.calls.filter((call) => call === `pull ${from.image}`).length, 2);
});

test('an archive that cannot be restored is tried again and never given up for a cold start, but by restart', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted: false });
  const at = { ...world, process };
  await apply(at, { restore: { from: { archive: '/backup/web.tar' } } });
  assert.is(recordOf(at).state, 'Configured');
  assert.match(recordOf(at).lastError ?? '', /no complete checkpoint/);
  await at.clock.advance(120_000);
  assert.is(recordOf(at).state, 'Configured');
  assert.is(web(at).starts, 0);
  await process.reconciler.act({ verb: 'restart', names: NAMES, signal: null, timeoutMs: null });
  process.reconciler.wake();
  await at.clock.advance(500);
  assert.equal([recordOf(at).state, web(at).starts], ['Running', 1]);
});

test.run();
