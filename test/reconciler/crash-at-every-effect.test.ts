import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckpointManifest, Container, Pod } from '../../schemas/index.ts';
import { crashAt } from '../support/crash.ts';
import {
  containerManifest,
  createFakeWorld,
  declaredCheckpoint,
  podManifest,
  startFakeProcess,
  type FakeProcess,
  type FakeWorld,
} from '../support/fake-process.ts';

type Manifests = readonly (Container | Pod | CheckpointManifest)[];

/** One change of what is wanted, made by a process that dies in the middle of it. */
interface Scenario {
  title: string;
  /** One after the other. */
  before: Manifests | readonly Manifests[];
  change: (process: FakeProcess) => Promise<unknown>;
  after: (world: FakeWorld, process: FakeProcess) => void;
  /** How often the process of the container may have been started in all, at most. */
  mostStarts?: number;
  /** Where it would go on for ever: how many are looked at. */
  boundaries?: number;
}

const FILE = '/etc/web.yaml';

async function accept({ reconciler }: FakeProcess, manifests: Manifests): Promise<void> {
  await reconciler.accept(
    manifests.map((manifest) => ({ manifest, file: FILE })),
    { source: 'apply', prune: new Set([FILE]), conflicts: 'refuse' },
  );
  reconciler.wake();
}

const web = containerManifest('web');
const CHECKPOINT = 'r.example/web-ckpt:1';
const ARCHIVE = { archive: { path: '/backup/web.tar' } };

const scenarios: Scenario[] = [
  {
    title: 'create and start',
    before: [],
    change: (process) => accept(process, [web]),
    after: isRunning,
    mostStarts: 1,
  },
  {
    title: 'a job that has ended before its start is noted',
    before: [],
    change: (process) => accept(process, [containerManifest('job', { restartPolicy: 'Never' })]),
    after({ host }, { records }) {
      const { state, exit, intent } = records.containers.get('job') ?? {};
      assert.equal([state, exit?.code, intent], ['Exited', 0, null]);
      assert.is(host.instanceOf('job')?.starts, 1);
    },
  },
  {
    title: 'stop by hand',
    before: [web],
    async change({ reconciler }) {
      const names = [{ kind: 'Container' as const, name: 'web' }];
      await reconciler.act({ verb: 'stop', names, signal: null, timeoutMs: null });
      reconciler.wake();
    },
    after({ host }, { records }) {
      assert.is(host.instanceOf('web')?.runtime, 'none');
      assert.is(host.instanceOf('web')?.mounted, false);
      assert.is(records.containers.get('web')?.state, 'Exited');
    },
  },
  {
    title: 'deletion',
    before: [web],
    async change({ reconciler }) {
      const names = [{ kind: 'Container' as const, name: 'web' }];
      await reconciler.requestDeletion(names, { ignoreMissing: false, force: false });
      reconciler.wake();
    },
    after: isEmpty,
  },
  {
    title: 'a restart with another environment',
    before: [web],
    change: (process) => accept(process, [containerManifest('web', { env: [{ name: 'A', value: '1' }] })]),
    after(world, process) {
      isRunning(world, process);
      assert.equal(world.host.instanceOf('web')?.request.spec.env, [{ name: 'A', value: '1' }]);
    },
  },
  {
    title: 'a new instance from another image',
    before: [web],
    change: (process) => accept(process, [containerManifest('web', { image: 'localhost/demo:2' })]),
    after(world, process) {
      isRunning(world, process);
      assert.is(world.host.instanceOf('web')?.request.image?.reference, 'localhost/demo:2');
    },
  },
  {
    title: 'limits changed in place',
    before: [web],
    change: (process) =>
      accept(process, [containerManifest('web', { resources: { limits: { memory: '64Mi' } } })]),
    after(world, process) {
      isRunning(world, process);
      assert.equal(world.host.instanceOf('web')?.request.spec.resources?.limits, { memory: '64Mi' });
    },
    mostStarts: 1,
  },
  {
    title: 'pausing',
    before: [web],
    change: (process) => accept(process, [containerManifest('web', { state: 'Paused' })]),
    after({ host }, { records }) {
      assert.is(host.instanceOf('web')?.runtime, 'paused');
      assert.is(records.containers.get('web')?.state, 'Paused');
    },
    mostStarts: 1,
  },
  {
    title: 'going into a checkpoint',
    before: [web],
    change: (process) => accept(process, [containerManifest('web', { state: 'Checkpointed' })]),
    after({ host }, { records }) {
      const [record, instance] = [records.containers.get('web'), host.instanceOf('web')];
      assert.is(record?.state, 'Checkpointed');
      assert.equal([instance?.runtime, instance?.mounted], ['none', false]);
      assert.is(record?.checkpoint?.createdAt, instance?.checkpoint?.createdAt);
      assert.is(instance?.newCheckpoint, null, 'nothing is left over');
      assert.ok(instance?.checkpoint);
    },
    mostStarts: 1,
  },
  {
    title: 'coming back from a checkpoint',
    before: [[web], [containerManifest('web', { state: 'Checkpointed' })]],
    change: (process) => accept(process, [web]),
    after({ host }, { records }) {
      const [record, instance] = [records.containers.get('web'), host.instanceOf('web')];
      assert.equal([record?.state, instance?.runtime], ['Restored', 'running']);
      assert.equal([record?.pid, record?.intent], [instance?.pid, null]);
      assert.equal([record?.checkpoint, instance?.checkpoint], [null, null]);
    },
    mostStarts: 1,
  },
  {
    title: 'a checkpoint of what goes on',
    before: [containerManifest('web', { checkpoint: { interval: '3s' } })],
    change: () => Promise.resolve(),
    after({ host }, { records }) {
      const [record, instance] = [records.containers.get('web'), host.instanceOf('web')];
      assert.equal([record?.state, instance?.runtime], ['Running', 'running']);
      assert.equal([instance?.newCheckpoint, instance?.checkpoint?.leftRunning], [null, true]);
      assert.is(record?.checkpoint?.createdAt, instance?.checkpoint?.createdAt);
    },
    mostStarts: 1,
    boundaries: 20,
  },
  {
    title: '[restore.from] beginning with the image of a checkpoint',
    before: [],
    change: (process) =>
      accept(process, [containerManifest('web', { restore: { from: { image: CHECKPOINT } } })]),
    after({ host }, { records }) {
      const [record, instance] = [records.containers.get('web'), host.instanceOf('web')];
      assert.equal([record?.state, record?.intent, instance?.runtime], ['Restored', null, 'running']);
      assert.equal([record?.restored?.image, instance?.starts], [CHECKPOINT, 0]);
    },
    mostStarts: 0,
  },
  {
    title: '[ckpt.declared] a declared checkpoint that becomes an archive',
    before: [web],
    change: (process) => accept(process, [web, declaredCheckpoint('safe', { keep: true, to: ARCHIVE })]),
    after({ host }, { records }) {
      const [record, instance] = [records.containers.get('web'), host.instanceOf('web')];
      const status = statusOf(records);
      assert.is(status.conditions[0]?.reason, 'Completed');
      assert.equal([record?.state, record?.intent, instance?.runtime], ['Running', null, 'running']);
      // Once: nothing that a process made and did not tell of is left.
      assert.equal(
        instance?.checkpoints.map(({ id }) => id),
        [status.saved?.number],
      );
      assert.equal([record?.checkpoint?.declared?.name, record?.olderCheckpoints], ['safe', []]);
      assert.ok(host.archives.has(ARCHIVE.archive.path));
      const begun = host.calls.filter((call) => call === 'checkpoint web').length;
      assert.ok(begun <= status.attempts, `made ${String(begun)} times in ${String(status.attempts)} tries`);
      assert.is(status.failures, 0);
    },
    mostStarts: 1,
  },
  {
    title: '[ckpt.declared] a declared checkpoint that ends the container',
    before: [web],
    change: (process) => accept(process, [web, declaredCheckpoint('safe', { leaveRunning: false })]),
    after({ host }, { records }) {
      const [record, instance] = [records.containers.get('web'), host.instanceOf('web')];
      const status = statusOf(records);
      assert.is(status.conditions[0]?.reason, 'Completed');
      assert.equal([record?.state, record?.override], ['Checkpointed', 'Checkpointed']);
      assert.equal([instance?.runtime, instance?.mounted, instance?.restores], ['none', false, 0]);
      assert.equal(
        instance?.checkpoints.map(({ id }) => id),
        [status.saved?.number],
      );
    },
    mostStarts: 1,
  },
  {
    title: '[ckpt.declared] the deletion of a declared checkpoint, with what it has made',
    before: [web, declaredCheckpoint('safe', { keep: true, to: ARCHIVE, reclaimPolicy: 'Delete' })],
    change: (process) => accept(process, [web]),
    after({ host, disk }, { records }) {
      assert.equal([host.instanceOf('web')?.checkpoints, [...host.archives]], [[], []]);
      assert.equal([disk.checkpoints.size, records.containers.get('web')?.checkpoint], [0, null]);
    },
    mostStarts: 1,
  },
  {
    title: 'a pod with an init container',
    before: [],
    change: (process) =>
      accept(process, [
        podManifest('duo', {
          initContainers: [{ name: 'setup', image: 'localhost/demo:1' }],
          containers: [{ name: 'app', image: 'localhost/demo:1' }],
        }),
      ]),
    after({ host }, { records }) {
      assert.is(host.instanceOf('duo.app')?.runtime, 'running');
      assert.is(records.containers.get('duo.setup')?.exit?.code, 0);
      assert.is(records.pods.get('duo')?.prepared, true);
    },
  },
  {
    title: 'the deletion of a pod',
    before: [podManifest('duo')],
    change: (process) => accept(process, []),
    after: isEmpty,
  },
];

function statusOf(records: FakeProcess['records']) {
  const record = records.checkpoints.get('safe');
  if (record === null) throw new Error('there is no record of checkpoint/safe');
  return record.status;
}

function isRunning({ host }: FakeWorld, { records }: FakeProcess): void {
  const record = records.containers.get('web');
  const instance = host.instanceOf('web');
  assert.is(instance?.runtime, 'running');
  assert.is(record?.state, 'Running');
  assert.is(record?.intent, null);
  assert.is(record?.pid, instance?.pid);
  assert.is(host.instances.size, 1, 'nothing is left over');
}

function isEmpty({ host, disk }: FakeWorld): void {
  assert.is(host.instances.size, 0);
  assert.is(host.pinnedPods.size, 0);
  assert.is(disk.containers.size, 0);
  assert.is(disk.pods.size, 0);
}

/** A world in which `before` has come true. */
async function worldWith(before: Scenario['before']): Promise<FakeWorld> {
  const world = createFakeWorld();
  world.host.images.set(CHECKPOINT, { id: `sha256:${'c'.repeat(64)}` });
  world.host.onStart = (name) => (name.endsWith('.setup') || name === 'job' ? 0 : null);
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted: false });
  for (const manifests of isSeries(before) ? before : [before]) {
    await accept(process, manifests);
    await world.clock.advance(1000);
  }
  await process.reconciler.stop();
  return world;
}

function isSeries(before: Scenario['before']): before is readonly Manifests[] {
  return Array.isArray(before[0]);
}

/** Runs the change in a process that dies at its `index`-th boundary, and then another process until all is quiet. */
async function crashAndGoOn(scenario: Scenario, index: number): Promise<string | null> {
  const world = await worldWith(scenario.before);
  const crash = crashAt(index);
  const dying = startFakeProcess(world, crash.boundary);
  await dying.reconciler.start({ rebooted: false });
  await world.clock.flush();
  const said: true[] = [];
  void scenario.change(dying).then(() => said.push(true));
  await world.clock.advance(2000);
  const next = startFakeProcess(world);
  await next.reconciler.start({ rebooted: false });
  // A wish that had not been written when the process died has to be said again.
  if (said.length === 0) await scenario.change(next);
  await world.clock.advance(120_000);
  scenario.after(world, next);
  const instance = world.host.instanceOf('web');
  if (scenario.mostStarts !== undefined && instance !== undefined) {
    assert.ok(instance.starts <= scenario.mostStarts, `started ${String(instance.starts)} times`);
  }
  assert.equal([...dying.errors, ...next.errors], []);
  await next.reconciler.stop();
  return crash.crashedAt();
}

for (const scenario of scenarios) {
  test(`killed at every effect of ${scenario.title}, the next process brings about what is wanted`, async () => {
    let index = 1;
    for (; index < (scenario.boundaries ?? 500); index += 1) {
      let crashed: string | null = null;
      try {
        crashed = await crashAndGoOn(scenario, index);
      } catch (error) {
        throw new Error(`killed at boundary ${String(index)}: ${String(error)}`, { cause: error });
      }
      if (crashed === null) break;
    }
    assert.ok(index > 4, `only ${String(index)} boundaries were found`);
    console.log(`${scenario.title}: ${String(index - 1)} boundaries`);
  });
}

test.run();
