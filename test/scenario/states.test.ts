import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage } from '../support/demo-image.ts';
import { takeInstanceSnapshot } from '../support/host-snapshot.ts';
import { killProcess } from '../support/kill-process.ts';
import { leftOfInstance } from '../support/left-of-instance.ts';
import { listAll, statusOf, untilStatus } from '../support/listed.ts';
import { containerText, shell } from '../support/manifest-text.ts';
import { isBeneath, readMountTable } from '../support/mount-table.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import type { RunningTsctr } from '../support/tsctr.ts';

interface Context {
  testRoot: TestRoot;
  /** Ended after each test, whether or not it has failed. */
  daemon: RunningTsctr | null;
}

const test = suite<Context>('states', {} as Context);

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  await importDemoImage(context.testRoot);
});

test.before.each((context) => {
  context.daemon = null;
});

test.after.each(async ({ testRoot, daemon }) => {
  for (const { kind, metadata } of await listAll(testRoot)) {
    await testRoot.output(['delete', '--force', `${kind.toLowerCase()}/${metadata.name}`]);
  }
  await daemon?.end();
  const left = await leftOfInstance(testRoot);
  if (left.length > 0) console.log(`left: ${left.join('; ')}`);
  assert.equal(left, [], 'nothing is left');
});

test.after(async ({ testRoot }) => {
  await testRoot.remove();
});

function apply({ testRoot }: Context, text: string, ...more: string[]): Promise<string> {
  return testRoot.output(['apply', '-f', '-', ...more], { input: text });
}

async function startDaemon(context: Context): Promise<RunningTsctr> {
  const { testRoot } = context;
  context.daemon = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
  await context.daemon.untilOutput(/"msg":"ready"/);
  return context.daemon;
}

/** The first process of a container ignores SIGTERM unless it asks for it. */
const DEAF = { command: ['sh', '-c', 'while true; do sleep 60; done'] };

test('[state.oom] what the kernel killed for memory says so in get and describe', async (context) => {
  const { testRoot } = context;
  const spec = {
    command: ['sh', '-c', 'sleep 0.5; exec tail /dev/zero'],
    resources: { limits: { memory: '24Mi' } },
    restartPolicy: 'Never',
  };
  await apply(context, containerText('hog', spec));
  const status = await untilStatus(
    testRoot,
    'container/hog',
    { what: 'ends' },
    ({ state }) => state === 'Exited',
  );
  assert.equal([status.exitCode, status.oomKilled], [137, true]);
  assert.match(await testRoot.output(['get']), /^Container +hog +Exited \(137\).*out of memory/m);
  assert.match(await testRoot.output(['describe', 'hog']), /^Exit: +137, out of memory/m);
});

async function stopsAndAnswers({ testRoot }: Context): Promise<void> {
  const stopping = testRoot.start(['stop', 'container/deaf']);
  await untilStatus(
    testRoot,
    'container/deaf',
    { what: 'is being stopped' },
    ({ status }) => status === 'Stopping',
  );
  const begunMs = performance.now();
  assert.match(await testRoot.output(['get']), /^Container +deaf +Stopping /m);
  await testRoot.output(['describe', 'deaf']);
  await testRoot.output(['logs', 'container/deaf']);
  await testRoot.output(['image', 'list']);
  const tookMs = performance.now() - begunMs;
  console.log(`four commands while one waits for a stop: ${tookMs.toFixed(0)} ms`);
  const { status, pid } = await statusOf(testRoot, 'container/deaf');
  assert.is(status, 'Stopping', 'it still is');
  killProcess(pid);
  await untilStatus(
    testRoot,
    'container/deaf',
    { what: 'has been stopped' },
    ({ state }) => state === 'Exited',
  );
  assert.is(await stopping.ended(), 0);
}

const SLOW = { ...DEAF, terminationGracePeriodSeconds: 60 };

test('[state.lock-free-stop] get and the others answer at once while a command waits a minute for one to stop', async (context) => {
  await apply(context, containerText('deaf', SLOW), '--wait');
  await stopsAndAnswers(context);
});

test('[state.lock-free-stop] and while the daemon does', async (context) => {
  await startDaemon(context);
  await apply(context, containerText('deaf', SLOW), '--wait');
  await stopsAndAnswers(context);
});

test('[state.stop-race] a process that ends by itself while it is being stopped makes no error', async (context) => {
  const { testRoot } = context;
  for (const delayMs of [0, 50, 100, 200, 300]) {
    await apply(context, containerText('web', DEAF), '--wait');
    const { pid } = await statusOf(testRoot, 'container/web');
    const stopping = testRoot.tsctr(['stop', 'container/web']);
    await sleep(delayMs);
    killProcess(pid);
    const { exitCode, stdout, stderr } = await stopping;
    assert.is(exitCode, 0, stdout + stderr);
    const after = await untilStatus(testRoot, 'container/web', { what: 'is cleaned up' }, ({ state }) =>
      ['Exited', 'Configured'].includes(state),
    );
    assert.is(after.note, 'stopped by hand');
    await testRoot.output(['start', 'container/web']);
  }
});

/** What a reboot does: no process, mount or cgroup is there any more, and the boot has another id. */
async function reboot({ testRoot }: Context): Promise<void> {
  const { processes } = await takeInstanceSnapshot(testRoot);
  const pids = processes.map((line) => Number(line.split(' ')[0]));
  // Stopped first, so that no monitor can act on the death of its container.
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
  await sleep(200);
  const mounts = (await readMountTable()).filter(({ mountPoint }) => isBeneath(testRoot.run, mountPoint));
  for (const { mountPoint } of mounts.toReversed()) await promisify(execFile)('umount', ['-l', mountPoint]);
  await writeFile(path.join(testRoot.run, 'boot-id'), '00000000-0000-4000-8000-000000000000\n');
}

test('[state.reset-on-reboot] what should run runs again, what had ended or was stopped for good stays so', async (context) => {
  const { testRoot } = context;
  const job = { command: ['true'], restartPolicy: 'Never' };
  await apply(
    context,
    containerText('always') +
      containerText('stopped-always') +
      containerText('stopped', { restartPolicy: 'UnlessStopped' }) +
      containerText('job', job),
    '--wait',
  );
  await testRoot.output(['stop', 'container/stopped', 'container/stopped-always']);
  const first = await statusOf(testRoot, 'container/always');
  killProcess(first.pid);
  const before = await untilStatus(
    testRoot,
    'container/always',
    { what: 'was restarted once' },
    ({ state, restartCount }) => state === 'Running' && restartCount === 1,
  );
  const ended = await statusOf(testRoot, 'container/job');

  await reboot(context);
  await startDaemon(context);
  const isRunning = ({ state }: { state: string }): boolean => state === 'Running';
  const after = await untilStatus(testRoot, 'container/always', { what: 'runs again' }, isRunning);
  assert.equal([after.restartCount, after.containerID], [0, before.containerID]);
  assert.is.not(after.pid, before.pid);
  await untilStatus(testRoot, 'container/stopped-always', { what: 'runs, since Always says so' }, isRunning);
  const stopped = await statusOf(testRoot, 'container/stopped');
  assert.equal([stopped.pid, stopped.note], [null, 'stopped by hand']);
  const job2 = await statusOf(testRoot, 'container/job');
  assert.equal([job2.state, job2.exitCode, job2.startedAt === ended.startedAt], ['Exited', 0, false]);
});

test('[life.deps] what is depended on is ready before the other starts', async (context) => {
  const { testRoot } = context;
  const said = await apply(
    context,
    containerText('web', { dependsOn: ['db', 'migrate'] }) +
      containerText('migrate', {
        command: ['sh', '-c', 'sleep 0.3'],
        restartPolicy: 'Never',
        dependsOn: ['db'],
      }) +
      containerText('db', {
        command: shell('sleep 0.5; touch /ready; while true; do sleep 60 & wait $!; done'),
        readinessProbe: { exec: { command: ['test', '-e', '/ready'] }, periodSeconds: 1 },
      }),
    '--wait',
  );
  const lines = said.split('\n').map((line) => line.replace(/ +/g, ' '));
  const at = (start: string): number => {
    const index = lines.findIndex((line) => line.startsWith(start));
    assert.ok(index >= 0, `${start} in ${said}`);
    return index;
  };
  assert.ok(at('container/db ready') < at('container/migrate created'), said);
  assert.ok(at('container/migrate running') < at('container/web created'), said);
  assert.match(said, /^container\/web +waiting +waits for container\/db, container\/migrate$/m);

  const circle = containerText('a', { dependsOn: ['b'] }) + containerText('b', { dependsOn: ['a'] });
  const { exitCode, stderr } = await testRoot.tsctr(['apply', '-f', '-'], { input: circle });
  assert.is(exitCode, 2);
  assert.match(stderr, /a.*→.*b.*→.*a/s, stderr);
});

const PROBE = { periodSeconds: 1, failureThreshold: 1 };

test('[life.health] --wait waits for the readiness probe, and says in time that it is not', async (context) => {
  const { testRoot } = context;
  const spec = {
    command: shell('while true; do sleep 60 & wait $!; done'),
    readinessProbe: { exec: { command: ['test', '-e', '/ready'] }, ...PROBE },
  };
  const late = await testRoot.tsctr(['apply', '-f', '-', '--wait', '--timeout', '1500ms'], {
    input: containerText('web', spec),
  });
  assert.is(late.exitCode, 3, late.stdout + late.stderr);
  assert.match(late.stdout, /^container\/web +waiting +is not ready/m);
  assert.match(await testRoot.output(['get']), /^Container +web +Running +0\/1/m);
  await testRoot.output(['exec', 'container/web', '--', 'touch', '/ready']);
  const said = await apply(context, containerText('web', spec), '--wait');
  assert.match(said, /^container\/web +ready/m);
  assert.ok((await statusOf(testRoot, 'container/web')).ready);
});

test('[life.health] the daemon restarts what fails its liveness probe, once its startup probe has succeeded', async (context) => {
  const { testRoot } = context;
  const daemon = await startDaemon(context);
  const spec = {
    command: shell('sleep 2; touch /started /alive; while true; do sleep 60 & wait $!; done'),
    startupProbe: { exec: { command: ['test', '-e', '/started'] }, periodSeconds: 1, failureThreshold: 30 },
    livenessProbe: { exec: { command: ['test', '-e', '/alive'] }, ...PROBE },
    terminationGracePeriodSeconds: 1,
    restartBackoff: { initialSeconds: 0.2 },
  };
  await apply(context, containerText('web', spec));
  await sleep(1500);
  assert.equal(
    await statusOf(testRoot, 'container/web').then((s) => [s.restartCount, s.ready]),
    [0, false],
    'not alive yet, and left alone, because it has not started',
  );
  await untilStatus(testRoot, 'container/web', { what: 'has started' }, ({ ready }) => ready);
  const before = await statusOf(testRoot, 'container/web');
  assert.is(before.restartCount, 0);
  await testRoot.output(['exec', 'container/web', '--', 'rm', '/alive', '/started']);
  const after = await untilStatus(
    testRoot,
    'container/web',
    { what: 'was restarted' },
    ({ restartCount, ready }) => restartCount === 1 && ready,
  );
  assert.is.not(after.pid, before.pid);
  assert.is(after.containerID, before.containerID);
  assert.match(daemon.output(), /liveness probe failed/);
});

test.run();
