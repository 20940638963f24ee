import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDirectories } from '../../engine/cgroup/cgroup-layout.ts';
import { containerCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { dropParked } from '../../engine/checkpoint/parked-runtime.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import {
  checkpointAndStop,
  COUNT,
  countsOn,
  currentLog,
  inside,
  numbersIn,
  onCheckpointHost as onHost,
  startReady,
} from '../support/checkpoint-host.ts';
import { EngineError } from '../../engine/engine-error.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import { withPod } from '../support/test-pod.ts';

onHost('[criu.notify] a container with a terminal gets it back', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT, { tty: true });
    await startReady(engine, request);
    assert.match(await inside(engine, request, 'readlink /proc/1/fd/1'), /^\/dev\/(pts\/0|console)/);
    for (let round = 0; round < 2; round++) {
      await checkpointAndStop(engine, request);
      await engine.containers.restore(request);
      await countsOn(engine, request);
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
    await countsOn(engine, request);
  });
});

onHost(
  '[criu.ext-mounts] [criu.mountpoints] nested binds, a link as source and as destination, tmpfs in a bind, a read-only root',
  async () => {
    await withEngine(async (engine) => {
      const data = path.join(engine.directory, 'data');
      mkdirSync(path.join(data, 'inner'), { recursive: true });
      const other = path.join(engine.directory, 'other');
      mkdirSync(other);
      writeFileSync(path.join(other, 'file'), 'other\n');
      mkdirSync(path.join(engine.layer, 'real/conf'), { recursive: true });
      symlinkSync('/real/conf', path.join(engine.layer, 'conf'));
      const link = path.join(engine.directory, 'link');
      symlinkSync('other', link);
      const request = engine.request(`exec 8<>/data/open; ${COUNT}`, {
        securityContext: { readOnlyRootFilesystem: true },
        tmpfs: [{ mountPath: '/data/scratch' }],
        volumes: [
          { name: 'data', hostPath: { path: data } },
          { name: 'other', hostPath: { path: other } },
          { name: 'link', hostPath: { path: link } },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'other', mountPath: '/data/inner' },
          { name: 'link', mountPath: '/conf', readOnly: true },
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
        await countsOn(engine, request);
        assert.is(await inside(engine, request, look), before);
        assert.is(await inside(engine, request, 'cat /data/scratch/s'), 's\n');
      }
    });
  },
);

onHost(
  '[criu.ext-ns] [restore.pod] a member of a pod comes back into the namespaces of its pod',
  async () => {
    await withEngine(async (engine) => {
      await withPod(engine, async ({ member }) => {
        const one = engine.request(COUNT, {}, member('one'));
        const two = engine.request(COUNT, {}, member('two'));
        await startReady(engine, one);
        const pid = await startReady(engine, two);
        await inside(engine, one, 'echo shared >/dev/shm/x');
        await checkpointAndStop(engine, one);
        assert.is(await inside(engine, two, 'cat /dev/shm/x'), 'shared\n');
        const restored = await engine.containers.restore(one);
        await countsOn(engine, one);
        for (const kind of ['net', 'ipc', 'uts']) {
          const namespace = (of: number) => readlinkSync(`/proc/${of}/ns/${kind}`);
          assert.is(namespace(restored.pid), namespace(pid), kind);
        }
        assert.is(await inside(engine, one, 'hostname; cat /dev/shm/x'), 'duo\nshared\n');
        for (const request of [one, two]) await engine.containers.remove(request);
      });
    });
  },
);

onHost(
  '[restore.pod] [ckpt.deps] [ckpt.ignore] the archive of a container of its own goes on as a member of a pod, in the namespaces of that',
  async () => {
    await withEngine(async (engine) => {
      const { containers, directory } = engine;
      const alone = engine.request(`echo own >/dev/shm/own; echo left >/left; ${COUNT}`);
      const pid = await startReady(engine, alone);
      const hostname = await inside(engine, alone, 'hostname');
      const namespaces = (of: number) =>
        ['net', 'ipc', 'uts', 'pid'].map((kind) => readlinkSync(`/proc/${of}/ns/${kind}`));
      const own = namespaces(pid);
      await checkpointAndStop(engine, alone);
      const file = path.join(directory, 'alone.tar');
      await containers.exportCheckpoint(alone, {
        file,
        compression: 'none',
        leaveOut: ['rootfs', 'volumes'],
      });
      const members = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).split('\n');
      assert.not(members.some((name) => /rootfs-diff|deleted\.files|volumes/.test(name)));
      await withPod(engine, async ({ member }) => {
        const [other, request] = [
          engine.request(
            COUNT,
            {
              volumes: [{ name: 'shared', emptyDir: {} }],
              volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
            },
            member('other'),
          ),
          engine.request(COUNT, {}, member('one')),
        ];
        const ofPod = namespaces(await startReady(engine, other));
        const restored = await containers.restore(request, { archive: file });
        const found = namespaces(restored.pid);
        assert.equal(found.slice(0, 3), ofPod.slice(0, 3));
        assert.not(own.some((namespace) => found.includes(namespace)));
        assert.is(await inside(engine, request, 'hostname'), 'duo\n');
        assert.is.not(hostname, 'duo\n');
        await inside(engine, request, 'test ! -e /left');
        const first = numbersIn(currentLog(engine, request), 'n=')[0] ?? 0;
        assert.is(first, (numbersIn(currentLog(engine, alone), 'n=').at(-1) ?? 0) + 1, 'where it was saved');
        const archive = { file: `${file}.2`, compression: 'none', leaveOut: [] } as const;
        const shares = await rejectionOf(containers.checkpoint(other, { then: 'stop', archive }));
        assert.match(shares.message, /it shares the volume shared with the other containers of pod\/duo/);
        assert.is((await containers.observe(other)).status, 'running', 'nothing stood still');
        for (const each of [other, request]) await containers.remove(each);
      });
    });
  },
);

onHost(
  '[restore.publish] [restore.same-image] the ports and the image are those of the manifest at the restore, and refused by name where they do not fit',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const taken = net.createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as net.AddressInfo;
      try {
        const publish = (hostPort: number) => ({
          ports: [{ containerPort: 80, hostPort, hostIP: '127.0.0.1', protocol: 'TCP' }],
        });
        const request = engine.request(COUNT, publish(port));
        await startReady(engine, request);
        const { details } = await checkpointAndStop(engine, request);
        const recorded = JSON.parse(
          readFileSync(path.join(details.directory, 'environment.json'), 'utf8'),
        ) as {
          ports: unknown;
        };
        assert.equal(recorded.ports, publish(port).ports);
        const reasons = async (wanted: ContainerRequest): Promise<string[]> => {
          const refused = await rejectionOf(containers.restore(wanted));
          if (!(refused instanceof EngineError)) throw refused;
          assert.is((await containers.observe(request)).status, 'absent');
          return refused.reasons.map(({ reason }) => reason);
        };
        const elsewhere = { ...request, spec: { ...request.spec, ...publish(1) } } as ContainerRequest;
        const image = { reference: 'localhost/test:2', id: `sha256:${'1'.repeat(64)}` };
        assert.equal(await reasons(request), ['port-in-use']);
        assert.equal(await reasons({ ...elsewhere, image }), ['image']);
        assert.equal(await reasons({ ...request, image }), ['image', 'port-in-use']);
        await containers.restore({ ...elsewhere, image }, { ignore: ['image'] });
        await countsOn(engine, request);
      } finally {
        taken.close();
      }
    });
  },
);

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
      await countsOn(engine, request);
      await checkpointAndStop(engine, request);
      await containers.restore(request);
      assert.match(await state(), /stopped/);
      await inside(engine, request, 'kill -CONT $(cat /stopped)');
      assert.match(await state(), /sleeping/);
      await countsOn(engine, request);
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
    await countsOn(engine, request);
  });
});

test.run();
