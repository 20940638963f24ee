import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import type { ContainerRecord, KeptCheckpoint } from '../../../schemas/index.ts';
import { FakeService } from '../support/fake-service.ts';
import { containerRecord, memberRecord, NOW, podRecord } from '../support/records.ts';
import { typeCommand } from '../support/type-command.ts';

const KEPT: KeptCheckpoint = {
  id: 3,
  createdAt: new Date(NOW - 120_000).toISOString(),
  memoryBytes: 48 * 2 ** 20,
  sizeBytes: 50 * 2 ** 20,
  path: '/var/lib/tsctr/containers/x/checkpoints/3',
  leftRunning: true,
  by: 'hand',
  ofEarlierRun: false,
  frozenMs: 61.4,
  durationsMs: { freeze: 1, dump: 60, total: 80 },
};

function serviceWith(...records: ContainerRecord[]): FakeService {
  const service = new FakeService();
  service.views = records.map((record) => viewContainer(record, NOW));
  return service;
}

const asked = ({ calls }: FakeService) =>
  calls.findLast(({ method }) => method.startsWith('checkpoints.'))?.request;

test('checkpoint asks for what its options say, and prints the figures', async () => {
  const service = serviceWith(containerRecord('web', { checkpoint: KEPT }));
  const words = ['checkpoint', 'web', '-R', '--tcp-established', '--ext-unix-sockets', '--timeout', '5s'];
  const { code, out } = await typeCommand(service, words);
  assert.is(code, 0);
  assert.equal(asked(service), {
    names: [{ kind: 'Container', name: 'web' }],
    then: 'leave-running',
    allowances: { tcpEstablished: true, externalUnixSockets: true },
    timeoutMs: 5000,
    pin: false,
    by: 'hand',
  });
  assert.match(
    out,
    /memory +48 MiB of 50 MiB in all\n +stood still 61 ms\n +stages +freeze 1 ms, dump 60 ms, total 80 ms/,
  );
});

test('[ckpt.precheckpoint] [ckpt.image] checkpoint asks for copies of memory, a pin and an image', async () => {
  const service = serviceWith(containerRecord('web', { checkpoint: KEPT }));
  const words = [
    'checkpoint',
    'web',
    '--pre-dumps',
    '2',
    '--pin',
    '--image',
    'localhost/c:1',
    '--ignore-volumes',
    '--debug-log',
  ];
  assert.is((await typeCommand(service, words)).code, 0);
  assert.equal(asked(service), {
    names: [{ kind: 'Container', name: 'web' }],
    then: 'stop',
    allowances: { debugLog: true },
    timeoutMs: null,
    pin: true,
    preDumps: 2,
    by: 'hand',
    image: 'localhost/c:1',
    archive: { file: null, compression: 'none', leaveOut: ['volumes'] },
  });
  for (const count of ['x', '17', '-1']) {
    const { err } = await typeCommand(service, ['checkpoint', 'web', `--pre-dumps=${count}`]);
    assert.match(err, /--pre-dumps .*: expected a number from 0 to 16/, count);
  }
});

test('checkpoint remove wants to be told which of several, and takes --all', async () => {
  const older = { ...KEPT, id: 2 };
  const service = serviceWith(containerRecord('web', { checkpoint: KEPT, olderCheckpoints: [older] }));
  assert.match(
    (await typeCommand(service, ['checkpoint', 'remove', 'web'])).err,
    /say which: web@3, web@2, or --all/,
  );
  assert.match((await typeCommand(service, ['checkpoint', 'remove', 'web@7'])).err, /has none of number 7/);
  assert.is((await typeCommand(service, ['checkpoint', 'remove', 'web@2'])).code, 0);
  assert.equal(asked(service), [{ container: 'web', checkpoint: 2 }]);
  assert.is((await typeCommand(service, ['checkpoint', 'remove', 'web', '--all'])).code, 0);
  assert.equal(asked(service), [
    { container: 'web', checkpoint: 3 },
    { container: 'web', checkpoint: 2 },
  ]);
});

test('checkpoint --on-shutdown takes those that want it and run, and nothing to do is no error', async () => {
  const manifest = containerRecord('db').manifest;
  if (manifest === null) throw new Error('a record without a manifest');
  const wanting = { ...manifest, spec: { ...manifest.spec, checkpoint: { onShutdown: true } } };
  const service = serviceWith(
    containerRecord('web'),
    containerRecord('db', { manifest: wanting }),
    containerRecord('off', { manifest: wanting, state: 'Exited' }),
  );
  assert.is((await typeCommand(service, ['checkpoint', '--on-shutdown'])).code, 0);
  assert.equal((asked(service) as { names: unknown }).names, [{ kind: 'Container', name: 'db' }]);
  assert.is((asked(service) as { by: string }).by, 'shutdown');
  assert.is(
    (await typeCommand(serviceWith(containerRecord('web')), ['checkpoint', '--on-shutdown'])).code,
    0,
  );
});

test('checkpoint without a name, and options that exclude each other, are refused', async () => {
  for (const [words, message] of [
    [['checkpoint'], /no name was given/],
    [['checkpoint', 'web', '--all'], /exclude each other/],
    [['checkpoint', 'web', '--tcp-established', '--tcp-close'], /exclude each other/],
    [['checkpoint', 'weeb'], /did you mean container\/web/],
  ] as const) {
    const { code, err } = await typeCommand(serviceWith(containerRecord('web')), [...words]);
    assert.is.not(code, 0);
    assert.match(err, message, words.join(' '));
  }
});

test('checkpoint --check says what the engine found, and its exit code does', async () => {
  const service = serviceWith(containerRecord('web'));
  const { code, out } = await typeCommand(service, ['checkpoint', 'web', '--check', '--file-locks']);
  assert.is(code, 0);
  assert.match(out, /container\/web can be checkpointed/);
  assert.equal(asked(service), { container: 'web', allowances: { fileLocks: true } });
});

test('checkpoint list, show and prune', async () => {
  const service = serviceWith(
    containerRecord('web', { checkpoint: KEPT }),
    containerRecord('old', { checkpoint: { ...KEPT, ofEarlierRun: true } }),
    containerRecord('none'),
  );
  const { out } = await typeCommand(service, ['checkpoint', 'list']);
  assert.match(out, /web@3 +2m\S* +48 MiB +50 MiB +hand +of the present run/);
  assert.match(out, /old@3 .* of an earlier run/);
  assert.not.match(out, /none/);
  assert.match(
    (await typeCommand(service, ['checkpoint', 'show', 'web'])).out,
    /checkpoint web@3 .* by hand\n +memory +48 MiB/,
  );
  assert.match((await typeCommand(service, ['checkpoint', 'show', 'none'])).err, /container\/none has none/);
  assert.match((await typeCommand(service, ['checkpoint', 'prune'])).out, /1 removed, 50 MiB freed/);
  assert.equal(asked(service), [{ container: 'old', checkpoint: 3 }]);
});

test('restore asks for the names', async () => {
  const service = serviceWith(containerRecord('web', { state: 'Checkpointed', checkpoint: KEPT }));
  assert.is((await typeCommand(service, ['restore', 'web'])).code, 0);
  const names = [{ kind: 'Container', name: 'web' }];
  assert.equal(asked(service), { names, archive: null, ignore: [] });
  const words = [
    'restore',
    'web',
    '--from',
    '/a.tar',
    '--ignore',
    'volume-exists',
    '--force-image',
    '--lazy-pages',
  ];
  const another = serviceWith(containerRecord('web', { state: 'Exited' }));
  assert.is((await typeCommand(another, words)).code, 0);
  assert.equal(asked(another), {
    names,
    archive: '/a.tar',
    ignore: ['volume-exists', 'image'],
    lazyPages: true,
  });
  const refused = await typeCommand(service, ['restore', 'web', '--ignore', 'rights']);
  assert.match(refused.err, /--ignore rights: expected one of cpu-features, /);
});

test('[restore.stats] restore tells how long each stage took', async () => {
  const durationsMs = { prepare: 20, restore: 61, total: 84 };
  const restored = {
    at: KEPT.createdAt,
    checkpointCreatedAt: KEPT.createdAt,
    durationsMs,
    why: 'hand',
  } as const;
  const service = serviceWith(containerRecord('web', { restored }), containerRecord('other', { restored }));
  service.events = [{ resource: { kind: 'Container', name: 'web' }, what: 'restored', detail: 'pid 7' }];
  const { out } = await typeCommand(service, ['restore', 'web']);
  assert.match(
    out,
    /^container\/web +restored +pid 7\n +stages +prepare 20 ms, restore 61 ms, total 84 ms\n\d/,
  );
  const json = JSON.parse((await typeCommand(service, ['restore', 'web', '-o', 'json'])).out) as object;
  assert.equal((json as { restored: unknown }).restored, [{ container: 'web', durationsMs }]);
});

test('a pod whose containers are all in their checkpoints says so', () => {
  const members = ['a', 'b'].map((name) => memberRecord('db', name, { state: 'Checkpointed', ready: false }));
  assert.is(viewPod(podRecord('db', ['a', 'b']), members, NOW).status, 'Checkpointed');
});

test('get says how large a checkpoint is and how old, and after what it was restored', () => {
  const words = (changes: Partial<ContainerRecord>) => {
    const { status, note } = viewContainer(containerRecord('web', changes), NOW);
    return `${status}: ${note}`;
  };
  assert.is(words({ state: 'Checkpointed', pid: null, checkpoint: KEPT }), 'Checkpointed: 50 MiB, 2 min ago');
  const manifest = containerRecord('web').manifest;
  if (manifest === null) throw new Error('a record without a manifest');
  const restored = { at: KEPT.createdAt, checkpointCreatedAt: KEPT.createdAt, durationsMs: {} };
  const previousExit = { code: 137, finishedAt: KEPT.createdAt, oomKilled: true };
  const crashed: Partial<ContainerRecord> = {
    state: 'Restored',
    manifest: { ...manifest, spec: { ...manifest.spec, restore: { onCrash: { tries: 3 } } } },
    restored: { ...restored, why: 'crash' },
    restoresInRow: 2,
    previousExit,
  };
  assert.is(words(crashed), 'Running: restored after running out of memory, try 2 of 3');
  assert.is(
    words({ state: 'Restored', restored: { ...restored, why: 'boot' } }),
    'Running: restored after the boot',
  );
});

test.run();
