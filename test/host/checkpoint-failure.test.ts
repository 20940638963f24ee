import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDirectories } from '../../engine/cgroup/cgroup-layout.ts';
import { containerCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import { CriuError } from '../../engine/criu/criu-error.ts';
import type { ContainerEngine } from '../../engine/contract/container-engine.ts';
import type { EffectObserver } from '../../engine/contract/effects.ts';
import { EngineError } from '../../engine/engine-error.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import {
  checkpointAndStop,
  COUNT,
  countsOn,
  inside,
  onCheckpointHost as onHost,
  startReady,
} from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

/** With a `network-unlock` only where the container goes on. */
const MOMENTS_OF_DUMP = ['pre-dump', 'network-lock', 'query-ext-files', 'post-dump', 'network-unlock'];
/** With an `orphan-pts-master` only where the container has a terminal. */
const MOMENTS_OF_RESTORE = [
  'pre-restore',
  'setup-namespaces',
  'post-setup-namespaces',
  'orphan-pts-master',
  'post-restore',
  'network-unlock',
  'pre-resume',
  'post-resume',
];

/** The verbs of the same instance with somebody who is told of every effect. */
function observedBy(engine: TestEngine, observeEffect: EffectObserver): ContainerEngine {
  return createContainerEngine({ ...engine.parts, observeEffect });
}

/** The directory below /tmp in which the restore puts mounts together, as its log says. */
function mountYards(engine: TestEngine, request: ContainerRequest): string[] {
  const log = readFileSync(path.join(engine.parts.paths.container(request.id).bundle, 'restore.log'), 'utf8');
  return /\/tmp\/\.criu\.mntns\.\w+/.exec(log) ?? [];
}

/** Kills the CRIU that works for this test: our child, or the oldest process of the container's cgroup. */
function killCriu(engine: TestEngine, request: ContainerRequest): number {
  const [cgroup = ''] = cgroupDirectories(
    engine.parts.cgroupLayout,
    containerCgroup(engine.parts.cgroupOwner, request),
  );
  const procs = path.join(cgroup, 'cgroup.procs');
  const inCgroup = existsSync(procs)
    ? readFileSync(procs, 'utf8').split('\n').filter(Boolean).map(Number)
    : [];
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isCriu(pid) && (inCgroup.includes(pid) || parentOf(pid) === process.pid))
    .sort((one, other) => one - other)[0];
  if (found === undefined) return 0;
  process.kill(found, 'SIGKILL');
  return 1;
}

/** Processes that CRIU has only begun to restore are still copies of it. */
function isCriu(pid: number): boolean {
  try {
    return path.basename(readlinkSync(`/proc/${pid}/exe`)) === 'criu';
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}

function engineError(error: Error): EngineError {
  if (error instanceof EngineError) return error;
  throw error;
}

function criuError(error: Error): CriuError {
  if (error instanceof CriuError) return error;
  throw error;
}

async function assertGoesOn(engine: TestEngine, request: ContainerRequest, pid: number): Promise<void> {
  const observed = await engine.containers.observe(request);
  assert.is(observed.status, 'running');
  assert.is(observed.pid, pid);
  await countsOn(engine, request);
}

onHost(
  '[ckpt.fail-safe] [criu.log-excerpt] what CRIU cannot save goes on, and the error quotes the log',
  async () => {
    await withEngine(async (engine) => {
      const { containers, parts } = engine;
      // A deleted file that is larger than allowed.
      const request = engine.request(`exec 9>/ghost; rm /ghost; seq 1000 >&9; ${COUNT}`);
      const pid = await startReady(engine, request);
      const allowances = { ghostLimitBytes: 1000 };
      const error = criuError(
        await rejectionOf(containers.checkpoint(request, { then: 'stop', allowances })),
      );
      const { excerpt, hint, reasons } = error;
      assert.match(
        error.message,
        /^checkpoint container\/web1: the deleted file \S*ghost, which a process still has open, has \d+ bytes, more than the limit$/,
      );
      assert.is(reasons[0]?.reason, 'deleted-file-too-large');
      assert.match(excerpt, /\d+: .*Error \(criu\/.*ghost/);
      assert.match(excerpt, / …\n/);
      await assertGoesOn(engine, request, pid);
      const { state, logs } = parts.paths.container(request.id);
      assert.not(existsSync(path.join(state, 'checkpoint.new')));
      assert.is(await containers.findCheckpoint(request), null);
      const logged = (): string => readFileSync(path.join(logs, 'dump.log'), 'utf8');
      assert.not.match(logged(), /Sent msg to daemon/);
      await rejectionOf(
        containers.checkpoint(request, { then: 'stop', allowances: { ...allowances, debugLog: true } }),
      );
      assert.match(logged(), /Sent msg to daemon/);
      assert.is(
        hint,
        `raise spec.checkpoint.options.ghostLimit above its size; the whole log: ${path.join(logs, 'dump.log')}`,
      );

      await checkpointAndStop(engine, request);
      const restored = await containers.restore(request);
      await assertGoesOn(engine, request, restored.pid);
      assert.is(await inside(engine, request, 'tail -n 1 /proc/1/fd/9'), '1000\n');
    });
  },
);

onHost(
  '[ckpt.fail-safe] what CRIU asks for is allowed in another try, where the manifest lets it',
  async () => {
    await withEngine(async (engine) => {
      const notices: string[] = [];
      const containers = createContainerEngine({
        ...engine.parts,
        notice: (_container, message) => notices.push(message),
      });
      // Just above the limit of 64 MiB.
      const request = engine.request(
        `exec 9>/ghost; rm /ghost; dd if=/dev/zero bs=1M count=65 >&9; ${COUNT}`,
      );
      await startReady(engine, request);
      const refused = await rejectionOf(containers.checkpoint(request, { then: 'stop', retryWith: [] }));
      assert.match(refused.message, /the deleted file \S*ghost, .* has 65\.0 MiB, more than the limit$/);
      const { retries, details } = await containers.checkpoint(request, { then: 'stop' });
      assert.equal(retries, [{ cause: 'deleted-file-too-large', with: ['ghostLimit'] }]);
      assert.match(
        notices.join('\n'),
        /65\.0 MiB, more than the limit; its checkpoint is tried again with ghostLimit$/,
      );
      assert.is(details.allowances.ghostLimitBytes, 128 << 20);
      await containers.cleanup(request);
      await containers.restore(request);
      await countsOn(engine, request);
      assert.is(await inside(engine, request, 'stat -L -c %s /proc/1/fd/9'), `${65 << 20}\n`);
    });
  },
);

onHost(
  '[ckpt.fail-safe] [criu.options] a lock on a file is saved in another try where the manifest lets it, and is held again',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      // Busybox may have none: this host's, with its libraries.
      const request = engine.request(`exec 9>/lock; /usr/bin/flock 9; ${COUNT}`, {
        volumes: ['usr', 'lib', 'lib64'].map((name) => ({ name, hostPath: { path: `/${name}` } })),
        volumeMounts: ['usr', 'lib', 'lib64'].map((name) => ({
          name,
          mountPath: `/${name}`,
          readOnly: true,
        })),
      });
      const pid = await startReady(engine, request);
      const isLocked = async () =>
        (await inside(engine, request, '/usr/bin/flock -n /lock true; echo $?')) === '1\n';
      assert.ok(await isLocked());
      const refused = criuError(await rejectionOf(containers.checkpoint(request, { then: 'stop' })));
      assert.is(
        refused.explanation?.cause,
        'file-locks',
        'not by itself: somebody outside may lock the file',
      );
      await assertGoesOn(engine, request, pid);
      const { retries, details } = await containers.checkpoint(request, {
        then: 'stop',
        retryWith: ['fileLocks'],
      });
      assert.equal(retries, [{ cause: 'file-locks', with: ['fileLocks'] }]);
      assert.is(details.allowances.fileLocks, true, 'the restore needs it too');
      await containers.cleanup(request);
      await containers.restore(request);
      await countsOn(engine, request);
      assert.ok(await isLocked());
    });
  },
);

onHost(
  '[ckpt.fail-safe] [criu.options] a deleted file that has another name is saved without another try, unless the manifest forbids it',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(`echo seen >/one; ln /one /other; exec 9<>/one; rm /one; ${COUNT}`);
      const pid = await startReady(engine, request);
      const allowances = { linkRemap: false };
      const refused = criuError(
        await rejectionOf(containers.checkpoint(request, { then: 'stop', allowances })),
      );
      assert.is(refused.explanation?.cause, 'deleted-file-linked');
      await assertGoesOn(engine, request, pid);
      const names = () => inside(engine, request, 'ls -A /');
      const before = await names();
      for (const then of ['leave-running', 'stop'] as const) {
        const { retries } = await containers.checkpoint(request, { then });
        assert.equal(retries, []);
        if (then === 'leave-running') {
          await countsOn(engine, request);
          assert.is(await names(), before, 'no name of CRIU is left');
          await containers.stop(request, { signalNumber: 9, timeoutMs: 0 });
        }
        await containers.cleanup(request);
        await containers.restore(request);
        assert.is(await inside(engine, request, 'cat /proc/1/fd/9; cat /other'), 'seen\nseen\n');
        assert.is(await inside(engine, request, 'stat -L -c %h /proc/1/fd/9'), '1\n');
        assert.is(await names(), before, 'no name of CRIU is left');
      }
    });
  },
);

for (const moment of MOMENTS_OF_DUMP) {
  onHost(
    `[ckpt.fail-safe] [criu.swrk] CRIU killed at ${moment} of a dump: the container goes on unharmed`,
    async () => {
      await withEngine(async (engine) => {
        const request = engine.request(COUNT);
        const pid = await startReady(engine, request);
        const kept = await engine.containers.checkpoint(request, { then: 'leave-running' });
        let killed = 0;
        const observed = observedBy(engine, (effect, phase) => {
          if (effect === `criu.${moment}` && phase === 'before') killed += killCriu(engine, request);
        });
        const then = moment === 'network-unlock' ? 'leave-running' : 'stop';
        const error = await rejectionOf(observed.checkpoint(request, { then }));
        assert.is(killed, 1);
        assert.match(error.message, /criu ended before it had answered/);
        await assertGoesOn(engine, request, pid);
        assert.is((await engine.containers.findCheckpoint(request))?.createdAt, kept.details.createdAt);
        await checkpointAndStop(engine, request);
        await engine.containers.restore(request);
      });
    },
  );
}

for (const moment of MOMENTS_OF_RESTORE) {
  onHost(
    `[restore.rollback] CRIU killed at ${moment} of a restore: all is taken back, and the next one works`,
    async () => {
      await withEngine(async (engine) => {
        const request = engine.request(COUNT, { tty: moment === 'orphan-pts-master' });
        await startReady(engine, request);
        await checkpointAndStop(engine, request);
        let killed = 0;
        const yards: string[] = [];
        const observed = observedBy(engine, (effect, phase) => {
          if (effect !== `criu.${moment}` || phase !== 'before') return;
          yards.push(...mountYards(engine, request));
          killed += killCriu(engine, request);
        });
        const error = await rejectionOf(observed.restore(request));
        assert.is(killed, 1, moment);
        assert.is(yards.length, moment === 'pre-restore' ? 0 : 1, 'CRIU has made a directory for mounts');
        assert.equal(yards.filter(existsSync), []);
        assert.match(error.message, /^restore container\//);
        assert.is((await engine.containers.observe(request)).status, 'absent');
        const { cgroupLayout, cgroupOwner } = engine.parts;
        for (const directory of cgroupDirectories(cgroupLayout, containerCgroup(cgroupOwner, request))) {
          assert.not(existsSync(directory), directory);
        }
        const { pid } = await engine.containers.restore(request);
        await assertGoesOn(engine, request, pid);
      });
    },
  );
}

onHost('[ckpt.fail-safe] a deadline and an abort leave the container running', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT);
    const pid = await startReady(engine, request);
    const late = await rejectionOf(engine.containers.checkpoint(request, { then: 'stop', timeoutMs: 15 }));
    assert.is(engineError(late).code, 'TIMED_OUT', late.message);
    await assertGoesOn(engine, request, pid);
    const control = new AbortController();
    const observed = observedBy(engine, (effect) => {
      if (effect === 'criu.pre-dump') control.abort();
    });
    const aborted = await rejectionOf(observed.checkpoint(request, { then: 'stop', signal: control.signal }));
    assert.is(engineError(aborted).code, 'ABORTED', aborted.message);
    await assertGoesOn(engine, request, pid);
  });
});

onHost('[restore.rollback] a deadline takes a restore back', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT);
    await startReady(engine, request);
    await checkpointAndStop(engine, request);
    const late = await rejectionOf(engine.containers.restore(request, { timeoutMs: 15 }));
    assert.is(engineError(late).code, 'TIMED_OUT', late.message);
    assert.is((await engine.containers.observe(request)).status, 'absent');
    const { pid } = await engine.containers.restore(request);
    await assertGoesOn(engine, request, pid);
  });
});

onHost('[criu.descriptors] what was open as standard streams is noted beside the images', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT);
    const pid = await startReady(engine, request);
    const links = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const { details } = await checkpointAndStop(engine, request);
    const noted = JSON.parse(
      readFileSync(path.join(details.directory, 'images/descriptors.json'), 'utf8'),
    ) as string[];
    assert.equal(noted, links);
    assert.match(noted[1] ?? '', /^pipe:\[\d+\]$/);
  });
});

test.run();
