import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mountPointsBelow } from '../../engine/rootfs/is-mount-point.ts';
import { createLinuxKernel } from '../../native/index.ts';
import { claim, outputOf } from '../support/container-output.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

const kernel = createLinuxKernel();
/** vfs_cap_data of version 2: CAP_NET_RAW, permitted and effective (linux/capability.h). */
const CAP_NET_RAW = Buffer.from([1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

const dataOf = (engine: TestEngine, name: string, ...rest: string[]) =>
  path.join(engine.directory, 'root/volumes', name, '_data', ...rest);

test('[volume.named] a volume is created on first use and keeps what was written', async () => {
  await withEngine(async (engine) => {
    assert.is(await engine.parts.volumes.find('data'), null);
    await outputOf(engine, 'echo kept > /v/x', claim('data'));
    const record = await engine.parts.volumes.find('data');
    assert.is(record?.driver, 'local');
    assert.equal(record?.labels, {});
    assert.is(await outputOf(engine, 'cat /v/x', claim('data')), 'kept');
    assert.is(readFileSync(dataOf(engine, 'data', 'x'), 'utf8'), 'kept\n');
  });
});

test('[volume.named] labels and options stay, and other options for the same name are refused', async () => {
  await withEngine(async (engine) => {
    const { volumes } = engine.parts;
    await volumes.ensure({ name: 'data', labels: { team: 'db' }, options: { type: 'tmpfs', o: 'size=1m' } });
    await volumes.ensure({ name: 'data' });
    assert.equal((await volumes.find('data'))?.labels, { team: 'db' });
    const error = await rejectionOf(volumes.ensure({ name: 'data', options: { type: 'ext4' } }));
    assert.is(error.message, 'create volume data: it exists with type tmpfs, asked for ext4');
  });
});

test('[volume.named] the local driver mounts a tmpfs with options while a container uses it', async () => {
  await withEngine(async (engine) => {
    const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=2m,mode=1770,uid=7,noexec' };
    await engine.parts.volumes.ensure({ name: 'ram', options });
    const [first, second] = [
      engine.request('sleep 60', claim('ram')),
      engine.request('sleep 60', claim('ram')),
    ];
    for (const request of [first, second]) await engine.containers.create(request);
    const at = dataOf(engine, 'ram');
    assert.equal(mountPointsBelow(at), [at], 'mounted once for both');
    const line = await outputOf(
      engine,
      'grep " /v " /proc/mounts; stat -c %a:%u /v; df -k /v | tail -1',
      claim('ram'),
    );
    assert.match(line, /tmpfs rw,nosuid,nodev,noexec,relatime,size=2048k,mode=1770,uid=7/);
    assert.match(line, /1770:7/);
    assert.match(line, / 2048 /);
    await engine.containers.remove(first);
    assert.equal(mountPointsBelow(at), [at], 'the other one still has it');
    await engine.containers.remove(second);
    assert.equal(mountPointsBelow(at), []);
  });
});

test('[volume.named] the local driver binds a directory of the host, read-only when it says so', async () => {
  await withEngine(async (engine) => {
    const device = path.join(engine.directory, 'mine');
    mkdirSync(device);
    writeFileSync(path.join(device, 'file'), 'mine\n');
    await engine.parts.volumes.ensure({ name: 'bound', options: { type: 'none', device, o: 'bind,ro' } });
    assert.is(
      await outputOf(engine, 'cat /v/file; touch /v/x', claim('bound')),
      'mine\ntouch: /v/x: Read-only file system',
    );
    assert.equal(readdirSync(device), ['file']);
    await engine.parts.volumes.remove('bound');
    assert.equal(readdirSync(device), ['file'], 'what was bound is not the volume');
  });
});

test('[volume.named] a file system that cannot be mounted is an error that names volume and device', async () => {
  await withEngine(async (engine) => {
    const options = { type: 'ext4', device: '/nonexistent/device' };
    await engine.parts.volumes.ensure({ name: 'broken', options });
    const error = await rejectionOf(engine.containers.create(engine.request('true', claim('broken'))));
    assert.match(error.message, /mount volume broken: ext4 from \/nonexistent\/device: .*ENOENT/);
  });
});

/** The directory /v of the image, with one of everything. */
function fillImage(engine: TestEngine): void {
  const at = (...names: string[]) => path.join(engine.layer, 'v', ...names);
  mkdirSync(at('sub/deep'), { recursive: true });
  writeFileSync(at('file'), 'from the image\n');
  chownSync(at('file'), 11, 22);
  chmodSync(at('file'), 0o4751);
  writeFileSync(at('sub/deep/x'), 'deep\n');
  linkSync(at('file'), at('sub/hard'));
  symlinkSync('/etc/shadow', at('link'));
  execFileSync('mkfifo', [at('fifo')]);
  execFileSync('mknod', [at('null'), 'c', '1', '3']);
  kernel.lsetxattr(at('file'), 'user.note', Buffer.from('kept'), 0);
  kernel.lsetxattr(at('sub/deep/x'), 'security.capability', CAP_NET_RAW, 0);
  utimesSync(at('file'), 1_000_000, 1_000_000.5);
  lutimesSync(at('link'), 2_000_000, 2_000_000);
  chownSync(at('sub'), 33, 44);
  chmodSync(at('sub'), 0o2770);
  utimesSync(at('sub'), 3_000_000, 3_000_000);
  chownSync(at(), 5, 6);
  chmodSync(at(), 0o1753);
  utimesSync(at(), 4_000_000, 4_000_000);
}

const LISTING =
  'cd /v; stat -c "%n %F %a %u %g %Y %h" . file sub sub/hard sub/deep/x link fifo null; cat file sub/deep/x; readlink link';

test('[volume.copy-up] [volume.ownership] a fresh volume takes over files, owners, modes, times, attributes and links', async () => {
  await withEngine(async (engine) => {
    fillImage(engine);
    const direct = await outputOf(engine, LISTING);
    assert.is(await outputOf(engine, LISTING, claim('data')), direct);
    assert.match(direct, /^\. directory 1753 5 6 4000000/);
    assert.is(kernel.lgetxattr(dataOf(engine, 'data', 'file'), 'user.note').toString(), 'kept');
    assert.equal(kernel.lgetxattr(dataOf(engine, 'data', 'sub/deep/x'), 'security.capability'), CAP_NET_RAW);
    assert.not(existsSync(path.join(engine.directory, 'root/volumes/data/_data.copying')));
  });
});

test('[volume.copy-up] it happens once: what was deleted stays deleted', async () => {
  await withEngine(async (engine) => {
    fillImage(engine);
    await outputOf(engine, 'rm -r /v/*', claim('data'));
    assert.is(await outputOf(engine, 'ls -A /v', claim('data')), '');
  });
});

test('[volume.copy-up] a volume with anything in it is never written to', async () => {
  await withEngine(async (engine) => {
    fillImage(engine);
    mkdirSync(dataOf(engine, 'data'), { recursive: true });
    writeFileSync(dataOf(engine, 'data', 'mine'), 'mine');
    chmodSync(dataOf(engine, 'data'), 0o700);
    assert.is(await outputOf(engine, 'ls -A /v; stat -c %a:%u /v', claim('data')), 'mine\n700:0');
  });
});

test('[volume.copy-up] noCopy opts out, and a later mount without it still takes over', async () => {
  await withEngine(async (engine) => {
    fillImage(engine);
    assert.is(
      await outputOf(engine, 'ls -A /v; stat -c %a:%u:%g /v', claim('data', { noCopy: true })),
      '1753:5:6',
    );
    assert.is(await outputOf(engine, 'cat /v/file', claim('data')), 'from the image');
  });
});

test('[volume.copy-up] two containers that start at once see one complete copy', async () => {
  await withEngine(async (engine) => {
    mkdirSync(path.join(engine.layer, 'v'));
    for (let i = 0; i < 300; i++) writeFileSync(path.join(engine.layer, 'v', `file-${i}`), `${i}`);
    const outputs = await Promise.all([1, 2, 3].map(() => outputOf(engine, 'ls /v | wc -l', claim('data'))));
    assert.equal(
      outputs.map((text) => text.trim()),
      ['300', '300', '300'],
    );
  });
});

test('[volume.copy-up] half a copy of a crash is thrown away and made anew', async () => {
  await withEngine(async (engine) => {
    fillImage(engine);
    await engine.parts.volumes.ensure({ name: 'data' });
    const half = path.join(engine.directory, 'root/volumes/data/_data.copying');
    mkdirSync(half);
    writeFileSync(path.join(half, 'half'), '');
    assert.is(await outputOf(engine, 'ls -A /v', claim('data')), 'fifo\nfile\nlink\nnull\nsub');
  });
});

test('[volume.copy-up] a mount point that leads out of the image copies nothing from outside', async () => {
  await withEngine(async (engine) => {
    const outside = path.join(engine.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'secret'), '');
    const at = (name: string) => path.join(engine.layer, name);
    symlinkSync(outside, at('absolute'));
    symlinkSync('../../../../../../../..' + outside, at('relative'));
    symlinkSync('/proc/self/root' + outside, at('magic'));
    execFileSync('mkfifo', [at('fifo')]);
    writeFileSync(at('file'), 'text');
    for (const [index, name] of ['absolute', 'relative', 'magic', 'fifo', 'file'].entries()) {
      const request = engine.request('true', claim(`data-${index}`, { mountPath: `/${name}` }));
      // The runtime may refuse the mount point; what matters is what the volume has got.
      await engine.containers.create(request).catch(() => undefined);
      assert.equal(readdirSync(dataOf(engine, `data-${index}`)), [], name);
    }
  });
});

test('[volume.ownership] a volume over nothing belongs to the user of the container', async () => {
  await withEngine(async (engine) => {
    const spec = { ...claim('data'), securityContext: { runAsUser: 1234, runAsGroup: 5678 } };
    assert.is(await outputOf(engine, 'touch /v/x && stat -c %u:%g:%a /v', spec), '1234:5678:755');
    const other = { ...claim('data'), securityContext: { runAsUser: 99 } };
    assert.is(await outputOf(engine, 'stat -c %u:%g /v', other), '1234:5678', 'the first one decides');
  });
});

test('[volume.named] a place that the image declares as volume gets one that goes with the container', async () => {
  await withEngine(
    async (engine) => {
      fillImage(engine);
      const request = engine.request('cat /v/file; echo new > /v/new; grep -c " /v " /proc/mounts');
      await engine.containers.create(request);
      await engine.containers.start(request);
      await engine.containers.waitExit(request);
      const own = path.join(engine.parts.paths.container(request.id).state, 'volumes', '%2Fv');
      assert.is(readFileSync(path.join(own, 'new'), 'utf8'), 'new\n');
      assert.is(readFileSync(path.join(own, 'file'), 'utf8'), 'from the image\n');
      await engine.containers.remove(request);
      assert.not(existsSync(own));
      assert.is(
        await outputOf(engine, 'ls -A /v', claim('data', { noCopy: true })),
        '',
        'a mount of the manifest wins',
      );
    },
    { config: { Volumes: { '/v/': {} } } },
  );
});

test.run();
