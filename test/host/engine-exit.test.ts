import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRequest } from '../../schemas/index.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

async function start({ containers }: TestEngine, request: ContainerRequest): Promise<number> {
  await containers.create(request);
  return (await containers.start(request)).pid;
}

test("[state.exit-file] the exit code is the process's own, 128 + n for signal n, and the time is that of its end", async () => {
  await withEngine(async (engine) => {
    for (const [script, code, signal] of [
      ['exit 0', 0, null],
      ['exit 42', 42, null],
      ['sleep 1000', 137, 'SIGKILL'],
      ['trap - TERM; exec sleep 1000', 143, 'SIGTERM'],
    ] as const) {
      const request = engine.request(script, { hostPID: true });
      const before = Date.now();
      const pid = await start(engine, request);
      if (signal !== null) process.kill(pid, signal);
      const exit = await engine.containers.waitExit(request);
      assert.is(exit.code, code, script);
      assert.not(exit.oomKilled);
      const finished = Date.parse(exit.finishedAt);
      assert.ok(finished >= before - 50 && finished <= Date.now() + 50);
      assert.equal((await engine.containers.observe(request)).exit, exit);
    }
  });
});

test('[state.oom] one that the kernel kills for memory is marked so', async () => {
  await withEngine(async (engine) => {
    const limits = { resources: { limits: { memory: '16Mi' } } };
    // tail keeps a line that never ends in memory.
    const request = engine.request('exec tail -n 1 /dev/zero', limits);
    await start(engine, request);
    const exit = await engine.containers.waitExit(request);
    assert.is(exit.code, 137);
    await until(async () => (await engine.containers.observe(request)).exit?.oomKilled, {
      what: 'the exit says that it was for memory',
    });
    const killed = engine.request('sleep 1000', limits);
    const pid = await start(engine, killed);
    process.kill(pid, 'SIGKILL');
    assert.equal((await engine.containers.waitExit(killed)).oomKilled, false, 'SIGKILL alone is not it');
  });
});

test('whoever watches is told of each exit, once it is known, and no more after the end of the watch', async () => {
  await withEngine(async (engine) => {
    const seen: string[] = [];
    const end = await engine.containers.watchExits((id) => void seen.push(id));
    const [first, second] = [engine.request('exit 1'), engine.request('exit 2')];
    await Promise.all([start(engine, first), start(engine, second)]);
    await until(() => seen.includes(first.id) && seen.includes(second.id), { what: 'both exits are seen' });
    assert.is((await engine.containers.observe(first)).exit?.code, 1);
    await end();
    seen.length = 0;
    const third = engine.request('exit 3');
    await start(engine, third);
    await engine.containers.waitExit(third);
    await sleep(50);
    assert.equal(seen, []);
  });
});

test('several may wait for the same exit', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('sleep 0.2; exit 9');
    await start(engine, request);
    const exits = await Promise.all([1, 2, 3].map(() => engine.containers.waitExit(request)));
    assert.equal(
      exits.map(({ code }) => code),
      [9, 9, 9],
    );
  });
});

test('an observation costs no process and holds after another engine looked', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('sleep 1000');
    const pid = await start(engine, request);
    const observed = await engine.containers.observe(request);
    assert.equal(observed, { status: 'running', pid, exit: null, monitorAlive: true });
    const { kernel } = engine.parts;
    const spawn = kernel.spawn.bind(kernel);
    const spawned: string[] = [];
    kernel.spawn = (options) => {
      spawned.push(options.file);
      return spawn(options);
    };
    await engine.containers.observe(request);
    assert.equal(spawned, []);
    await engine.containers.exec(request, { command: ['true'], timeoutMs: 60_000 });
    assert.ok(spawned.length > 0, 'the count counts');
  });
});

test('[state.sync] a note of another boot, or of another process with that pid, is not believed', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('sleep 1000');
    await start(engine, request);
    const { process: note } = parts.paths.container(request.id);
    const identity = JSON.parse(readFileSync(note, 'utf8')) as { startTicks: number };
    const original = readFileSync(note, 'utf8');
    writeFileSync(note, JSON.stringify({ ...identity, startTicks: identity.startTicks + 1 }));
    assert.is((await containers.observe(request)).status, 'stopped');
    writeFileSync(note, JSON.stringify({ ...identity, bootId: 'another' }));
    assert.is((await containers.observe(request)).status, 'stopped');
    writeFileSync(note, original);
    assert.is((await containers.observe(request)).status, 'running');
  });
});

test('a lost exit file after the process has ended is exit code -1 within the time-out', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('exit 0');
    await start(engine, request);
    await engine.containers.waitExit(request);
    const { exitFile } = engine.parts.paths.container(request.id);
    rmSync(exitFile);
    const started = performance.now();
    assert.is((await engine.containers.waitExit(request)).code, -1);
    assert.ok(performance.now() - started < 7000);
    assert.not(existsSync(exitFile));
  });
});

test.run();
