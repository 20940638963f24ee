import { chmodSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDirectories } from '../../engine/cgroup/cgroup-layout.ts';
import { containerCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { dropParked } from '../../engine/checkpoint/parked-runtime.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import type { PodRecord } from '../../schemas/index.ts';
import {
  checkpointAndStop,
  currentLog,
  inside,
  missingForCheckpoints,
  numbersIn,
  startReady,
} from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { testUnless } from '../support/skip.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, await missingForCheckpoints());
const COUNT = 'echo ready; i=0; while :; do i=$((i+1)); echo n=$i; sleep 0.02; done';

async function goesOn(engine: TestEngine, request: ContainerRequest): Promise<void> {
  const numbers = () => numbersIn(currentLog(engine, request).replaceAll('\r', ''), 'n=');
  const last = numbers().at(-1) ?? 0;
  await until(() => (numbers().at(-1) ?? 0) > last + 3, { what: 'the counter goes on' });
  assert.equal(
    numbers(),
    numbers().map((_, index) => index + 1),
  );
}

onHost('[criu.notify] a container with a terminal gets it back', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT, { tty: true });
    await startReady(engine, request);
    assert.match(await inside(engine, request, 'readlink /proc/1/fd/1'), /^\/dev\/(pts\/0|console)/);
    for (let round = 0; round < 2; round++) {
      await checkpointAndStop(engine, request);
      await engine.containers.restore(request);
      await goesOn(engine, request);
    }
  });
});

onHost('[criu.descriptors] an open standard input is restored', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT, { stdin: true });
    await startReady(engine, request);
    await checkpointAndStop(engine, request);
    await engine.containers.restore(request);
    assert.match(await inside(engine, request, 'readlink /proc/1/fd/0'), /^pipe:/);
    await goesOn(engine, request);
  });
});

onHost(
  '[criu.ext-mounts] [criu.mountpoints] nested binds, a link as destination, tmpfs in a bind, a read-only root',
  async () => {
    await withEngine(async (engine) => {
      const data = path.join(engine.directory, 'data');
      mkdirSync(path.join(data, 'inner'), { recursive: true });
      const other = path.join(engine.directory, 'other');
      mkdirSync(other);
      writeFileSync(path.join(other, 'file'), 'other\n');
      mkdirSync(path.join(engine.layer, 'real/conf'), { recursive: true });
      symlinkSync('/real/conf', path.join(engine.layer, 'conf'));
      const request = engine.request(`exec 8<>/data/open; ${COUNT}`, {
        securityContext: { readOnlyRootFilesystem: true },
        tmpfs: [{ mountPath: '/data/scratch' }],
        volumes: [
          { name: 'data', hostPath: { path: data } },
          { name: 'other', hostPath: { path: other } },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'other', mountPath: '/data/inner' },
          { name: 'other', mountPath: '/conf', readOnly: true },
        ],
      });
      chmodSync(data, 0o777);
      await startReady(engine, request);
      const look =
        'cat /data/inner/file /conf/file; cut -d" " -f4-6 /proc/self/mountinfo | grep -v /proc | sed "/^[/] [/] /s/,nodev//" | sort; touch /x 2>&1 || true';
      await inside(engine, request, 'echo s >/data/scratch/s');
      const before = await inside(engine, request, look);
      for (let round = 0; round < 2; round++) {
        await checkpointAndStop(engine, request);
        await engine.containers.restore(request);
        await goesOn(engine, request);
        assert.is(await inside(engine, request, look), before);
        assert.is(await inside(engine, request, 'cat /data/scratch/s'), 's\n');
      }
    });
  },
);

onHost('[criu.ext-ns] a member of a pod comes back into the namespaces of its pod', async () => {
  await withEngine(async (engine) => {
    const id = 'b'.repeat(64);
    const pod = {
      id,
      name: 'duo',
      manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'duo' }, spec: { containers: [] } },
    } as unknown as PodRecord;
    await engine.pods.prepare(pod);
    try {
      const member = (name: string) => ({
        pod: {
          name: 'duo',
          id,
          member: name,
          init: false,
          shared: ['net', 'ipc', 'uts'] as ('net' | 'ipc' | 'uts')[],
        },
      });
      const one = engine.request(COUNT, {}, member('one'));
      const two = engine.request(COUNT, {}, member('two'));
      await startReady(engine, one);
      const pid = await startReady(engine, two);
      await inside(engine, one, 'echo shared >/dev/shm/x');
      await checkpointAndStop(engine, one);
      assert.is(await inside(engine, two, 'cat /dev/shm/x'), 'shared\n');
      const restored = await engine.containers.restore(one);
      await goesOn(engine, one);
      for (const kind of ['net', 'ipc', 'uts']) {
        const namespace = (of: number) => readlinkSync(`/proc/${of}/ns/${kind}`);
        assert.is(namespace(restored.pid), namespace(pid), kind);
      }
      assert.is(await inside(engine, one, 'hostname; cat /dev/shm/x'), 'duo\nshared\n');
      for (const request of [one, two]) await engine.containers.remove(request);
    } finally {
      await engine.pods.release(pod);
    }
  });
});

onHost('[criu.cgroups] limits and device rules are those of the manifest again', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT, { resources: { limits: { memory: '64Mi', cpu: '500m' } } });
    await startReady(engine, request);
    const look = (pid: number) => {
      const memory = /^\d+:memory:(.*)$|^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
      return memory?.[1] ?? memory?.[2];
    };
    const before = look((await engine.containers.observe(request)).pid ?? 0);
    const files =
      'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us devices/devices.list memory.max 2>/dev/null || true';
    const limits = await inside(engine, request, files);
    assert.match(limits, /67108864/);
    await checkpointAndStop(engine, request);
    const { pid } = await engine.containers.restore(request);
    assert.is(look(pid), before);
    assert.is(await inside(engine, request, files), limits);
  });
});

onHost(
  '[ckpt.stop-or-leave] [restore.after] a process that SIGSTOP has stopped comes back stopped',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(`sleep 1000 & echo $! >/stopped; kill -STOP $!; ${COUNT}`);
      const state = () => inside(engine, request, 'grep State /proc/$(cat /stopped)/status');
      await startReady(engine, request);
      assert.match(await state(), /stopped/);

      await containers.pause(request);
      const refused = await rejectionOf(containers.checkpoint(request, { then: 'stop', timeoutMs: 10_000 }));
      assert.match(refused.message, /is stopped by a signal besides/);
      assert.is((await containers.observe(request)).status, 'paused');
      await containers.resume(request);

      await containers.checkpoint(request, { then: 'leave-running', timeoutMs: 10_000 });
      await goesOn(engine, request);
      await checkpointAndStop(engine, request);
      await containers.restore(request);
      assert.match(await state(), /stopped/);
      await inside(engine, request, 'kill -CONT $(cat /stopped)');
      assert.match(await state(), /sleeping/);
      await goesOn(engine, request);
    });
  },
);

onHost('[restore.after] the cgroup is not empty for a moment: systemd would take it away', async () => {
  await withEngine(async (engine) => {
    const { cgroupLayout, cgroupOwner } = engine.parts;
    const request = engine.request(COUNT, { resources: { limits: { memory: '64Mi' } } });
    await startReady(engine, request);
    await checkpointAndStop(engine, request);
    // As with systemd, which leaves nothing of a container that has ended.
    await dropParked(engine.parts, request);
    const [directory = ''] = cgroupDirectories(cgroupLayout, containerCgroup(cgroupOwner, request));
    const programs = (): string[] =>
      readFileSync(path.join(directory, 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((pid) => path.basename(readlinkSync(`/proc/${pid}/exe`)));
    const seen: string[][] = [];
    const containers = createContainerEngine({
      ...engine.parts,
      observeEffect: (effect) => {
        if (effect === 'criu.pre-restore') seen.push(programs());
      },
    });
    await containers.restore(request);
    const [before = [], after = []] = seen;
    assert.is(
      before.filter((name) => name !== 'criu').length,
      1,
      `the placeholder is among ${before.join()}`,
    );
    assert.ok(after.length > 0 && after.every((name) => name === 'criu'), after.join());
    await goesOn(engine, request);
  });
});

test.run();
