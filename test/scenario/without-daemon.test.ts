import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage } from '../support/demo-image.ts';
import { takeInstanceSnapshot } from '../support/host-snapshot.ts';
import { killProcess } from '../support/kill-process.ts';
import { leftOfInstance } from '../support/left-of-instance.ts';
import { listAll, statusOf, untilStatus } from '../support/listed.ts';
import { containerText } from '../support/manifest-text.ts';
import { runActivated } from '../support/socket-activation.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { until } from '../support/until.ts';

interface Context {
  testRoot: TestRoot;
}

const test = suite<Context>('without a daemon', {} as Context);

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  await importDemoImage(context.testRoot);
});

test.after.each(async ({ testRoot }) => {
  for (const { kind, metadata } of await listAll(testRoot)) {
    await testRoot.output(['delete', `${kind.toLowerCase()}/${metadata.name}`]);
  }
  assert.equal(await leftOfInstance(testRoot), [], 'nothing is left');
});

test.after(async ({ testRoot }) => {
  await testRoot.remove();
});

const QUICK = { initialSeconds: 0.2, maxSeconds: 0.2 };

function apply({ testRoot }: Context, text: string, ...more: string[]): Promise<string> {
  return testRoot.output(['apply', '-f', '-', ...more], { input: text });
}

/** One that fails at once may have done so before the command has ended, which then says so. */
async function applyFailing({ testRoot }: Context, text: string): Promise<void> {
  const { exitCode, stdout, stderr } = await testRoot.tsctr(['apply', '-f', '-'], { input: text });
  assert.ok(exitCode === 0 || exitCode === 1, stdout + stderr);
}

/** A script that fails until it has run `runs` times: its writable layer keeps the count. */
function failUntil(runs: number, delaySeconds = 0): object {
  const script = `sleep ${delaySeconds}; n=$(cat /n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > /n; [ $n -ge ${runs} ]`;
  return { command: ['sh', '-c', script] };
}

test('[spec.listen-fds] a socket that the service manager has passed is the container’s from descriptor 3 on', async ({
  testRoot,
}) => {
  const script =
    'echo "$LISTEN_PID $LISTEN_FDS $LISTEN_FDNAMES" >&4; read line <&4; echo "heard $line" >&4; read end <&4';
  const file = await testRoot.write(
    'listening.yaml',
    containerText('listening', {
      command: ['sh', '-c', script],
      restartPolicy: 'Never',
      listenFdNames: ['unused', 'talk'],
    }),
  );
  const { exitCode, stdout } = await testRoot.tsctr(['apply', '-f', file]);
  assert.is(exitCode, 1, 'this process was given none');
  assert.match(
    stdout,
    /spec\.listenFdNames\[0\]: expected a socket that tsctr was given, found "unused"; it was given none/,
  );
  const {
    exitCode: ended,
    output,
    peers,
  } = await runActivated(testRoot, ['apply', '-f', file, '--wait'], ['talk', 'unused']);
  try {
    const [talk] = peers;
    assert.ok(ended === 0 && talk !== undefined, output);
    assert.is((await talk.lines.next()).value, '1 2 unused:talk');
    talk.write('hello\n');
    assert.is((await talk.lines.next()).value, 'heard hello');
  } finally {
    for (const peer of peers) peer.close();
  }
});

test('[state.events] apply runs it, leaves nobody behind but its monitor, and what has happened can be read', async (context) => {
  const { testRoot } = context;
  const said = await apply(context, containerText('web'), '--wait');
  assert.match(said, /^container\/web +created +image localhost\/demo:1, network none$/m);
  assert.match(said, /^container\/web +running +pid \d+ after \d+ ms$/m);
  const { processes } = await takeInstanceSnapshot(testRoot);
  const names = processes.map((process) => process.split(' ')[1]?.split('/').at(-1)).sort();
  assert.equal(
    names.filter((name) => name !== 'sleep'),
    ['conmon', 'sh'],
  );
  await testRoot.output(['delete', 'container/web']);
  const events = (await testRoot.output(['events', 'container/web', '-o', 'json'])).trim().split('\n');
  assert.equal(
    events.map((line) => (JSON.parse(line) as { type: string }).type),
    ['init', 'start', 'stop', 'died', 'cleanup', 'remove'],
  );
});

test('two that apply at the same time wait for each other, and both succeed', async (context) => {
  const { testRoot } = context;
  const both = await Promise.all(
    ['a', 'b'].map((name) =>
      testRoot.tsctr(['apply', '-f', '-', '--wait'], { input: containerText(name) + containerText('both') }),
    ),
  );
  for (const { exitCode, stdout, stderr } of both) assert.is(exitCode, 0, stdout + stderr);
  assert.equal(both.map(({ stdout }) => stdout.trimEnd().split('\n').at(-1)).sort(), [
    '1 changed, 1 unchanged',
    '2 changed, 0 unchanged',
  ]);
  const items = await listAll(testRoot);
  assert.equal(
    items.map(({ metadata, status }) => [metadata.name, status.state]),
    [
      ['a', 'Running'],
      ['b', 'Running'],
      ['both', 'Running'],
    ],
  );
});

test('what only prints is over when nobody reads it; what changes something goes on to its end, with its exit code', async (context) => {
  const { testRoot } = context;
  const input = containerText('a') + containerText('b') + containerText('c');
  assert.is((await testRoot.tsctr(['apply', '-f', '-'], { input, isCut: true })).exitCode, 0);
  const states = (await listAll(testRoot)).map(({ status }) => status.state);
  assert.equal(states, ['Running', 'Running', 'Running']);
  const unready = containerText('d', { readinessProbe: { exec: { command: ['false'] } } });
  const late = await testRoot.tsctr(['apply', '-f', '-', '--wait=1s'], { input: unready, isCut: true });
  assert.is(late.exitCode, 3);
  const watching = testRoot.tsctr(['get', '-w'], { isCut: true });
  assert.is((await testRoot.tsctr(['delete', 'a', 'b', 'c', 'd'], { isCut: true })).exitCode, 0);
  assert.is((await watching).exitCode, 0);
  assert.equal(await listAll(testRoot), []);
});

test('wait is woken by what other commands do: there, ready, ended, gone', async (context) => {
  const { testRoot } = context;
  const waiting = (goal: string) => testRoot.output(['wait', 'container/job', `--for=${goal}`]);
  const created = waiting('create');
  await apply(context, containerText('job', { restartPolicy: 'Never' }));
  assert.match(await created, /^container\/job +created\n$/);
  assert.match(await waiting('condition=Ready'), /^container\/job +met +condition Ready\n$/);
  const ended = waiting('exit');
  await testRoot.output(['kill', 'job']);
  assert.match(await ended, /^container\/job +exited +exit code 137\n$/);
  const late = await testRoot.tsctr(['wait', 'job', '--timeout=0']);
  assert.is(late.exitCode, 3);
  assert.match(
    late.stderr,
    /^container\/job: still waiting for condition Ready after 0: Ready is False: Exited/,
  );
  const gone = waiting('delete');
  await testRoot.output(['delete', 'job']);
  assert.match(await gone, /^container\/job +deleted\n$/);
});

test('what ends later is cleaned up by itself: no mount, no cgroup, no process stays', async (context) => {
  const { testRoot } = context;
  const spec = { command: ['sh', '-c', 'sleep 0.5; exit 3'], restartPolicy: 'Never' };
  await apply(context, containerText('job', spec), '--wait');
  const status = await untilStatus(testRoot, 'container/job', { what: 'ends' }, (s) => s.state === 'Exited');
  assert.equal([status.exitCode, status.status, status.pid], [3, 'Exited (3)', null]);
  const left = await leftOfInstance(testRoot);
  assert.equal(
    left.filter((line) => !line.startsWith('file ')),
    [],
  );
});

test('[life.restart-policy] OnFailure starts it again until it succeeds', async (context) => {
  const spec = { ...failUntil(3), restartPolicy: 'OnFailure', restartBackoff: QUICK };
  await applyFailing(context, containerText('job', spec));
  const done = await untilStatus(
    context.testRoot,
    'container/job',
    { what: 'succeeds' },
    (s) => s.state === 'Exited' && s.exitCode === 0,
  );
  assert.is(done.restartCount, 2);
  assert.is(done.note, '');
});

test('[life.restart-policy] Always brings it back, also when it was killed', async (context) => {
  const { testRoot } = context;
  await apply(context, containerText('web', { restartPolicy: 'Always' }), '--wait');
  const before = await statusOf(testRoot, 'container/web');
  killProcess(before.pid);
  const after = await untilStatus(
    testRoot,
    'container/web',
    { what: 'comes back' },
    (s) => s.state === 'Running' && s.pid !== before.pid && s.restartCount === 1,
  );
  assert.is(after.containerID, before.containerID);
});

test('[life.restart-policy] a back-off stands in NOTE, and an apply does not wait for its end', async (context) => {
  const { testRoot } = context;
  const failing = { command: ['sh', '-c', 'exit 4'], restartBackoff: { initialSeconds: 60 } };
  await applyFailing(context, containerText('web', failing));
  const status = await untilStatus(
    testRoot,
    'container/web',
    { what: 'backs off' },
    (s) => s.backoffUntil !== null,
  );
  assert.match(status.note, /^back-off, next try in (1m|\d+s|\d+ s)/);
  assert.is(status.restartCount, 1);
  assert.match(
    await testRoot.output(['get']),
    /^Container +web +Exited \(4\) +0\/1 +1 +\d+s +back-off, next try in /m,
  );

  const fixed = await apply(
    context,
    containerText('web', { restartBackoff: { initialSeconds: 60 } }),
    '--wait',
  );
  assert.match(fixed, /^container\/web +restarted/m);
  assert.is((await statusOf(testRoot, 'container/web')).note, '');
});

test('[life.restart-policy] maxRetries ends the tries, and says so', async (context) => {
  const failing = { command: ['sh', '-c', 'exit 4'], restartBackoff: { ...QUICK, maxRetries: 2 } };
  await applyFailing(context, containerText('web', failing));
  const status = await untilStatus(context.testRoot, 'container/web', { what: 'is given up' }, (s) =>
    s.note.startsWith('gave up'),
  );
  assert.match(status.note, /^gave up after \d tries/);
});

/** A container that fails, and is tried again in ten minutes. */
async function backOff(context: Context): Promise<void> {
  const failing = {
    command: ['sh', '-c', 'exit 4'],
    restartBackoff: { initialSeconds: 600, maxSeconds: 600 },
  };
  await applyFailing(context, containerText('web', failing));
  await untilStatus(context.testRoot, 'container/web', { what: 'backs off' }, (s) => s.backoffUntil !== null);
}

test('a delete ends the back-off and whoever waits for it', async (context) => {
  const { testRoot } = context;
  await backOff(context);
  await testRoot.output(['delete', 'container/web']);
  assert.equal(await leftOfInstance(testRoot), []);
});

test('a host that goes down need not wait for who waits for a back-off: SIGTERM ends it', async (context) => {
  const { testRoot } = context;
  await backOff(context);
  const waiting = async (): Promise<number[]> => {
    const { processes } = await takeInstanceSnapshot(testRoot);
    // A monitor that waits for it has it on its own command line.
    return processes
      .filter((process) => / cleanup\b/.test(process) && !/^\d+ \S*conmon /.test(process))
      .map((process) => Number.parseInt(process, 10));
  };
  await until(async () => (await waiting()).length === 1, { what: 'one waits' });
  const [pid] = await waiting();
  killProcess(pid, 'SIGTERM');
  await until(async () => (await waiting()).length === 0, { what: 'it has ended' });
});

test('a daemon that was killed keeps nobody from restarting what ends later', async (context) => {
  const { testRoot } = context;
  const daemon = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
  await daemon.untilOutput(/"msg":"ready"/);
  // An end that the daemon has seen is the next daemon's business: this one comes when there is none.
  const spec = { ...failUntil(4, 2), restartPolicy: 'OnFailure', restartBackoff: QUICK };
  await apply(context, containerText('job', spec), '--wait');
  await daemon.end('SIGKILL');
  const done = await untilStatus(
    testRoot,
    'container/job',
    { what: 'succeeds' },
    (s) => s.state === 'Exited' && s.exitCode === 0,
  );
  assert.is(done.restartCount, 3);
  // The socket of a daemon that was killed stays until there is another.
  await testRoot.output(['delete', 'container/job']);
  const next = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
  await next.untilOutput(/"msg":"ready"/);
  await next.end();
});

test.run();
