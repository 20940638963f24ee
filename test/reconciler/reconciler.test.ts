import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DependencyCycleError,
  NotFoundError,
  OwnershipError,
  type ResourceName,
} from '../../reconciler/index.ts';
import { IllegalStateError } from '../../schemas/index.ts';
import {
  applyNow,
  containerManifest,
  createFakeWorld,
  podManifest,
  startFakeProcess,
  type FakeProcess,
  type FakeWorld,
} from '../support/fake-process.ts';

const WEB: ResourceName = { kind: 'Container', name: 'web' };

async function daemon(world: FakeWorld = createFakeWorld(), rebooted = false) {
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted });
  await world.clock.flush();
  return { world, process, host: world.host, clock: world.clock };
}

const state = ({ records }: FakeProcess, name = 'web') => records.containers.get(name)?.state;

test('an applied container runs, and a second apply changes nothing and says so', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  const first = await applyNow(process, [containerManifest('web')]);
  assert.equal(state(process), 'Running');
  assert.equal(world.host.instanceOf('web')?.runtime, 'running');
  assert.equal(
    first.resources.map(({ changed, failed }) => [changed, failed]),
    [[true, false]],
  );
  const calls = world.host.calls.length;
  const second = await applyNow(process, [containerManifest('web')]);
  assert.equal(
    second.resources.map(({ changed, failed }) => [changed, failed]),
    [[false, false]],
  );
  assert.equal(world.host.calls.length, calls, 'nothing was done to the host');
  assert.equal(process.errors, []);
});

test('apply tells what it does, in order', async () => {
  const process = startFakeProcess(createFakeWorld());
  const told: string[] = [];
  process.reconciler.onProgress(({ what, detail }) => told.push(`${what} ${detail}`));
  await applyNow(process, [containerManifest('web')]);
  assert.equal(told, ['created image localhost/demo:1, network none', 'running pid 1001 after 0 ms']);
});

test('[life.restart-policy] a process that dies is started again at once, then after 10 s, 20 s and so on up to 5 min', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  for (const delayMs of [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
    await clock.advance(1000);
    host.endProcess('web', 1);
    if (delayMs > 0) {
      await clock.advance(delayMs - 1);
      assert.is(state(process), 'Exited', `it still waits for ${String(delayMs)} ms`);
      assert.is(host.instanceOf('web')?.mounted, false, 'and holds nothing meanwhile');
    }
    await clock.advance(1);
    assert.is(state(process), 'Running', `after ${String(delayMs)} ms`);
  }
  await clock.advance(600_000);
  host.endProcess('web', 1);
  await clock.flush();
  assert.is(state(process), 'Running', 'ten minutes of running start the count anew');
  assert.is(process.records.containers.get('web')?.restartCount, 9);
  assert.is(process.records.containers.get('web')?.failuresInRow, 1);
});

test('[life.restart-policy] a back-off goes on where it was when tsctr is started again', async () => {
  const { world, process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  host.endProcess('web', 1);
  await clock.flush();
  host.endProcess('web', 1);
  await clock.advance(4000);
  await process.reconciler.stop();
  const next = await daemon(world);
  await clock.advance(5999);
  assert.is(state(next.process), 'Exited');
  await clock.advance(1);
  assert.is(state(next.process), 'Running');
});

test('[life.restart-policy] a container that failed too often in a row is left alone until it is applied again', async () => {
  const { process, host, clock } = await daemon();
  const manifest = containerManifest('web', { restartBackoff: { initialSeconds: 1, maxRetries: 2 } });
  host.onStart = () => 1;
  await applyNow(process, [manifest]);
  await clock.advance(600_000);
  assert.is(host.startedPids.length, 3, 'once, and two tries more');
  assert.is(process.reconciler.outcomeOf(WEB)?.kind, 'stalled');
  host.onStart = () => null;
  await applyNow(process, [manifest]);
  assert.is(state(process), 'Running');
});

test('nobody waits for what only a person can make good, and is told once what that is', async () => {
  const { process, host, clock } = await daemon();
  const missing = Object.assign(new Error('find image web:9: the store does not have it'), {
    code: 'IMAGE_NOT_FOUND',
    hint: 'import it',
  });
  host.failWith('create', 'web', missing);
  const told: string[] = [];
  await process.reconciler.accept([{ manifest: containerManifest('web'), file: '/web.yaml' }], {
    source: 'apply',
    prune: null,
    conflicts: 'refuse',
  });
  const waiting = process.reconciler.settle([WEB], {
    waitMs: 30_000,
    onProgress: ({ what, detail }) => told.push(`${what} ${detail}`),
  });
  await clock.flush();
  const { timedOut, resources } = await waiting;
  assert.is(timedOut, false);
  assert.ok(resources[0]?.failed);
  assert.equal(told, ['failed find image web:9: the store does not have it; import it']);

  host.failWith('create', 'web', null);
  await clock.advance(10_000);
  assert.is(state(process), 'Running', 'it is tried again all the same');
});

test('an image that cannot be pulled is tried again later, and its error is on record', async () => {
  const { process, host, clock } = await daemon();
  const { resources } = await applyNow(process, [containerManifest('web', { image: 'localhost/late:1' })]);
  assert.ok(resources[0]?.failed);
  assert.match(process.records.containers.get('web')?.lastError ?? '', /no such image/);
  host.images.set('localhost/late:1', { id: `sha256:${'3'.repeat(64)}` });
  await clock.advance(9999);
  assert.is(state(process), 'Configured');
  await clock.advance(1);
  assert.is(state(process), 'Running');
  assert.is(process.records.containers.get('web')?.lastError, null);
});

test('what runs is not touched when the image of its successor cannot be pulled', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  const pid = host.instanceOf('web')?.pid;
  await applyNow(process, [containerManifest('web', { image: 'localhost/missing:1' })]);
  await clock.advance(100_000);
  assert.is(host.instanceOf('web')?.pid, pid);
  assert.is(
    host.calls.filter((call) => call.startsWith('pull localhost/missing')).length,
    4,
    'with growing pauses',
  );
});

test('[prepare.rollback] a create that fails is taken back and tried again', async () => {
  const { process, host, clock } = await daemon();
  host.failWith('create', 'web', new Error('create container/web: no such command'));
  await applyNow(process, [containerManifest('web')]);
  const record = process.records.containers.get('web');
  assert.is(record?.state, 'Configured');
  assert.is(record?.request, null);
  assert.is(record?.intent, null);
  assert.is(record?.lastError, 'create container/web: no such command');
  host.failWith('create', 'web', null);
  await clock.advance(10_000);
  assert.is(state(process), 'Running');
});

test('a restart whose creation fails at first counts once', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  await clock.advance(1000);
  host.failWith('create', 'web', new Error('create container/web: for a moment'));
  host.endProcess('web', 1);
  await clock.flush();
  assert.is(state(process), 'Configured');
  host.failWith('create', 'web', null);
  await clock.advance(60_000);
  assert.is(state(process), 'Running');
  assert.is(process.records.containers.get('web')?.restartCount, 1);
});

test('a daemon that starts adopts what runs without restarting it, and catches up with what ended', async () => {
  const { world, process, host, clock } = await daemon();
  await applyNow(process, [
    containerManifest('web'),
    containerManifest('job', { restartPolicy: 'Never' }),
    containerManifest('db'),
  ]);
  await process.reconciler.stop();
  host.endProcess('job', 7);
  host.endProcess('db', 1);
  const pid = host.instanceOf('web')?.pid;
  const { process: next } = await daemon(world);
  await clock.advance(100);
  assert.is(next.records.containers.get('web')?.pid, pid);
  assert.is(state(next, 'job'), 'Exited');
  assert.is(next.records.containers.get('job')?.exit?.code, 7);
  assert.is(state(next, 'db'), 'Running');
  assert.is(host.calls.filter((call) => call === 'start web').length, 1);
});

test('[state.exit-file] a process whose monitor is gone counts as ended with -1, and is started again', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  host.loseMonitor('web');
  await clock.advance(60_000);
  assert.is(state(process), 'Running');
  assert.is(process.records.containers.get('web')?.previousExit?.code, -1);
});

test('[state.oom] a container that the kernel killed for memory is marked so', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web', { restartPolicy: 'Never' })]);
  const died: unknown[] = [];
  process.events.subscribe((event) => event.type === 'died' && died.push(event.attributes));
  host.endProcess('web', 137, { oomKilled: true });
  await clock.flush();
  assert.is(process.records.containers.get('web')?.exit?.oomKilled, true);
  assert.equal(died, [{ exitCode: '137', oomKilled: 'true' }]);
});

test('that a process ends is no failure for whoever has killed it', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web', { restartPolicy: 'Never' })]);
  host.endProcess('web', 137);
  await clock.flush();
  const hasFailed = async (failures: 'steps' | 'last') => {
    const { resources } = await process.reconciler.settle([WEB], { waitMs: null, failures });
    return resources[0]?.failed;
  };
  assert.equal([await hasFailed('steps'), await hasFailed('last')], [false, true]);
});

test('[state.reset-on-reboot] after a reboot what ran runs again, what had ended stays so, and counts begin anew', async () => {
  const { world, process, host, clock } = await daemon();
  await applyNow(process, [
    containerManifest('web'),
    containerManifest('once', { restartPolicy: 'Never' }),
    containerManifest('quiet', { restartPolicy: 'UnlessStopped' }),
    containerManifest('loud'),
    podManifest('duo'),
  ]);
  host.endProcess('once', 0);
  host.endProcess('web', 1);
  await clock.flush();
  const names = [
    { kind: 'Container' as const, name: 'quiet' },
    { kind: 'Container' as const, name: 'loud' },
  ];
  await process.reconciler.act({ verb: 'stop', names, signal: null, timeoutMs: null });
  await process.reconciler.settle(names, { waitMs: null });
  await process.reconciler.stop();
  host.reboot();
  const { process: next } = await daemon(world, true);
  await clock.advance(1000);
  const states = Object.fromEntries(
    next.records.containers.list().map((record) => [record.name, record.state]),
  );
  assert.equal(states, {
    'duo.app': 'Running',
    loud: 'Running',
    once: 'Exited',
    quiet: 'Exited',
    web: 'Running',
  });
  assert.is(next.records.containers.get('web')?.restartCount, 0);
  assert.is(next.records.containers.get('web')?.pid, host.instanceOf('web')?.pid);
  assert.ok(next.records.pods.get('duo')?.prepared);
  assert.equal(next.errors, []);
});

test('a resource belongs to its source: another one is refused with the name of the owner, and nothing is changed', async () => {
  const { process, host } = await daemon();
  const directory = { source: 'directory', prune: null, conflicts: 'refuse' } as const;
  const owned = { manifest: containerManifest('web'), file: '/etc/tsctr.d/web.yaml' };
  await process.reconciler.accept([owned], directory);
  await process.reconciler.settle([WEB], { waitMs: null });
  const calls = host.calls.length;
  try {
    await applyNow(process, [
      containerManifest('other'),
      containerManifest('web', { image: 'localhost/demo:2' }),
    ]);
    assert.unreachable('it was accepted');
  } catch (error) {
    assert.instance(error, OwnershipError);
    assert.match(
      (error as Error).message,
      /container\/web: it belongs to directory \/etc\/tsctr.d\/web.yaml/,
    );
  }
  assert.is(process.records.containers.get('other'), null);
  assert.is(host.calls.length, calls);
  try {
    await process.reconciler.requestDeletion([WEB], { ignoreMissing: false, force: false });
    assert.unreachable('it was deleted');
  } catch (error) {
    assert.instance(error, OwnershipError);
  }
});

test('what is no longer in the source is removed, and nothing else is touched', async () => {
  const { process, host } = await daemon();
  await applyNow(process, [containerManifest('web'), containerManifest('db')], { file: '/a.yaml' });
  await applyNow(process, [containerManifest('other')], { file: '/b.yaml' });
  await applyNow(process, [containerManifest('web')], { file: '/a.yaml', prune: true });
  assert.equal(
    process.records.containers.list().map(({ name }) => name),
    ['other', 'web'],
  );
  assert.is(host.instanceOf('db'), undefined);
  assert.is(host.calls.filter((call) => call.startsWith('stop')).join(), 'stop db');
});

test('a directory prunes all but the files that it keeps', async () => {
  const { process, clock } = await daemon();
  const own = (name: string) => ({ manifest: containerManifest(name), file: `/d/${name}.yaml` });
  const directory = { source: 'directory', conflicts: 'skip' } as const;
  await process.reconciler.accept([own('web'), own('db'), own('bad')], { ...directory, prune: null });
  process.reconciler.wake();
  await clock.advance(100);
  const accepted = await process.reconciler.accept([own('web')], {
    ...directory,
    prune: { allBut: new Set(['/d/bad.yaml']) },
  });
  assert.equal(accepted.dropped, [{ kind: 'Container', name: 'db' }]);
  process.reconciler.wake(accepted.resources);
  await clock.advance(100);
  assert.equal(
    process.records.containers.list().map(({ name }) => name),
    ['bad', 'web'],
  );
});

test('a dry run says what would be done, and touches nothing', async () => {
  const { process, host, world } = await daemon();
  await applyNow(process, [
    containerManifest('web', { env: [{ name: 'LOG_LEVEL', value: 'info' }] }),
    containerManifest('api', { resources: { limits: { memory: '64Mi' } } }),
    containerManifest('old'),
    containerManifest('same'),
    podManifest('duo'),
  ]);
  const calls = [...host.calls];
  const disk = JSON.stringify([...world.disk.containers, ...world.disk.pods]);
  const manifests = [
    containerManifest('web', { env: [{ name: 'LOG_LEVEL', value: 'debug' }] }),
    containerManifest('api', { resources: { limits: { memory: '128Mi' } } }),
    containerManifest('same', { restartPolicy: 'OnFailure' }),
    containerManifest('new', { dependsOn: ['web'] }),
    podManifest('duo', { containers: [{ name: 'app', image: 'localhost/demo:2' }] }),
  ];
  const plan = await process.reconciler.plan(
    manifests.map((manifest) => ({ manifest, file: '/etc/web.yaml' })),
    { source: 'apply', prune: new Set(['/etc/web.yaml']), conflicts: 'refuse' },
  );
  assert.equal(
    plan.map(({ resource, action, reasons }) => `${resource.name} ${action}: ${reasons.join('; ')}`),
    [
      'web restart: spec.env[LOG_LEVEL]: info → debug',
      'api in place: spec.resources.limits.memory: 64Mi → 128Mi',
      'same in place: spec.restartPolicy: Always → OnFailure',
      'new create: does not exist yet; image localhost/demo:1',
      'duo recreate: containers[app]: spec.image: localhost/demo:1 → localhost/demo:2; containers[app]: image localhost/demo:2',
      'old remove: is to be deleted',
    ],
  );
  assert.equal(host.calls, calls);
  assert.is(JSON.stringify([...world.disk.containers, ...world.disk.pods]), disk);
});

test('[life.deps] a container waits for those that it depends on, and is started as soon as they run and are ready', async () => {
  const { process, clock, host } = await daemon();
  const db = containerManifest('db', { readinessProbe: { exec: { command: ['ready'] } } });
  host.execResult = () => ({ exitCode: 1, output: 'not yet' });
  await applyNow(process, [containerManifest('web', { dependsOn: ['db'] })]);
  assert.match(JSON.stringify(process.reconciler.outcomeOf(WEB)), /dependency-not-running.*db/);
  await applyNow(process, [db]);
  await clock.advance(30_000);
  assert.is(state(process, 'db'), 'Running');
  assert.is(state(process, 'web'), 'Configured');
  host.execResult = () => ({ exitCode: 0, output: '' });
  await clock.advance(10_000);
  assert.is(state(process, 'web'), 'Running');
});

test('[life.deps] a circle of dependencies is refused, and the error shows it', async () => {
  const { process } = await daemon();
  await applyNow(process, [containerManifest('a', { dependsOn: ['b'] })]);
  try {
    await applyNow(process, [containerManifest('b', { dependsOn: ['a'] })]);
    assert.unreachable('it was accepted');
  } catch (error) {
    assert.instance(error, DependencyCycleError);
    assert.match((error as Error).message, /a → b → a|b → a → b/);
  }
});

test('a pod runs its init containers one after the other, then the others', async () => {
  const { process, host, clock } = await daemon();
  const order: string[] = [];
  host.onStart = (name) => {
    order.push(name);
    return null;
  };
  await applyNow(process, [
    podManifest('duo', {
      initContainers: [
        { name: 'first', image: 'localhost/demo:1' },
        { name: 'second', image: 'localhost/demo:1' },
      ],
      containers: [
        { name: 'app', image: 'localhost/demo:1' },
        { name: 'side', image: 'localhost/demo:1' },
      ],
    }),
  ]);
  await clock.advance(100);
  assert.equal(order, ['duo.first']);
  host.endProcess('duo.first', 1);
  await clock.advance(100);
  assert.equal(order, ['duo.first', 'duo.first'], 'one that failed is tried again');
  host.endProcess('duo.first', 0);
  await clock.advance(100);
  assert.equal(order.slice(2), ['duo.second']);
  host.endProcess('duo.second', 0);
  await clock.advance(100);
  assert.equal(order.slice(3).sort(), ['duo.app', 'duo.side']);
  assert.is(process.reconciler.outcomeOf({ kind: 'Pod', name: 'duo' })?.kind, 'settled');
  assert.equal(process.errors, []);
});

test('a pod whose init container fails for good says so, and starts nothing else', async () => {
  const { process, host, clock } = await daemon();
  host.onStart = () => 3;
  const init = [{ name: 'setup', image: 'localhost/demo:1' }];
  const result = await applyNow(
    process,
    [podManifest('duo', { initContainers: init, restartPolicy: 'Never' })],
    {
      waitMs: 60_000,
    },
  );
  await clock.flush();
  assert.ok(result.resources[0]?.failed);
  assert.is(process.records.containers.get('duo.app')?.request, null);
  assert.match(
    JSON.stringify(process.reconciler.outcomeOf({ kind: 'Container', name: 'duo.app' })),
    /init-failed/,
  );
});

test('a member that is added to a pod or taken from it leaves the others alone', async () => {
  const { process, host, clock } = await daemon();
  const app = { name: 'app', image: 'localhost/demo:1' };
  const side = { name: 'side', image: 'localhost/demo:1' };
  await applyNow(process, [podManifest('duo', { containers: [app] })]);
  const pid = host.instanceOf('duo.app')?.pid;
  await applyNow(process, [podManifest('duo', { containers: [app, side] })]);
  assert.is(host.instanceOf('duo.side')?.runtime, 'running');
  await applyNow(process, [podManifest('duo', { containers: [app] })]);
  await clock.advance(100);
  assert.is(host.instanceOf('duo.side'), undefined);
  assert.is(process.records.containers.get('duo.side'), null);
  assert.is(host.instanceOf('duo.app')?.pid, pid);
});

test('a deleted pod takes its members with it, then its namespaces, then its record', async () => {
  const { process, host, world } = await daemon();
  await applyNow(process, [podManifest('duo')]);
  const pod: ResourceName = { kind: 'Pod', name: 'duo' };
  const found = await process.reconciler.requestDeletion([pod], { ignoreMissing: false, force: false });
  const result = await process.reconciler.settle(found, { waitMs: 10_000 });
  assert.equal([result.timedOut, result.resources[0]?.outcome], [false, null]);
  assert.is(
    host.instances.size + host.pinnedPods.size + world.disk.containers.size + world.disk.pods.size,
    0,
  );
  assert.equal(host.calls.slice(-2), ['remove duo.app', 'release duo']);
});

test('pod namespaces that are wanted otherwise are made anew, and the members join them', async () => {
  const { process, host } = await daemon();
  await applyNow(process, [podManifest('duo')]);
  await applyNow(process, [podManifest('duo', { hostname: 'other' })]);
  const from = host.calls.indexOf('start duo.app') + 1;
  assert.equal(host.calls.slice(from), [
    'release duo',
    'prepare duo',
    'stop duo.app',
    'cleanup duo.app',
    'create duo.app',
    'start duo.app',
  ]);
});

async function actNow(
  process: FakeProcess,
  verb: 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'resume',
  resource = WEB,
) {
  await process.reconciler.act({ verb, names: [resource], signal: null, timeoutMs: null });
  return process.reconciler.settle([resource], { waitMs: null });
}

test('[life.restart-policy] a stop by hand lasts, over resyncs and a new daemon, until start lifts it', async () => {
  const { world, process, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  await actNow(process, 'stop');
  assert.is(state(process), 'Exited');
  await clock.advance(300_000);
  await process.reconciler.stop();
  const { process: next } = await daemon(world);
  await clock.advance(300_000);
  assert.is(state(next), 'Exited');
  await actNow(next, 'start');
  assert.is(state(next), 'Running');
});

test('a stop by hand ends with a changed manifest', async () => {
  const { process } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  await actNow(process, 'stop');
  await applyNow(process, [containerManifest('web')]);
  assert.is(state(process), 'Exited', 'the same manifest says nothing new');
  await applyNow(process, [containerManifest('web', { env: [{ name: 'A', value: '1' }] })]);
  assert.is(state(process), 'Running');
});

test('[life.pause] pause and resume by hand, and a drift is put right', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  await actNow(process, 'pause');
  assert.is(state(process), 'Paused');
  const instance = host.instanceOf('web');
  assert.is(instance?.runtime, 'paused');
  await actNow(process, 'resume');
  assert.is(state(process), 'Running');
  if (instance !== undefined) instance.runtime = 'paused';
  await clock.advance(60_000);
  assert.is(instance?.runtime, 'running', 'nobody wanted it paused');
});

test('[life.restart] restart by hand makes the container anew, and starts a completed one as well', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web', { restartPolicy: 'Never' })]);
  const first = host.instanceOf('web')?.pid;
  await actNow(process, 'restart');
  const second = host.instanceOf('web')?.pid;
  assert.is.not(second, first);
  host.endProcess('web', 0);
  await clock.flush();
  assert.is(state(process), 'Exited');
  await actNow(process, 'restart');
  assert.is(state(process), 'Running');
  assert.is(process.records.containers.get('web')?.restartCount, 0);
});

test('kill sends its signal at once, and the restart policy does the rest', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  const pid = host.instanceOf('web')?.pid;
  await actNow(process, 'kill');
  await clock.flush();
  assert.is(process.records.containers.get('web')?.previousExit?.code, 137);
  assert.is(state(process), 'Running');
  assert.is.not(host.instanceOf('web')?.pid, pid);
});

test('[state.guards] a verb that is not legal is refused with the name, the state and the states that would do', async () => {
  const { process, host } = await daemon();
  await applyNow(process, [containerManifest('web', { state: 'Stopped' }), containerManifest('db')]);
  const calls = host.calls.length;
  for (const verb of ['pause', 'resume', 'kill'] as const) {
    try {
      await process.reconciler.act({
        verb,
        names: [{ kind: 'Container', name: 'db' }, WEB],
        signal: null,
        timeoutMs: null,
      });
      assert.unreachable(`${verb} was accepted`);
    } catch (error) {
      assert.instance(error, IllegalStateError);
      assert.match((error as Error).message, /container\/web: it is Configured; \w+ needs it to be one of/);
    }
  }
  assert.is(host.calls.length, calls);
  assert.is(process.records.containers.get('db')?.override, null, 'the first name was not touched either');
});

test('a name that does not exist is an error that says so', async () => {
  const { process } = await daemon();
  try {
    await actNow(process, 'stop');
    assert.unreachable('it was accepted');
  } catch (error) {
    assert.instance(error, NotFoundError);
    assert.match((error as Error).message, /stop container\/web: there is none/);
  }
});

test('[state.lock-free-stop] while one container takes its time to stop, others start and everything can be read', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  let finishStop = (): void => undefined;
  process.engine.containers.stop = () =>
    new Promise((resolve) => {
      finishStop = () => {
        host.endProcess('web', 143);
        resolve();
      };
    });
  await process.reconciler.act({ verb: 'stop', names: [WEB], signal: null, timeoutMs: null });
  process.reconciler.wake([WEB]);
  await clock.flush();
  assert.is(state(process), 'Stopping');
  await applyNow(process, [containerManifest('db')]);
  assert.is(state(process, 'db'), 'Running');
  finishStop();
  await clock.flush();
  assert.is(state(process), 'Exited');
});

test('[state.stop-race] a process that ends by itself just before it is stopped: the stop ends quietly, and says why', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  const observe = process.engine.containers.observe.bind(process.engine.containers);
  let looks = 0;
  process.engine.containers.observe = async (request) => {
    const observation = await observe(request);
    looks += 1;
    // The plan rests on this look; the process ends before the step does.
    if (looks === 1) host.endProcess('web', 3);
    return observation;
  };
  const result = await actNow(process, 'stop');
  await clock.flush();
  assert.not(result.resources[0]?.failed);
  assert.is(state(process), 'Exited');
  assert.is(process.records.containers.get('web')?.exit?.code, 3);
  const stop = process.happened.find(({ type }) => type === 'stop');
  assert.equal(stop?.attributes, { reason: 'its process had ended already' });
  assert.not(host.calls.includes('stop web'));
});

test('a process that ends just before it is paused is no error of the pass: the plan is made anew', async () => {
  const { process, host } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  const observe = process.engine.containers.observe.bind(process.engine.containers);
  let looks = 0;
  process.engine.containers.observe = async (request) => {
    const observation = await observe(request);
    looks += 1;
    // The first look is that of the command, the second that of the plan.
    if (looks === 2) host.endProcess('web', 1);
    return observation;
  };
  const result = await actNow(process, 'pause');
  assert.not(result.resources[0]?.failed);
  assert.is(state(process), 'Paused', 'it was started again, and paused');
});

test('[state.events] what happens to a container is told, with time, kind, name, id and attributes', async () => {
  const { process, host, clock } = await daemon();
  await applyNow(process, [containerManifest('web')]);
  await actNow(process, 'pause');
  await actNow(process, 'resume');
  host.endProcess('web', 5);
  await clock.flush();
  await process.reconciler.requestDeletion([WEB], { ignoreMissing: false, force: false });
  await process.reconciler.settle([WEB], { waitMs: null });
  const events = process.happened;
  assert.equal(
    events.map(({ type }) => type),
    [
      'init',
      'start',
      'pause',
      'unpause',
      'died',
      'cleanup',
      'init',
      'start',
      'restart',
      'stop',
      'died',
      'cleanup',
      'remove',
    ],
  );
  const died = events.find(({ type }) => type === 'died');
  assert.equal(died?.resource, WEB);
  assert.equal(died?.attributes, { exitCode: '5' });
  assert.match(died?.id ?? '', /^[0-9a-f]{64}$/);
  assert.is(died?.time, '2026-01-01T00:00:00.000Z');
});

test('apply waits until everything is as wished, and says when the time was over first', async () => {
  const { process, host, clock } = await daemon();
  host.execResult = () => ({ exitCode: 1, output: '' });
  const manifest = containerManifest('web', { readinessProbe: { exec: { command: ['ready'] } } });
  const waiting = applyNow(process, [manifest], { waitMs: 5000 });
  await clock.advance(5000);
  assert.ok((await waiting).timedOut);
  const again = applyNow(process, [manifest], { waitMs: 30_000 });
  host.execResult = () => ({ exitCode: 0, output: '' });
  await clock.advance(10_000);
  assert.not((await again).timedOut);
  assert.ok(process.records.containers.get('web')?.ready);
});

test('[life.health] a probe that a running container is given has to be answered, and one that is taken away no longer', async () => {
  const { process, host, clock } = await daemon();
  const probed = { readinessProbe: { exec: { command: ['ready'] } } };
  const app = { name: 'app', image: 'localhost/demo:1' };
  const without = [containerManifest('web'), podManifest('duo', { containers: [app] })];
  const withProbe = [
    containerManifest('web', probed),
    podManifest('duo', { containers: [{ ...app, ...probed }] }),
  ];
  await applyNow(process, without, { waitMs: 5000 });
  const pid = host.instanceOf('web')?.pid;
  host.execResult = () => ({ exitCode: 1, output: '' });
  const plan = await process.reconciler.plan(
    withProbe.map((manifest) => ({ manifest, file: '/etc/web.yaml' })),
    { source: 'apply', prune: null, conflicts: 'refuse' },
  );
  assert.equal(
    plan.map(({ action }) => action),
    ['in place', 'in place'],
  );
  const waiting = applyNow(process, withProbe, { waitMs: 5000 });
  await clock.advance(5000);
  const late = await waiting;
  assert.ok(late.timedOut);
  assert.equal(
    late.resources.map(({ changed }) => changed),
    [true, true],
  );
  const { resources, timedOut } = await applyNow(process, without, { waitMs: 5000 });
  assert.not(timedOut);
  assert.equal(
    resources.map(({ changed }) => changed),
    [true, true],
  );
  for (const name of ['web', 'duo.app']) assert.ok(process.records.containers.get(name)?.ready, name);
  assert.is(host.instanceOf('web')?.pid, pid);
});

test('[spec.sdnotify] the engine is told once when the probes say that a container works, and not before', async () => {
  const { process, host, clock } = await daemon();
  host.execResult = () => ({ exitCode: 1, output: '' });
  const readinessProbe = { exec: { command: ['ready'] } };
  await applyNow(process, [containerManifest('web', { readinessProbe, sdNotify: 'healthy' })]);
  const told = (): string[] => host.calls.filter((call) => call === 'notify web');
  await clock.advance(25_000);
  assert.equal(told(), []);
  host.execResult = () => ({ exitCode: 0, output: '' });
  await clock.advance(60_000);
  assert.equal(told(), ['notify web']);
  assert.equal(process.errors, []);
});

test('[life.health] a container whose liveness probe fails three times is restarted, and the back-off counts it', async () => {
  const { process, host, clock } = await daemon();
  const command = ['alive'];
  await applyNow(process, [
    containerManifest('web', { livenessProbe: { exec: { command }, periodSeconds: 5 } }),
  ]);
  const pid = host.instanceOf('web')?.pid;
  host.execResult = () => ({ exitCode: 1, output: 'deadlock' });
  await clock.advance(9000);
  assert.is(host.instanceOf('web')?.pid, pid, 'twice is not enough');
  await clock.advance(5000);
  assert.is.not(host.instanceOf('web')?.pid, pid);
  assert.is(state(process), 'Running');
  assert.is(process.records.containers.get('web')?.failuresInRow, 1);
});

test('[life.health] the other probes wait for the startup probe, and rest while the container is paused', async () => {
  const { process, host, clock } = await daemon();
  const asked: string[] = [];
  let hasStarted = false;
  host.execResult = (_, [command]) => {
    asked.push(command ?? '');
    return { exitCode: command === 'startup' && !hasStarted ? 1 : 0, output: '' };
  };
  const probe = (command: string) => ({
    exec: { command: [command] },
    periodSeconds: 1,
    failureThreshold: 100,
  });
  await applyNow(process, [
    containerManifest('web', {
      startupProbe: probe('startup'),
      livenessProbe: probe('live'),
      readinessProbe: probe('ready'),
    }),
  ]);
  await clock.advance(3500);
  assert.equal([...new Set(asked)], ['startup']);
  assert.is(process.records.containers.get('web')?.ready, false);
  hasStarted = true;
  await clock.advance(2000);
  assert.ok(process.records.containers.get('web')?.ready);
  await actNow(process, 'pause');
  asked.length = 0;
  await clock.advance(10_000);
  assert.equal(asked, []);
  await actNow(process, 'resume');
  await clock.advance(1000);
  assert.equal([...new Set(asked)].sort(), ['live', 'ready']);
});

test('what changes while a pull goes on ends the pull', async () => {
  const { process, host, clock } = await daemon();
  process.engine.images.ensure = (_, __, options) =>
    new Promise((___, reject) => {
      options?.signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  const applying = applyNow(process, [containerManifest('web', { image: 'localhost/huge:1' })]);
  await clock.flush();
  await process.reconciler.requestDeletion([WEB], { ignoreMissing: false, force: false });
  await applying;
  await clock.flush();
  assert.is(process.records.containers.get('web'), null);
  assert.is(host.instances.size, 0);
});

test.run();
