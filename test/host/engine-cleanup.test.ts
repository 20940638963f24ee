import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readStartTicks } from '../../engine/process/process-identity.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

async function start({ containers }: TestEngine, request: ContainerRequest): Promise<number> {
  await containers.create(request);
  return (await containers.start(request)).pid;
}

test('[life.cleanup] it may run twice', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('exit 0');
    await start(engine, request);
    await engine.containers.waitExit(request);
    await engine.containers.cleanup(request);
    await engine.containers.cleanup(request);
    assert.is((await engine.containers.observe(request)).status, 'absent');
  });
});

test('[life.cleanup] it may run by two at once', async () => {
  await withEngine(async (engine) => {
    for (let turn = 0; turn < 5; turn++) {
      const request = engine.request('exit 0');
      await start(engine, request);
      await engine.containers.waitExit(request);
      await Promise.all([1, 2, 3].map(() => engine.containers.cleanup(request)));
      assert.is((await engine.containers.observe(request)).status, 'absent');
    }
  });
});

test('[life.cleanup] each part is tried even if one before it failed, and the errors are told', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('sleep 1000');
    const pid = await start(engine, request);
    const healthy = { ...parts.runtime };
    parts.runtime.delete = () => Promise.reject(new Error('the runtime is ill'));
    const error = await rejectionOf(containers.cleanup(request));
    assert.is(error.message, 'the runtime is ill');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    assert.not(
      mounts.includes(parts.paths.container(request.id).rootfs),
      'the root is unmounted all the same',
    );
    parts.runtime.delete = (id) => healthy.delete(id);
    await containers.cleanup(request);
    assert.is(await readStartTicks(pid), null);
  });
});

test('[life.cleanup] of one that still runs ends it', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('trap "" TERM; while :; do sleep 0.1; done');
    const pid = await start(engine, request);
    await engine.containers.cleanup(request);
    assert.is(await readStartTicks(pid), null);
  });
});

test('[life.remove] removes the writable layer, logs and volumes of its own, and nothing of the host', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'kept'), 'x');
    const request = engine.request('echo a > /a; echo b > /scratch/b; echo c > /memory/c; echo d > /mine/d', {
      volumes: [
        { name: 'scratch', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        { name: 'mine', hostPath: { path: mine } },
      ],
      volumeMounts: ['scratch', 'memory', 'mine'].map((name) => ({ name, mountPath: `/${name}` })),
    });
    await start(engine, request);
    assert.is((await containers.waitExit(request)).code, 0);
    const paths = parts.paths.container(request.id);
    await containers.cleanup(request);
    assert.ok(existsSync(path.join(paths.memoryDirs, 'memory/c')), 'volumes outlive a restart');
    assert.ok(existsSync(path.join(paths.emptyDirs, 'scratch/b')));
    await containers.remove(request);
    for (const gone of [paths.state, paths.memoryDirs, paths.bundle, paths.exitFile]) {
      assert.not(existsSync(gone), gone);
    }
    assert.is(readFileSync(path.join(mine, 'kept'), 'utf8'), 'x');
    assert.is(readFileSync(path.join(mine, 'd'), 'utf8'), 'd\n');
    await containers.remove(request);
  });
});

test('[life.remove] takes a writable layer and a volume that are deeper than any path can say', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const dig = 'i=0; while [ $i -lt 100 ]; do mkdir $name && cd $name; i=$((i+1)); done; echo deep > file';
    const name = `name=${'d'.repeat(100)}`;
    const request = engine.request(`${name}; cd /scratch && ( ${dig} ) && cd / && ${dig}`, {
      volumes: [{ name: 'scratch', emptyDir: {} }],
      volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    });
    await start(engine, request);
    assert.is((await containers.waitExit(request)).code, 0);
    await containers.cleanup(request);
    await containers.remove(request);
    assert.not(existsSync(parts.paths.container(request.id).state));
  });
});

test('[life.remove] by force while it runs leaves no process', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('sleep 1000 & sleep 1000');
    const pid = await start(engine, request);
    await engine.containers.remove(request);
    assert.is(await readStartTicks(pid), null);
    assert.is((await engine.containers.observe(request)).status, 'absent');
  });
});

test('what the runtime has forgotten is cleaned up by our own notes', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('sleep 1000');
    const pid = await start(engine, request);
    rmSync(path.join(parts.paths.runtime, request.id), { recursive: true });
    await containers.cleanup(request);
    assert.is(await readStartTicks(pid), null);
    assert.is((await containers.observe(request)).status, 'absent');
  });
});

test.run();
