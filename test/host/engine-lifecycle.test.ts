import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDirectories } from '../../engine/cgroup/cgroup-layout.ts';
import { containerCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { readStartTicks } from '../../engine/process/process-identity.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

const [SIGUSR1, SIGTERM] = [10, 15];
const UNTIL_TERM = 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done';

/** Creates and starts it, and waits until its log has the word `ready`. */
async function startReady(engine: TestEngine, request: ContainerRequest): Promise<number> {
  await engine.containers.create(request);
  const { pid } = await engine.containers.start(request);
  const { current } = engine.containers.logPaths(request);
  await until(() => existsSync(current) && readFileSync(current, 'utf8').includes('ready'), {
    what: `${request.name} is ready`,
  });
  return pid;
}

/** The processes in the cgroup of a container. */
function processesOf({ parts }: TestEngine, request: ContainerRequest): number[] {
  const [directory = ''] = cgroupDirectories(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request));
  return readFileSync(path.join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

test('a container is created, started, stopped, cleaned up and removed', async () => {
  await withEngine(async (engine) => {
    const { containers } = engine;
    const request = engine.request(UNTIL_TERM);
    assert.is((await containers.observe(request)).status, 'absent');

    await containers.create(request);
    const created = await containers.observe(request);
    assert.is(created.status, 'created');
    assert.ok(created.monitorAlive);
    assert.not.match(readlinkSync(`/proc/${created.pid}/exe`), /busybox/);

    const pid = await startReady(engine, request);
    assert.is(pid, created.pid);
    assert.match(readlinkSync(`/proc/${pid}/exe`), /busybox/);
    assert.is((await containers.observe(request)).status, 'running');

    await containers.stop(request, { signalNumber: SIGTERM, timeoutMs: 5000 });
    const stopped = await containers.observe(request);
    assert.equal([stopped.status, stopped.hasRun], ['stopped', true]);
    assert.is(stopped.pid, null);
    assert.is(stopped.exit?.code, 3);
    assert.is(logText(readFileSync(containers.logPaths(request).current, 'utf8')), 'ready');

    await containers.cleanup(request);
    assert.is((await containers.observe(request)).status, 'absent');
    assert.ok(existsSync(containers.logPaths(request).current), 'the log stays until it is removed');
  });
});

test('its namespaces are its own and its limits stand in its cgroup', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM, { resources: { limits: { memory: '64Mi' } } });
    const pid = await startReady(engine, request);
    for (const kind of ['mnt', 'pid', 'net', 'ipc', 'uts']) {
      assert.is.not(readlinkSync(`/proc/${pid}/ns/${kind}`), readlinkSync(`/proc/self/ns/${kind}`), kind);
    }
    assert.is(readMemoryLimit(engine, request), 64 << 20);

    await engine.containers.update({
      ...request,
      spec: { ...request.spec, resources: { limits: { memory: '128Mi' } } },
    });
    assert.is(readMemoryLimit(engine, request), 128 << 20);
    assert.is((await engine.containers.observe(request)).pid, pid, 'the process is the same');
  });
});

function readMemoryLimit({ parts }: TestEngine, request: ContainerRequest): number {
  const v1 = parts.cgroupLayout.v1.get('memory');
  const cgroup = containerCgroup(parts.cgroupOwner, request);
  const file =
    v1 === undefined
      ? path.join(parts.cgroupLayout.unified ?? '', cgroup, 'memory.max')
      : path.join(v1, cgroup, 'memory.limit_in_bytes');
  return Number(readFileSync(file, 'utf8'));
}

test('starting twice starts once', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM);
    const pid = await startReady(engine, request);
    assert.equal(await engine.containers.start(request), { pid });
    assert.is(processesOf(engine, request).includes(pid), true);
  });
});

test('creating one that runs is refused and does it no harm', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM);
    const pid = await startReady(engine, request);
    const error = await rejectionOf(engine.containers.create(request));
    assert.is(error.message, 'create container/web1: it is running');
    assert.equal(await engine.containers.observe(request), {
      status: 'running',
      pid,
      exit: null,
      monitorAlive: true,
    });
  });
});

test('a container runs again after it was cleaned up, with the files that it wrote and the log of before', async () => {
  await withEngine(async (engine) => {
    const { containers } = engine;
    const request = engine.request('cat /note 2>/dev/null; echo mark > /note; echo ready');
    await startReady(engine, request);
    await containers.waitExit(request);
    await containers.cleanup(request);
    await startReady(engine, request);
    await containers.waitExit(request);
    const { current, previous } = containers.logPaths(request);
    assert.is(logText(readFileSync(previous, 'utf8')), 'ready');
    assert.is(logText(readFileSync(current, 'utf8')), 'mark\nready');
  });
});

test('[life.init] what an earlier run left goes, and the spec is made anew from what holds now', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('echo $WHO; echo ready', { env: [{ name: 'WHO', value: 'first' }] });
    const { bundle, config, exitFile } = parts.paths.container(request.id);
    await startReady(engine, request);
    await containers.waitExit(request);
    // As after a crash: nobody has cleaned up.
    writeFileSync(path.join(bundle, 'left-by-the-first'), '');
    writeFileSync(exitFile, '99');
    const before = readFileSync(config, 'utf8');

    const again = { ...request, spec: { ...request.spec, env: [{ name: 'WHO', value: 'second' }] } };
    await containers.create(again);
    assert.equal(
      readdirSync(bundle).filter((name) => name.startsWith('left-by') || name.endsWith('.new')),
      [],
    );
    assert.not(existsSync(exitFile));
    const after = readFileSync(config, 'utf8');
    assert.match(before, /"WHO=first"/);
    assert.match(after, /"WHO=second"/);
    assert.is(statSync(config).mode & 0o777, 0o600);
    await startReady(engine, again);
    assert.is((await containers.waitExit(again)).code, 0, 'not that of the file that was left');
    assert.match(logText(readFileSync(containers.logPaths(again).current, 'utf8')), /^second\n/);
  });
});

test('[life.stop] one that ignores the stop signal is killed after the time-out', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await startReady(engine, request);
    const started = performance.now();
    await engine.containers.stop(request, { signalNumber: SIGTERM, timeoutMs: 300 });
    const elapsed = performance.now() - started;
    assert.ok(elapsed >= 295 && elapsed < 3000, `${elapsed} ms`);
    assert.is((await engine.containers.observe(request)).exit?.code, 137);
  });
});

test('[life.stop] one that was created and not started is stopped at once', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM);
    await engine.containers.create(request);
    const started = performance.now();
    await engine.containers.stop(request, { signalNumber: SIGTERM, timeoutMs: 20_000 });
    assert.ok(performance.now() - started < 5000);
    const { status, hasRun } = await engine.containers.observe(request);
    assert.equal([status, hasRun], ['stopped', false]);
  });
});

test('[life.stop] stopping what has ended, or never was, is no error', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('exit 5');
    const options = { signalNumber: SIGTERM, timeoutMs: 1000 };
    await engine.containers.stop(request, options);
    await engine.containers.create(request);
    await engine.containers.start(request);
    await engine.containers.waitExit(request);
    await engine.containers.stop(request, options);
    assert.is((await engine.containers.observe(request)).exit?.code, 5);
  });
});

test("[life.stop] with the host's PID namespace every process of the cgroup is killed", async () => {
  await withEngine(async (engine) => {
    const script = `setsid sleep 1000 & setsid sh -c "trap '' TERM; sleep 1000" & ${UNTIL_TERM}`;
    const request = engine.request(script, { hostPID: true });
    const pid = await startReady(engine, request);
    await until(() => processesOf(engine, request).length >= 4, { what: 'its children run' });
    const pids = processesOf(engine, request);
    assert.is(readlinkSync(`/proc/${pid}/ns/pid`), readlinkSync('/proc/self/ns/pid'));
    await engine.containers.stop(request, { signalNumber: SIGTERM, timeoutMs: 5000 });
    await until(async () => (await Promise.all(pids.map(readStartTicks))).every((ticks) => ticks === null), {
      what: 'every process of the container is gone',
    });
    assert.is((await engine.containers.observe(request)).exit?.code, 3);
  });
});

test('[life.stop] [state.exit-file] a dead monitor is reported, not hung on: exit code -1', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request(
      'trap "" PIPE; trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await startReady(engine, request);
    const monitor = Number(readFileSync(parts.paths.container(request.id).monitorPidFile, 'utf8'));
    process.kill(monitor, 'SIGKILL');
    await until(async () => !(await containers.observe(request)).monitorAlive, {
      what: 'the monitor is gone',
    });
    assert.is((await containers.observe(request)).status, 'running');
    const started = performance.now();
    await containers.stop(request, { signalNumber: SIGTERM, timeoutMs: 1000 });
    assert.is((await containers.observe(request)).status, 'stopped');
    assert.is((await containers.waitExit(request)).code, -1);
    assert.ok(performance.now() - started < 15_000);
  });
});

test('[life.pause] a paused container stands still, and goes on when resumed', async () => {
  await withEngine(async (engine) => {
    const { containers } = engine;
    const request = engine.request('echo ready; while :; do echo x; sleep 0.01; done');
    await startReady(engine, request);
    const size = () => readFileSync(containers.logPaths(request).current).length;
    await containers.pause(request);
    assert.is((await containers.observe(request)).status, 'paused');
    // What was in the pipe already is still written.
    await sleep(100);
    const before = size();
    await sleep(150);
    assert.is(size(), before);
    await containers.pause(request);
    await containers.resume(request);
    assert.is((await containers.observe(request)).status, 'running');
    await until(() => size() > before, { what: 'it goes on' });
    await containers.resume(request);
  });
});

test('[life.pause] a paused container can be stopped, and its handler still runs', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM);
    await startReady(engine, request);
    await engine.containers.pause(request);
    await engine.containers.stop(request, { signalNumber: SIGTERM, timeoutMs: 5000 });
    assert.is((await engine.containers.observe(request)).exit?.code, 3);
  });
});

test('[life.pause] a paused container can be removed by force', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM);
    const pid = await startReady(engine, request);
    await engine.containers.pause(request);
    await engine.containers.remove(request);
    assert.is(await readStartTicks(pid), null);
  });
});

test('a signal reaches the first process; one to an ended container is an error that names it', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('trap "exit 7" USR1; echo ready; while :; do sleep 0.05; done');
    await startReady(engine, request);
    await engine.containers.signal(request, SIGUSR1);
    assert.is((await engine.containers.waitExit(request)).code, 7);
    const error = await rejectionOf(engine.containers.signal(request, SIGUSR1));
    assert.is(error.message, 'signal container/web1: its process has ended');
  });
});

test('waiting for the end of one that runs can be given up', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM);
    await startReady(engine, request);
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 30);
    const error = await rejectionOf(engine.containers.waitExit(request, { signal: controller.signal }));
    assert.is(error.message, 'enough');
  });
});

test('a probe runs inside with the environment of the container, and ends at its time-out', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(UNTIL_TERM, { env: [{ name: 'COLOUR', value: 'blue' }] });
    await startReady(engine, request);
    const exec = (command: string[], timeoutMs = 5000) =>
      engine.containers.exec(request, { command, timeoutMs });
    assert.equal(await exec(['sh', '-c', 'echo $COLOUR; exit 4']), {
      exitCode: 4,
      output: 'blue\n',
      timedOut: false,
    });
    // The second one before the runtime has put its process into the container.
    for (const timeoutMs of [300, 1]) {
      assert.ok((await exec(['sleep', '1000'], timeoutMs)).timedOut);
      await until(() => !commandsOf(engine, request).includes('sleep 1000'), {
        what: `nothing of the probe with ${timeoutMs} ms is left`,
      });
    }
  });
});

function commandsOf(engine: TestEngine, request: ContainerRequest): string[] {
  return processesOf(engine, request).map((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim(),
  );
}

test.run();
