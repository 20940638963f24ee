import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import { unmountAll } from '../../engine/rootfs/mount-overlay.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { readMountTable } from '../support/mount-table.ts';
import { readProcessTable } from '../support/process-table.ts';
import { rejectionOf } from '../support/rejection.ts';
import { copyRoot, logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

/** Runs it to its end and returns what it wrote. */
async function outputOf({ containers }: TestEngine, request: ContainerRequest): Promise<string> {
  await containers.create(request);
  await containers.start(request);
  await containers.waitExit(request);
  return logText(readFileSync(containers.logPaths(request).current, 'utf8'));
}

/** The lines of /proc/self/mountinfo whose mount point is exactly `target`. */
function mountLines(target: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === target);
}

test('[prepare.parallel] the root filesystem and the shared memory are made side by side', async () => {
  await withEngine(async (engine) => {
    const seen: string[] = [];
    const containers = createContainerEngine({
      ...engine.parts,
      observeEffect: (effect, phase) => seen.push(`${phase} ${effect}`),
    });
    await containers.create(engine.request('true'));
    const place = (what: string): number => seen.indexOf(what);
    for (const stage of ['root-filesystem', 'shared-memory']) {
      for (const other of ['root-filesystem', 'shared-memory']) {
        assert.ok(place(`before ${stage}.up`) >= 0, stage);
        assert.ok(
          place(`before ${stage}.up`) < place(`after ${other}.up`),
          `${stage} began before ${other} was done`,
        );
      }
    }
  });
});

test('[prepare.idempotent] a second prepare of a prepared container does nothing', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('sleep 1000');
    await containers.create(request);
    const before = await containers.observe(request);
    const paths = parts.paths.container(request.id);
    const config = statSync(paths.config).ino;
    await containers.create(request);
    assert.equal(await containers.observe(request), before);
    assert.is(statSync(paths.config).ino, config, 'nothing was written anew');
    for (const target of [paths.rootfs, paths.shm]) assert.is(mountLines(target).length, 1, target);
  });
});

test('[prepare.shm] /dev/shm is a tmpfs of its own: mode, options, size and owner', async () => {
  await withEngine(async (engine) => {
    const script = 'grep " /dev/shm " /proc/mounts; stat -c "%a %u %g" /dev/shm; df -k /dev/shm | tail -1';
    const plain = await outputOf(engine, engine.request(script));
    const [mount = '', status, size = ''] = plain.split('\n');
    assert.match(mount, /tmpfs/);
    for (const option of ['nosuid', 'nodev', 'noexec']) assert.match(mount, new RegExp(`\\b${option}\\b`));
    assert.is(status, '1777 0 0');
    assert.match(size, /\b65536\b/, 'the default is 64 MiB');
    assert.match(await outputOf(engine, engine.request(script, { shmSize: '8Mi' })), /\b8192\b/);
  });
});

test('[prepare.shm] what the manifest mounts at /dev/shm takes its place', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'hello'), '');
    const request = engine.request('ls /dev/shm', {
      volumes: [{ name: 'mine', hostPath: { path: mine } }],
      volumeMounts: [{ name: 'mine', mountPath: '/dev/shm' }],
    });
    assert.is(await outputOf(engine, request), 'hello');
    assert.equal(mountLines(engine.parts.paths.container(request.id).shm), []);
  });
});

test('[prepare.shm] unmounting one that is not mounted is no error', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('sleep 1000');
    await engine.containers.create(request);
    const { shm } = engine.parts.paths.container(request.id);
    unmountAll(engine.parts.kernel, shm);
    unmountAll(engine.parts.kernel, shm);
    await engine.containers.cleanup(request);
  });
});

test('[prepare.mtab] /etc/mtab links to /proc/mounts when the image has none', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('readlink /etc/mtab; grep -c " / " /etc/mtab');
    assert.is(await outputOf(engine, request), '/proc/mounts\n1');
    assert.not(existsSync(path.join(engine.layer, 'etc/mtab')), 'the image itself is untouched');
  });
});

test("[prepare.mtab] the image's own stays, even a dangling link", async () => {
  await withEngine(async (engine) => {
    symlinkSync('/nowhere', path.join(engine.layer, 'etc/mtab'));
    assert.is(await outputOf(engine, engine.request('readlink /etc/mtab')), '/nowhere');
  });
});

test('[prepare.mtab] an image whose /etc leads out gets its link inside', async () => {
  await withEngine(async (engine) => {
    const outside = path.join(engine.directory, 'outside');
    mkdirSync(outside);
    mkdirSync(path.join(engine.layer, outside), { recursive: true });
    rmSync(path.join(engine.layer, 'etc'), { recursive: true });
    symlinkSync(outside, path.join(engine.layer, 'etc'));
    const request = engine.request('true');
    await engine.containers.create(request);
    const { upper } = engine.parts.paths.container(request.id);
    assert.is(readlinkSync(path.join(upper, outside, 'mtab')), '/proc/mounts');
    assert.equal(readdirSync(outside), []);
  });
});

test('[prepare.rootfs] the layers are an overlay with an upper directory of the container, owned by its root', async () => {
  await withEngine(async (engine) => {
    const { parts, containers } = engine;
    const request = engine.request('echo mine > /written; rm /bin/wc; stat -c "%u %g" /');
    assert.is(await outputOf(engine, request), '0 0');
    const paths = parts.paths.container(request.id);
    const entry = (await readMountTable()).find(({ mountPoint }) => mountPoint === paths.rootfs);
    assert.is(entry?.type, 'overlay');
    assert.is(readFileSync(path.join(paths.upper, 'written'), 'utf8'), 'mine\n');
    assert.ok(lstatSync(path.join(paths.upper, 'bin/wc')).isCharacterDevice(), 'a whiteout');
    assert.ok(existsSync(path.join(engine.layer, 'bin/wc')), 'the layer is untouched');
    assert.not(existsSync(path.join(engine.layer, 'written')));
    const other = engine.request('ls /written');
    assert.match(await outputOf(engine, other), /No such file/);
    await containers.cleanup(request);
    assert.equal(mountLines(paths.rootfs), []);
  });
});

test('[prepare.rootfs] rootfs: uses that directory instead, without an overlay', async () => {
  await withEngine(async (engine) => {
    const rootfs = await copyRoot(engine);
    const request = engine.request('echo mine > /written', { rootfs }, { image: null });
    await outputOf(engine, request);
    assert.is(readFileSync(path.join(rootfs, 'written'), 'utf8'), 'mine\n');
    assert.equal(mountLines(engine.parts.paths.container(request.id).rootfs), []);
  });
});

test("[prepare.privileged-options] only a privileged container's root is mounted without nodev", async () => {
  await withEngine(async (engine) => {
    const options = async (spec: object) => {
      const request = engine.request('sleep 1000', spec);
      await engine.containers.create(request);
      const [line = ''] = mountLines(engine.parts.paths.container(request.id).rootfs);
      return (line.split(' ')[5] ?? '').split(',');
    };
    assert.ok((await options({})).includes('nodev'));
    for (const spec of [{ privileged: true }, { securityContext: { privileged: true } }]) {
      const found = await options(spec);
      for (const option of ['nodev', 'nosuid', 'noexec']) assert.not(found.includes(option), option);
    }
  });
});

test('[prepare.removing] a container that is being removed cannot be mounted', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('sleep 1000');
    await engine.containers.create(request);
    const removal = engine.containers.remove(request);
    const error = await rejectionOf(engine.containers.create(request));
    assert.is(error.code, 'BAD_REQUEST');
    assert.is(error.message, 'create container/web1: it is being removed');
    await removal;
    assert.is((await engine.containers.observe(request)).status, 'absent');
    await engine.containers.create(request);
  });
});

test('[prepare.removing] after a removal that a crash cut off nothing of the old layer is mounted', async () => {
  await withEngine(async (engine) => {
    const { parts } = engine;
    const request = engine.request('ls /a /b 2>/dev/null');
    const { state, upper } = parts.paths.container(request.id);
    const condemned = `${state}.removing`;
    mkdirSync(path.join(condemned, 'upper'), { recursive: true });
    writeFileSync(path.join(condemned, 'upper/a'), '');
    assert.is(await outputOf(engine, request), '');
    assert.not(existsSync(path.join(upper, 'a')));
    await engine.containers.remove(request);
    assert.not(existsSync(condemned));
  });
});

test('[prepare.rollback] a command that is not there: the error says so and nothing is left', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('', { command: ['/no/such/program'] });
    const error = await rejectionOf(engine.containers.create(request));
    assert.is(error.code, 'COMMAND_NOT_FOUND');
    assert.match(error.message, /^create container\/web1: .*\/no\/such\/program/);
    assert.is((await engine.containers.observe(request)).status, 'absent');
    assert.not(existsSync(engine.parts.paths.container(request.id).bundle));
  });
});

test('[prepare.rollback] a command that may not be executed is another error', async () => {
  await withEngine(async (engine) => {
    writeFileSync(path.join(engine.layer, 'plain'), 'text');
    chmodSync(path.join(engine.layer, 'plain'), 0o644);
    const request = engine.request('', { command: ['/plain'] });
    assert.is((await rejectionOf(engine.containers.create(request))).code, 'COMMAND_NOT_EXECUTABLE');
  });
});

test('[prepare.rollback] a layer that is gone takes /dev/shm down again, and the monitor that waits', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('true');
    const layer = `${engine.layer}.away`;
    const { shm, bundle } = engine.parts.paths.container(request.id);
    const monitors = async (): Promise<number> =>
      (await readProcessTable()).filter(({ args }) => args.includes(bundle)).length;
    const waiting: number[] = [];
    engine.parts.images.layerPaths = async () => {
      waiting.push(await monitors());
      return [layer];
    };
    const error = await rejectionOf(engine.containers.create(request));
    assert.match(error.message, /ENOENT/);
    assert.equal([...waiting, await monitors()], [1, 0]);
    assert.equal(mountLines(shm), []);
    assert.not(existsSync(bundle));
  });
});

test('what a killed creation has left does not hinder the next one', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('echo hello; sleep 1000');
    await containers.create(request);
    const { pid } = await containers.observe(request);
    // As after a kill between conmon's start and our own note of the process.
    rmSync(parts.paths.container(request.id).process);
    assert.is((await containers.observe(request)).status, 'prepared');
    await containers.cleanup(request);
    await until(() => !existsSync(`/proc/${pid}`), { what: 'the forgotten process is gone' });
    await containers.create(request);
    await containers.start(request);
    assert.is((await containers.observe(request)).status, 'running');
    assert.is(readlinkSync(`/proc/${(await containers.observe(request)).pid}/root`), '/');
  });
});

test.run();
