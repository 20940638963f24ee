import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import {
  checkpointAndStop,
  countsOn,
  currentLog,
  inside,
  missingForCheckpoints,
  missingForPreDumps,
  onCheckpointHost as onHost,
  numbersIn,
  startReady,
} from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { testUnless } from '../support/skip.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';
import type { ContainerRequest } from '../../schemas/index.ts';

const COUNT =
  'trap "exit 7" TERM; trap "echo usr" USR1; i=0; echo ready; while :; do i=$((i+1)); echo n=$i; sleep 0.02; done';

/** The state by the word of the OCI runtime. */
async function runtimeState(engine: TestEngine, request: ContainerRequest) {
  const { runtime, runCommand } = engine.parts;
  const result = await runCommand({ file: runtime.path, args: [...runtime.globalArgs, 'state', request.id] });
  return JSON.parse(result.stdout.toString('utf8')) as { pid: number; status: string };
}

onHost(
  '[restore.after] [criu.sibling] exec, logs, signals, pause, stop and the exit code work after a restore',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(COUNT);
      await startReady(engine, request);
      await checkpointAndStop(engine, request);
      const { pid, statistics, durationsMs } = await containers.restore(request);

      const observed = await containers.observe(request);
      assert.is(observed.status, 'running');
      assert.is(observed.pid, pid);
      assert.ok(observed.monitorAlive);
      const state = await runtimeState(engine, request);
      assert.is(state.status, 'running');
      assert.is(state.pid, pid);
      const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      assert.match(readFileSync(`/proc/${parent}/cmdline`, 'utf8'), /conmon/, 'it is a child of its monitor');
      // [restore.stats]
      assert.ok((statistics?.pages_restored ?? 0) > 0);
      assert.ok((durationsMs['total'] ?? 0) >= (durationsMs['restore'] ?? 0));

      assert.is(
        await inside(engine, request, 'echo $(hostname) from inside'),
        `${request.name} from inside\n`,
      );
      await containers.signal(request, 10);
      await until(() => currentLog(engine, request).includes('usr'), { what: 'the trap has run' });

      await containers.pause(request);
      assert.is((await containers.observe(request)).status, 'paused');
      assert.is((await runtimeState(engine, request)).status, 'paused');
      const numbers = numbersIn(currentLog(engine, request), 'n=');
      await sleep(100);
      assert.equal(numbersIn(currentLog(engine, request), 'n='), numbers, 'it stands still');
      await containers.resume(request);
      await until(() => numbersIn(currentLog(engine, request), 'n=').length > numbers.length, {
        what: 'it counts again',
      });

      await containers.stop(request, { signalNumber: 15, timeoutMs: 5_000 });
      assert.is((await containers.observe(request)).exit?.code, 7);
      assert.is((await runtimeState(engine, request)).status, 'stopped');
      const all = numbersIn(currentLog(engine, request), 'n=');
      assert.equal(
        all,
        all.map((_, index) => index + 1),
        'one log from before to after',
      );

      await containers.cleanup(request);
      await startReady(engine, request);
      await until(() => numbersIn(currentLog(engine, request), 'n=').length > 0, { what: 'it counts' });
      assert.is(numbersIn(currentLog(engine, request), 'n=')[0], 1, 'a new start begins anew');
    });
  },
);

onHost('[restore.after] SIGKILL by the runtime ends it with 137', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT);
    await startReady(engine, request);
    await checkpointAndStop(engine, request);
    await engine.containers.restore(request);
    const { runtime, runCommand } = engine.parts;
    const killed = await runCommand({
      file: runtime.path,
      args: [...runtime.globalArgs, 'kill', request.id, 'KILL'],
    });
    assert.is(killed.exitCode, 0, killed.stderr);
    assert.is((await engine.containers.waitExit(request)).code, 137);
  });
});

onHost(
  '[ckpt.stop-or-leave] [ckpt.stats] left running, it goes on, and can be taken back to that moment',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(`echo before >/state; echo kept >/dev/shm/s; ${COUNT}`, {
        volumes: [
          { name: 'ram', emptyDir: { medium: 'Memory' } },
          { name: 'disk', emptyDir: {} },
        ],
        volumeMounts: [
          { name: 'ram', mountPath: '/ram' },
          { name: 'disk', mountPath: '/disk' },
        ],
      });
      const pid = await startReady(engine, request);
      await inside(engine, request, 'echo r >/ram/r; echo d >/disk/d');
      const { details, durationsMs } = await containers.checkpoint(request, { then: 'leave-running' });
      assert.ok(details.leftRunning);
      assert.ok((details.statistics?.pages_written ?? 0) > 0);
      assert.ok((details.statistics?.frozen_time ?? 0) > 0);
      assert.ok(details.sizes.memoryPages > 0 && details.sizes.images > details.sizes.memoryPages);
      assert.ok((durationsMs['total'] ?? 0) >= (durationsMs['dump'] ?? 0));
      const observed = await containers.observe(request);
      assert.is(observed.status, 'running');
      assert.is(observed.pid, pid);
      const atCheckpoint = numbersIn(currentLog(engine, request), 'n=').at(-1) ?? 0;
      await until(() => (numbersIn(currentLog(engine, request), 'n=').at(-1) ?? 0) > atCheckpoint + 20, {
        what: 'it goes on',
      });
      await inside(
        engine,
        request,
        'echo after >/state; rm /dev/shm/s; echo x >/dev/shm/new; rm /ram/r; echo e >/disk/e; rm /bin/awk',
      );
      await containers.stop(request, { signalNumber: 9, timeoutMs: 5_000 });
      await containers.cleanup(request);

      assert.is((await containers.findCheckpoint(request))?.createdAt, details.createdAt);
      await containers.restore(request);
      assert.is(
        await inside(engine, request, 'cat /state /dev/shm/s /ram/r; ls /dev/shm /ram /disk /bin/awk'),
        'before\nkept\nr\n/bin/awk\n\n/dev/shm:\ns\n\n/disk:\nd\n\n/ram:\nr\n',
      );
      assert.ok((await containers.findCheckpoint(request)) !== null, 'it can be taken back again');
    });
  },
);

/** What CRIU has said of itself is kept, and decides before anything stands still. */
async function refusedByFacts(engine: TestEngine, request: ContainerRequest): Promise<void> {
  const { containers, parts } = engine;
  const cache = path.join(parts.paths.run, 'criu.json');
  const facts = JSON.parse(readFileSync(cache, 'utf8')) as { version: object };
  const program = spawnSync(parts.facts.tools.criu ?? '', ['--version'], { encoding: 'utf8' }).stdout;
  const numbers = (/Version: ([\d.]+)/.exec(program)?.[1] ?? '').split('.').map(Number);
  assert.equal(Object.values(facts.version), [...numbers, 0].slice(0, 3));
  const refused = async (preDumps: number, changed: object): Promise<string> => {
    writeFileSync(cache, JSON.stringify({ ...facts, ...changed }));
    const { message } = await rejectionOf(containers.checkpoint(request, { then: 'stop', preDumps }));
    return message;
  };
  assert.match(
    await refused(0, { version: { major: 3, minor: 17, sublevel: 1 } }),
    /found version 3\.17\.1, needed is 4\.0\.0 or newer/,
    'it is not asked again',
  );
  const features = { mem_track: false, lazy_pages: false, pidfd_store: false };
  // On a kernel that does not track memory by its own word.
  const isTracking = (await missingForPreDumps()) === null;
  assert.match(
    await refused(1, isTracking ? { features } : {}),
    /preDumps: 1\): this kernel does not tell CRIU which pages have changed/,
  );
  writeFileSync(cache, JSON.stringify(facts));
}

onHost(
  '[ckpt.running-only] [ckpt.support] [criu.version] [criu.features] [restore.states] [restore.complete] the wrong state is named, and a host without CRIU, with an old one, or without what is asked of it',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(COUNT);
      assert.match(
        (await rejectionOf(containers.restore(request))).message,
        /a complete checkpoint cannot be found/,
      );
      assert.is((await containers.observe(request)).status, 'absent');
      assert.match(
        (await rejectionOf(containers.checkpoint(request, { then: 'stop' }))).message,
        /it is absent, expected running or paused/,
      );
      await startReady(engine, request);
      assert.match((await rejectionOf(containers.restore(request))).message, /it is running/);
      const tools = { ...engine.parts.facts.tools, criu: null };
      const without = createContainerEngine({ ...engine.parts, facts: { ...engine.parts.facts, tools } });
      const unable = await rejectionOf(without.checkpoint(request, { then: 'stop' }));
      assert.match(unable.message, /criu: it is not installed; needed is 4\.0\.0 or newer/);
      await containers.checkpoint(request, { then: 'leave-running' });
      await refusedByFacts(engine, request);
      await countsOn(engine, request);
      await containers.pause(request);
      const { details } = await containers.checkpoint(request, { then: 'leave-running' });
      assert.ok(details.leftRunning);
      assert.is((await containers.observe(request)).status, 'paused', 'a paused one stays paused');
      await containers.resume(request);
      assert.is((await containers.observe(request)).status, 'running');
    });
  },
);

/** What no kernel without it can show. */
const onTrackingHost = testUnless(test, (await missingForCheckpoints()) ?? (await missingForPreDumps()));

onTrackingHost(
  '[ckpt.precheckpoint] memory that was copied before is not written again, and is whole after the restore',
  async () => {
    await withEngine(async (engine) => {
      const request = engine.request(`x=$(seq 200000); ${COUNT}`);
      await startReady(engine, request);
      const { details } = await engine.containers.checkpoint(request, { then: 'stop', preDumps: 2 });
      await engine.containers.cleanup(request);
      assert.ok((details.statistics?.pages_skipped_parent ?? 0) > (details.statistics?.pages_written ?? 0));
      await engine.containers.restore(request);
      await countsOn(engine, request);
    });
  },
);

onHost(
  '[restore.after] a second checkpoint is of the restored container, and replaces the first',
  async () => {
    await withEngine(async (engine) => {
      const request = engine.request(COUNT);
      await startReady(engine, request);
      const first = await engine.containers.checkpoint(request, { then: 'leave-running' });
      await inside(engine, request, 'echo changed >/state');
      const second = await checkpointAndStop(engine, request);
      assert.not.equal(second.details.createdAt, first.details.createdAt);
      await engine.containers.restore(request);
      await checkpointAndStop(engine, request);
      await engine.containers.restore(request);
      assert.is(await inside(engine, request, 'cat /state'), 'changed\n');
    });
  },
);

test.run();
