import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import { createLinuxKernel, ErrnoError } from '../../native/index.ts';
import { claim, oneVolume, outputOf, outputOfRequest } from '../support/container-output.ts';
import { rejectionOf } from '../support/rejection.ts';
import { copyRoot, logText, TEST_IMAGE, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

const MAPPED = { userns: { mode: 'map', uidMappings: [{ containerID: 0, hostID: 700_000, size: 65_536 }] } };
const AUTO = { userns: { mode: 'auto' } };

/** The root of a user namespace is nobody on the host, and has to get to its files. */
function withOpenEngine(body: (engine: TestEngine) => Promise<void>): Promise<void> {
  return withEngine(async (engine) => {
    chmodSync(engine.directory, 0o711);
    await body(engine);
  });
}

const upperOf = (engine: TestEngine, id: string, ...rest: string[]) =>
  path.join(engine.parts.paths.container(id).upper, ...rest);

test('[spec.userns] explicit maps: root of the container is somebody else on the host, and owns its files', async () => {
  await withOpenEngine(async (engine) => {
    writeFileSync(path.join(engine.layer, 'owned'), '');
    chownSync(path.join(engine.layer, 'owned'), 33, 44);
    const script =
      'cat /proc/self/uid_map /proc/self/gid_map; id -u; stat -c "%n %u:%g" / /owned /etc /dev/shm /etc/hosts /etc/mtab; echo x > /made; chown 5:6 /made; touch /bin/new && cat /made';
    const request = engine.request(script, MAPPED);
    const output = await outputOfRequest(engine, request);
    assert.match(output, /^ *0 +700000 +65536\n *0 +700000 +65536\n0\n/);
    assert.match(
      output,
      /\/ 0:0\n\/owned 33:44\n\/etc 0:0\n\/dev\/shm 0:0\n\/etc\/hosts 0:0\n\/etc\/mtab 0:0\nx$/,
    );
    const made = statSync(upperOf(engine, request.id, 'made'));
    assert.equal([made.uid, made.gid], [700_005, 700_006]);
    assert.is(statSync(path.join(engine.layer, 'owned')).uid, 33, 'the image is untouched');
  });
});

test('[spec.userns] users and groups may have maps of their own, in several lines', async () => {
  await withOpenEngine(async (engine) => {
    const userns = {
      mode: 'map',
      uidMappings: [
        { containerID: 0, hostID: 710_000, size: 1 },
        { containerID: 1, hostID: 720_000, size: 999 },
      ],
      gidMappings: [{ containerID: 0, hostID: 730_000, size: 1000 }],
    };
    const spec = { userns, securityContext: { runAsUser: 7, runAsGroup: 8 } };
    const request = engine.request('touch /tmp/x; stat -c %u:%g /tmp/x', spec);
    assert.is(await outputOfRequest(engine, request), '7:8');
    const made = statSync(upperOf(engine, request.id, 'tmp/x'));
    assert.equal([made.uid, made.gid], [720_006, 730_008]);
  });
});

test('[spec.userns] auto gives each container a range that no other has, and the same again after a restart', async () => {
  await withOpenEngine(async (engine) => {
    const requests = [1, 2, 3].map(() => engine.request('cat /proc/self/uid_map', AUTO));
    const outputs = await Promise.all(requests.map((request) => outputOfRequest(engine, request)));
    const ranges = outputs.map((text) => text.trim().split(/\s+/).map(Number));
    const starts = ranges.map(([, start = 0]) => start).sort((a, b) => a - b);
    for (const [inner, start = 0, size] of ranges) {
      assert.equal([inner, size], [0, 1024]);
      assert.ok(start >= 1000, 'nobody of the host');
    }
    for (const [index, start] of starts.slice(1).entries()) assert.ok(start - (starts[index] ?? 0) >= 1024);
    const again = requests[1] ?? engine.request('true');
    assert.is(await outputOfRequest(engine, again), outputs[1]);
    const held = await engine.parts.idRanges.list();
    assert.equal(held.map(({ holder }) => holder).sort(), requests.map(({ id }) => id).sort());
    for (const request of requests) await engine.containers.remove(request);
    assert.equal(await engine.parts.idRanges.list(), []);
  });
});

test('[spec.userns] auto is sized by the users of the image and the manifest, or as asked', async () => {
  await withOpenEngine(async (engine) => {
    writeFileSync(
      path.join(engine.layer, 'etc/passwd'),
      'big:x:5000:5000::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n',
    );
    const size = async (spec: object) =>
      Number((await outputOf(engine, 'cat /proc/self/uid_map', spec)).trim().split(/\s+/)[2]);
    assert.is(await size(AUTO), 5001);
    assert.is(await size({ ...AUTO, securityContext: { runAsUser: 9999 } }), 10_000);
    assert.is(await size({ userns: { mode: 'auto', size: 3000 } }), 3000);
  });
});

test("[spec.userns] a container joins another's user namespace while that runs", async () => {
  await withOpenEngine(async (engine) => {
    const first = engine.request('readlink /proc/self/ns/user; sleep 60', AUTO, { name: 'first' });
    await engine.containers.create(first);
    await engine.containers.start(first);
    const joining = { userns: { mode: 'container', container: 'first' } };
    const request = engine.request(
      'readlink /proc/self/ns/user; stat -c %u /; touch /x; head -1 /proc/self/uid_map',
      joining,
    );
    const output = await outputOfRequest(engine, request);
    const [namespace] = logText(readFileSync(engine.containers.logPaths(first).current, 'utf8')).split('\n');
    assert.is(output.split('\n')[0], namespace);
    assert.is(output.split('\n')[1], '0');
    const [range] = await engine.parts.idRanges.list();
    assert.is(statSync(upperOf(engine, request.id, 'x')).uid, range?.start);
    await engine.containers.remove(first);
    const error = await rejectionOf(engine.containers.create(engine.request('true', joining)));
    assert.match(error.message, /join the user namespace of container\/first .*it does not run/);
  });
});

test('[spec.userns] where the file system has no id-mapped mounts the files are given away, once', async () => {
  await withOpenEngine(async (engine) => {
    writeFileSync(path.join(engine.layer, 'owned'), 'text\n');
    chownSync(path.join(engine.layer, 'owned'), 33, 44);
    const real = createLinuxKernel();
    let walked = 0;
    const kernel: typeof real = {
      ...real,
      mountSetattr(dirfd, name, flags, attributes) {
        if (attributes.userNamespaceFd !== undefined) throw new ErrnoError('mount_setattr', 'EINVAL', 22);
        real.mountSetattr(dirfd, name, flags, attributes);
      },
      fchownat(...args) {
        walked += 1;
        real.fchownat(...args);
      },
    };
    const containers = createContainerEngine({ ...engine.parts, kernel });
    const limited = { ...engine, containers };
    const script =
      'stat -c "%n %u:%g %a" / /owned /bin/busybox /v; cat /owned; touch /v/x /made; stat -c %u /v/x /made';
    const spec = { ...MAPPED, ...claim('data') };
    const request = engine.request(script, spec);
    const expected = '/ 0:0 555\n/owned 33:44 644\n/bin/busybox 0:0 755\n/v 0:0 755\ntext\n0\n0';
    assert.is(await outputOfRequest(limited, request), expected);
    assert.ok(walked > 50, 'the whole image was given away');
    walked = 0;
    assert.is(await outputOfRequest(limited, request), expected);
    assert.ok(walked < 50, `once: ${walked}`);
    assert.is(statSync(path.join(engine.layer, 'owned')).uid, 33, 'the image is untouched');
  });
});

test('[spec.userns] a directory as root file system shows its owners', async () => {
  await withOpenEngine(async (engine) => {
    const rootfs = await copyRoot(engine);
    const request = engine.request('stat -c %u /bin; touch /made', { ...MAPPED, rootfs }, { image: null });
    assert.is(await outputOfRequest(engine, request), '0');
    assert.is(statSync(path.join(rootfs, 'made')).uid, 0, 'on disk as without a user namespace');
  });
});

test('[volume.idmap] volumes of tsctr show their owners as on disk, whatever the range is', async () => {
  await withOpenEngine(async (engine) => {
    mkdirSync(path.join(engine.layer, 'v'));
    writeFileSync(path.join(engine.layer, 'v/image'), '');
    chownSync(path.join(engine.layer, 'v/image'), 12, 13);
    const script = 'touch /v/$1; chown 4:5 /v/$1; stat -c "%n %u:%g" /v /v/*';
    const run = (name: string, spec: object) =>
      outputOf(engine, script.replaceAll('$1', name), { ...spec, ...claim('data') });
    assert.is(await run('a', MAPPED), '/v 0:0\n/v/a 4:5\n/v/image 12:13');
    assert.is(await run('b', AUTO), '/v 0:0\n/v/a 4:5\n/v/b 4:5\n/v/image 12:13');
    assert.is(await run('c', {}), '/v 0:0\n/v/a 4:5\n/v/b 4:5\n/v/c 4:5\n/v/image 12:13');
    const onDisk = path.join(engine.directory, 'root/volumes/data/_data');
    assert.equal(
      readdirSync(onDisk).map((name) => statSync(path.join(onDisk, name)).uid),
      [4, 4, 4, 12],
    );
  });
});

test('[volume.idmap] a hostPath is mapped when asked for, else it keeps its owners', async () => {
  await withOpenEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(path.join(mine, 'sub'), { recursive: true });
    chownSync(path.join(mine, 'sub'), 8, 9);
    const at = (mount: object) => ({ ...MAPPED, ...oneVolume({ hostPath: { path: mine } }, mount) });
    assert.is(await outputOf(engine, 'stat -c %u:%g /v/sub', at({})), '65534:65534');
    assert.is(await outputOf(engine, 'stat -c %u:%g /v/sub; touch /v/x', at({ idmap: true })), '8:9');
    assert.is(await outputOf(engine, 'stat -c %u:%g /v', at({ idmap: true, subPath: 'sub' })), '8:9');
    assert.is(statSync(path.join(mine, 'x')).uid, 0);
    await engine.parts.volumes.ensure({ name: 'data' });
    assert.is(
      await outputOf(engine, 'stat -c %u /v', { ...MAPPED, ...claim('data', { idmap: false }) }),
      '0',
    );
    assert.is(statSync(path.join(engine.directory, 'root/volumes/data/_data')).uid, 700_000);
  });
});

test('[volume.kinds] every kind works in a user namespace', async () => {
  await withOpenEngine(async (engine) => {
    const labels = { app: 'web' };
    const sources = {
      disk: { emptyDir: {} },
      memory: { emptyDir: { medium: 'Memory' } },
      claim: { persistentVolumeClaim: { claimName: 'data' } },
      down: { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      image: { image: { reference: TEST_IMAGE.reference } },
    };
    const spec = {
      ...AUTO,
      volumes: Object.entries(sources).map(([name, source]) => ({ name, ...source })),
      volumeMounts: Object.keys(sources).map((name) => ({ name, mountPath: `/m/${name}` })),
      tmpfs: [{ mountPath: '/m/tmpfs' }],
    };
    const script =
      'for d in disk memory claim tmpfs; do echo $d > /m/$d/x; stat -c "%n %u:%g" /m/$d /m/$d/x; done; cat /m/down/labels; echo; stat -c %u /m/down/labels /m/image/bin/busybox';
    assert.is(
      await outputOf(engine, script, spec, { labels }),
      [
        ...['disk', 'memory', 'claim', 'tmpfs'].flatMap((d) => [`/m/${d} 0:0`, `/m/${d}/x 0:0`]),
        'app="web"',
        '0',
        '0',
      ].join('\n'),
    );
  });
});

test('[volume.overlay] [volume.chown] in a user namespace', async () => {
  await withOpenEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'file'), 'below\n');
    const at = (mount: object) => ({ ...MAPPED, ...oneVolume({ hostPath: { path: mine } }, mount) });
    assert.is(
      await outputOf(
        engine,
        'stat -c %u /v /v/file; echo x > /v/file; cat /v/file',
        at({ idmap: true, overlay: true }),
      ),
      '0\n0\nx',
    );
    assert.is(readFileSync(path.join(mine, 'file'), 'utf8'), 'below\n');
    assert.is(await outputOf(engine, 'stat -c %u /v /v/file; touch /v/y', at({ chown: true })), '0\n0');
    assert.is(statSync(path.join(mine, 'file')).uid, 700_000);
  });
});

test('[spec.user.groups] groups that the user namespace does not map are left out', async () => {
  await withOpenEngine(async (engine) => {
    const notices: string[] = [];
    const containers = createContainerEngine({
      ...engine.parts,
      notice: (container, message) => notices.push(`${container}: ${message}`),
    });
    const spec = {
      userns: { mode: 'auto', size: 2000 },
      groups: ['100', '3000'],
      securityContext: { runAsUser: 1 },
    };
    const request = engine.request('id -G', spec);
    assert.is(await outputOfRequest({ ...engine, containers }, request), '0 100');
    assert.ok(notices.includes(`${request.name}: its user namespace has no group 3000: left out`));
  });
});

test('[spec.userns] a directory above that nobody can pass through is named', async () => {
  await withEngine(async (engine) => {
    const error = await rejectionOf(engine.containers.create(engine.request('true', MAPPED)));
    assert.is(
      error.message,
      `prepare the user namespace of container/web1: nobody but root can pass through ${engine.directory}`,
    );
  });
});

test.run();
