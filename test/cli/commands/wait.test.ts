import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import { newCheckpointRecord } from '../../../reconciler/checkpoint/checkpoint-status.ts';
import { noteComplete, noteFailure } from '../../../reconciler/checkpoint/note-checkpoint.ts';
import type { ContainerRecord } from '../../../schemas/index.ts';
import { declaredCheckpoint } from '../../support/fake-process.ts';
import { until } from '../../support/until.ts';
import { FakeService } from '../support/fake-service.ts';
import { ago, containerRecord, ID, memberRecord, NOW, podRecord } from '../support/records.ts';
import { typeCommand } from '../support/type-command.ts';
import type { Typed } from '../support/type-command.ts';

const view = (name: string, changes: Partial<ContainerRecord> = {}) =>
  viewContainer(containerRecord(name, changes), NOW);
const exited = (code: number, finishedAt = ago(0)): Partial<ContainerRecord> => ({
  state: 'Exited',
  pid: null,
  ready: false,
  exit: { code, finishedAt, oomKilled: false },
});
const unready = { ready: false };

function hostWith(...views: FakeService['views']): FakeService {
  const service = new FakeService();
  service.views = views;
  return service;
}

/** Types it, and lets things happen once it waits. */
async function waitWhile(
  service: FakeService,
  args: readonly string[],
  ...happenings: (() => void)[]
): Promise<Typed> {
  const typed = typeCommand(service, ['wait', ...args]);
  if (happenings.length > 0) await until(() => service.watcherCount === 1, { what: 'it waits' });
  for (const happen of happenings) happen();
  return typed;
}

test('tsctr wait prints each as soon as it is ready, and ends with the last', async () => {
  const service = hostWith(view('web', unready), view('db', unready));
  const { code, out, err } = await waitWhile(
    service,
    ['web', 'container/db', '--for=condition=Ready'],
    () => {
      service.change(view('db'));
    },
    () => {
      service.change(view('web', { ...unready, state: 'Paused' }));
    },
    () => {
      service.change(view('web'));
    },
  );
  assert.equal(
    [code, out, err],
    [0, 'container/db      met        condition Ready\ncontainer/web     met        condition Ready\n', ''],
  );
  assert.is(service.watcherCount, 0);
});

test('tsctr wait for what is so already returns at once; -o name and -o json say it to scripts', async () => {
  const service = hostWith(view('web'), view('job', exited(3)));
  assert.is((await waitWhile(service, ['web'])).code, 0, 'condition=Ready is the default');
  assert.is((await waitWhile(service, ['containers', '-l', 'app=web', '-o', 'name'])).out, 'container/web\n');
  const { code, out } = await waitWhile(service, ['job', '--for=exit', '-o', 'json']);
  assert.is(code, 0);
  assert.equal(JSON.parse(out), {
    kind: 'WaitResult',
    timedOut: false,
    resources: [{ name: 'container/job', for: 'exit', met: true, message: 'exit code 3', exitCode: 3 }],
  });
});

test('tsctr wait that is not met in time exits with 3 and says how it stands', async () => {
  const service = hostWith(view('web', { ...unready, lastError: 'no such image' }), view('db'));
  const { code, out, err } = await waitWhile(service, ['web', 'db', '--timeout', '20ms']);
  assert.is(code, 3);
  assert.is(out, 'container/db      met        condition Ready\n');
  assert.is(
    err,
    'container/web: still waiting for condition Ready after 20ms: Ready is False: Running, no such image\n',
  );
  assert.is((await waitWhile(service, ['web', '--timeout=0'])).code, 3, 'looks once');
});

test('tsctr wait --for=exit: of one that has ended and runs again too, of a member of a pod, and of no pod', async () => {
  const service = hostWith(
    view('web', { previousExit: { code: 1, finishedAt: ago(1000), oomKilled: false } }),
  );
  const again = await waitWhile(service, ['web', '--for=exit'], () => {
    service.change(
      view('web', { previousExit: { code: 137, finishedAt: ago(0), oomKilled: true }, restartCount: 1 }),
    );
  });
  assert.equal([again.code, again.out], [0, 'container/web     exited     exit code 137\n']);
  const pod = podRecord('db', ['server']);
  const pods = hostWith(viewPod(pod, [memberRecord('db', 'server')], NOW));
  const member = await waitWhile(pods, ['container/db.server', '--for=exit'], () => {
    pods.change(viewPod(pod, [memberRecord('db', 'server', exited(0))], NOW));
  });
  assert.equal([member.code, member.out], [0, 'container/db.server  exited     exit code 0\n']);
  const refused = await waitWhile(pods, ['pod/db', '--for=exit']);
  assert.is(refused.code, 1);
  assert.match(refused.err, /^pod\/db: waiting for exit is in vain: only containers exit/);
});

test('tsctr wait --for=delete and --for=create: what is not there is gone, and may come', async () => {
  const service = hostWith(view('web'));
  const gone = await waitWhile(service, ['web', 'container/never', '--for=delete'], () => {
    service.change(view('web'), true);
  });
  assert.equal([gone.code, gone.out], [0, 'container/never   deleted\ncontainer/web     deleted\n']);
  const come = await waitWhile(service, ['pod/db', 'web', '--for', 'create'], () => {
    service.change(viewPod(podRecord('db', []), [], NOW));
    service.change(view('web'));
  });
  assert.equal([come.code, come.out], [0, 'pod/db            created\nweb               created\n']);
  const missing = await waitWhile(service, ['web', 'weeb']);
  assert.equal([missing.code, missing.err.split('\n')[0]], [1, 'error: weeb: not found']);
});

test('tsctr wait for a condition of what is removed meanwhile is in vain', async () => {
  const service = hostWith(view('web', unready));
  const { code, err } = await waitWhile(service, ['web', '--timeout=-1s'], () => {
    service.change(view('web'), true);
  });
  assert.equal([code, err], [1, 'container/web: waiting for condition Ready is in vain: not found\n']);
  const unknown = await waitWhile(hostWith(view('web')), ['web', '--for=condition=Redy']);
  assert.match(unknown.err, /there is no condition Redy; there is Ready, AsWished/);
});

test('tsctr wait --for=jsonpath: the values that get -o json prints, in the forms that kubectl takes', async () => {
  const service = hostWith(view('web', { ...unready, state: 'Paused' }));
  for (const goal of [
    "jsonpath='{.status.state}'=Paused",
    'jsonpath={.status.state}=Paused',
    'jsonpath=.status.ready=false',
    'jsonpath=status.containerID',
    'jsonpath={.status.conditions[?(@.type=="Ready")].status}=False',
    'jsonpath={.status.conditions[-1].type}=AsWished',
    "jsonpath={.metadata.labels['app']}=web",
    'condition=ready=false',
  ]) {
    const { code, err } = await waitWhile(service, ['web', `--for=${goal}`, '--timeout=0']);
    assert.is(code, 0, `${goal} ${err}`);
  }
  const open = await waitWhile(service, ['web', '--for=jsonpath={.status.state}=Running', '--timeout=0']);
  assert.equal(
    [open.code, open.err],
    [3, 'container/web: still waiting for {.status.state} is Running after 0: {.status.state} is Paused\n'],
  );
});

test('tsctr wait refuses what it cannot wait for, before it waits', async () => {
  const service = hostWith(view('web'));
  for (const [args, message] of [
    [[], /no resource is named/],
    [['pods'], /no resource is named/],
    [['web', '--all'], /cannot be mixed/],
    [['secret/db'], /a Secret: it has no state/],
    [['web', '--for=readiness'], /'readiness' is nothing to wait for/],
    [['web', '--for=jsonpath={.a[*]}'], /expected the path of one value/],
    [['web', '--timeout', 'soon'], /'soon' is not a duration/],
  ] as const) {
    const { code, err } = await waitWhile(service, args);
    assert.is(code, 2, args.join(' '));
    assert.match(err, message);
  }
  assert.is(
    (await waitWhile(service, ['checkpoints', '--all'])).err.split('\n')[0],
    'error: wait: nothing matches',
  );
});

test('tsctr wait of a Checkpoint: until it is complete, and no longer than until it has failed', async () => {
  const manifest = declaredCheckpoint('safe', { backoffLimit: 0 });
  const owner = { source: 'apply', file: '/srv/safe.yaml' } as const;
  const begun = newCheckpointRecord({ id: ID, owner, manifest, now: NOW });
  const service = new FakeService();
  service.declared = [{ record: begun, isThere: false }];
  const complete = await waitWhile(service, ['checkpoint/safe'], () => {
    service.changeDeclared({ record: noteComplete(begun, NOW), isThere: true });
  });
  assert.equal([complete.code, complete.out], [0, 'checkpoint/safe   met        condition Complete\n']);
  service.declared = [{ record: begun, isThere: false }];
  const failed = await waitWhile(service, ['checkpoint', 'safe', '--for=condition=Complete'], () => {
    const failure = { reason: 'CheckpointFailed', message: 'an io_uring', isFinal: true } as const;
    service.changeDeclared({ record: noteFailure(begun, failure, NOW), isThere: false });
  });
  assert.equal(
    [failed.code, failed.err],
    [1, 'checkpoint/safe: waiting for condition Complete is in vain: it has failed: an io_uring\n'],
  );
});

test('tsctr get checkpoints -w goes on with each change', async () => {
  const manifest = declaredCheckpoint('safe');
  const owner = { source: 'apply', file: '/srv/safe.yaml' } as const;
  const begun = newCheckpointRecord({ id: ID, owner, manifest, now: NOW });
  const service = new FakeService();
  service.declared = [{ record: begun, isThere: false }];
  const end = new AbortController();
  const typed = typeCommand(service, ['get', 'checkpoints', '-w'], { signal: end.signal });
  await until(() => service.watcherCount === 1, { what: 'it watches' });
  service.change(view('web'));
  service.changeDeclared({ record: noteComplete(begun, NOW), isThere: true });
  service.changeDeclared({ record: noteComplete(begun, NOW), isThere: true }, true);
  end.abort();
  const { code, out } = await typed;
  assert.is(code, 130);
  assert.is(
    out,
    [
      'NAME  OF             STATE    SIZE  STOOD STILL  AGE  NOTE',
      'safe  container/web  Pending  -     -            0s   nothing has been tried yet',
      'safe  container/web  Complete  -     -            0s',
      'safe  container/web  Gone      -     -            0s',
      '',
    ].join('\n'),
  );
});

test.run();
