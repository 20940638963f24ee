import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel, ErrnoError } from '../../native/index.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import { claim, oneVolume, outputOf, outputOfRequest } from '../support/container-output.ts';
import { rejectionOf } from '../support/rejection.ts';
import { TEST_IMAGE, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

/** A directory of the host with a file in it. */
function makeDirectory(engine: TestEngine, name = 'mine'): string {
  const directory = path.join(engine.directory, name);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'file'), 'below\n');
  return directory;
}

test('[volume.overlay] changes go to a throw-away layer, over a bind mount and over a volume', async () => {
  await withEngine(async (engine) => {
    const mine = makeDirectory(engine);
    chmodSync(mine, 0o751);
    chownSync(mine, 3, 4);
    const script =
      'stat -c %a:%u:%g /v; cat /v/file; echo above > /v/file; rm -f /v/gone; touch /v/new; cat /v/file; ls /v';
    const spec = oneVolume({ hostPath: { path: mine } }, { overlay: true });
    const request = engine.request(script, spec);
    const expected = '751:3:4\nbelow\nabove\nfile\nnew';
    assert.is(await outputOfRequest(engine, request), expected);
    assert.is(await outputOfRequest(engine, request), expected, 'thrown away at the end of each run');
    assert.equal(readdirSync(mine), ['file']);
    assert.is(readFileSync(path.join(mine, 'file'), 'utf8'), 'below\n');
    assert.not(existsSync(path.join(engine.parts.paths.container(request.id).state, 'overlays')));
    await outputOf(engine, 'echo below > /v/file', claim('data'));
    assert.match(
      await outputOf(engine, script, claim('data', { overlay: true })),
      /below\nabove\nfile\nnew$/,
    );
    assert.is(await outputOf(engine, 'ls /v; cat /v/file', claim('data')), 'file\nbelow');
  });
});

test('[volume.overlay] a given upper directory keeps the changes', async () => {
  await withEngine(async (engine) => {
    const mine = makeDirectory(engine);
    const [upperdir, workdir] = ['upper', 'work'].map((name) => path.join(engine.directory, name));
    for (const each of [upperdir, workdir]) mkdirSync(each ?? '');
    const spec = oneVolume({ hostPath: { path: mine } }, { overlay: { upperdir, workdir } });
    await outputOf(engine, 'echo above > /v/new; rm /v/file', spec);
    assert.is(await outputOf(engine, 'ls /v; cat /v/new', spec), 'new\nabove');
    assert.is(readFileSync(path.join(upperdir ?? '', 'new'), 'utf8'), 'above\n');
    assert.equal(readdirSync(mine), ['file']);
  });
});

test('[volume.overlay] over a sub-path, and refused over a file', async () => {
  await withEngine(async (engine) => {
    const mine = makeDirectory(engine);
    mkdirSync(path.join(mine, 'sub'));
    writeFileSync(path.join(mine, 'sub/inner'), 'inner\n');
    const at = (subPath: string) => oneVolume({ hostPath: { path: mine } }, { overlay: true, subPath });
    assert.is(await outputOf(engine, 'touch /v/x; ls /v; cat /v/inner', at('sub')), 'inner\nx\ninner');
    assert.equal(readdirSync(path.join(mine, 'sub')), ['inner']);
    const error = await rejectionOf(engine.containers.create(engine.request('true', at('file'))));
    assert.match(error.message, /ENOTDIR|expected directories/);
  });
});

const IMAGE = oneVolume({ image: { reference: TEST_IMAGE.reference } });

test('[volume.image] the files of an image, read-only, or with a throw-away layer on top', async () => {
  await withEngine(async (engine) => {
    writeFileSync(path.join(engine.layer, 'greeting'), 'hello\n');
    assert.is(
      await outputOf(engine, 'cat /v/greeting; touch /v/x', IMAGE),
      'hello\ntouch: /v/x: Read-only file system',
    );
    const writable = oneVolume({ image: { reference: TEST_IMAGE.reference } }, { overlay: true });
    assert.is(await outputOf(engine, 'echo bye > /v/greeting; cat /v/greeting', writable), 'bye');
    assert.is(readFileSync(path.join(engine.layer, 'greeting'), 'utf8'), 'hello\n');
    assert.is(
      await outputOf(
        engine,
        'cat /v',
        oneVolume({ image: { reference: TEST_IMAGE.reference } }, { subPath: 'greeting' }),
      ),
      'hello',
    );
  });
});

test('[volume.chown] the volume is given to the user of the container, with all in it, once', async () => {
  await withEngine(async (engine) => {
    const mine = makeDirectory(engine);
    const outside = path.join(engine.directory, 'outside');
    writeFileSync(outside, '');
    symlinkSync(outside, path.join(mine, 'link'));
    mkdirSync(path.join(mine, 'sub'));
    writeFileSync(path.join(mine, 'sub/suid'), '');
    chmodSync(path.join(mine, 'sub/suid'), 0o4755);
    const spec = {
      ...oneVolume({ hostPath: { path: mine } }, { chown: true }),
      securityContext: { runAsUser: 1234, runAsGroup: 99 },
    };
    const request = engine.request(
      'stat -c "%n %u:%g %a" /v /v/file /v/link /v/sub /v/sub/suid; touch /v/x',
      spec,
    );
    assert.is(
      await outputOfRequest(engine, request),
      '/v 1234:99 755\n/v/file 1234:99 644\n/v/link 1234:99 777\n/v/sub 1234:99 755\n/v/sub/suid 1234:99 4755',
    );
    assert.is(statSync(outside).uid, 0, 'no link is followed');
    chownSync(path.join(mine, 'file'), 0, 0);
    assert.match(await outputOfRequest(engine, request), /\/v\/file 0:0/, 'once for each container');
  });
});

test('[volume.subpath] subPathExpr takes variables of the environment, and no way out', async () => {
  await withEngine(async (engine) => {
    const at = (subPathExpr: string, env: object[]) => ({ ...claim('data', { subPathExpr }), env });
    const named = { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
    const request = engine.request('touch /v/mine', at('logs/$(NAME)', [named]));
    await outputOfRequest(engine, request);
    assert.is(await outputOf(engine, 'ls /v/logs; ls /v/logs/*', claim('data')), `${request.name}\nmine`);
    for (const [value, pattern] of [
      ['../..', /expected a path within the volume, found "\.\.\/\.\."/],
      ['/etc', /expected a path within the volume, found "\/etc"/],
    ] as const) {
      const spec = at('$(NAME)', [{ name: 'NAME', value }]);
      const error = await rejectionOf(engine.containers.create(engine.request('true', spec)));
      assert.match(error.message, pattern);
    }
    const unknown = await rejectionOf(engine.containers.create(engine.request('true', at('$(NOBODY)', []))));
    assert.match(unknown.message, /spec\.env has no variable NOBODY/);
  });
});

test('[volume.unmount-all] every mount is tried, and all errors are reported', async () => {
  await withEngine(async (engine) => {
    const real = createLinuxKernel();
    const failing = new Set<string>();
    const kernel = {
      ...real,
      umount2(target: string, flags: number) {
        if (failing.has(target)) throw new ErrnoError('umount2', 'EBUSY', 16, target);
        real.umount2(target, flags);
      },
    };
    const containers = createContainerEngine({ ...engine.parts, kernel });
    const image = { image: { reference: TEST_IMAGE.reference } };
    const volumes = ['a', 'b', 'c'].map((name) => ({ name, ...image }));
    const volumeMounts = ['a', 'b', 'c'].map((name) => ({ name, mountPath: `/${name}` }));
    const request = engine.request('true', { volumes, volumeMounts });
    await containers.create(request);
    const at = (name: string) => path.join(engine.parts.paths.container(request.id).bundle, 'images', name);
    for (const name of ['a', 'c']) failing.add(at(name));
    const error = await rejectionOf(containers.cleanup(request));
    assert.match(error.message, new RegExp(`umount2.*${at('a')}`));
    assert.match(error.message, new RegExp(`umount2.*${at('c')}`));
    assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(`${at('b')} `));
    failing.clear();
    await containers.cleanup(request);
  });
});

test('[spec.mount-order] a mount covers none below it, however they are written, and through links of the image', async () => {
  await withEngine(async (engine) => {
    mkdirSync(path.join(engine.layer, 'var/lib'), { recursive: true });
    symlinkSync('../../run', path.join(engine.layer, 'var/lib/run'));
    const spec = {
      volumes: ['deep', 'top', 'run'].map((name) => ({ name, emptyDir: {} })),
      volumeMounts: [
        { name: 'deep', mountPath: '/run/deep' },
        { name: 'top', mountPath: '/a/b' },
        { name: 'run', mountPath: '/a/b/c' },
      ],
      tmpfs: [{ mountPath: '/var/lib/run' }, { mountPath: '/a' }],
    };
    const output = await outputOf(
      engine,
      'for d in /run /run/deep /a /a/b /a/b/c; do grep -c " $d " /proc/mounts; touch $d/x && echo $d; done',
      spec,
    );
    assert.is(output, '1\n/run\n1\n/run/deep\n1\n/a\n1\n/a/b\n1\n/a/b/c');
  });
});

test('[spec.propagation] a later mount of the host is seen, or not, as the mount says', async () => {
  await withEngine(async (engine) => {
    const shared = path.join(engine.directory, 'shared');
    mkdirSync(path.join(shared, 'sub'), { recursive: true });
    const kernel = createLinuxKernel();
    const MS = { bind: 4096, rec: 16384, shared: 1 << 20 };
    kernel.mount(shared, shared, null, MS.bind, null);
    kernel.mount(null, shared, null, MS.shared | MS.rec, null);
    try {
      for (const [mountPropagation, seen] of [
        ['None', '0'],
        ['HostToContainer', '1'],
        ['Bidirectional', '1'],
      ] as const) {
        const spec = oneVolume({ hostPath: { path: shared } }, { mountPropagation });
        const request = engine.request(
          'while [ ! -e /v/go ]; do sleep 0.02; done; grep -c " /v/sub " /proc/mounts',
          { ...spec, securityContext: { privileged: mountPropagation === 'Bidirectional' } },
        );
        await engine.containers.create(request);
        await engine.containers.start(request);
        kernel.mount('tmpfs', path.join(shared, 'sub'), 'tmpfs', 0, null);
        writeFileSync(path.join(shared, 'go'), '');
        await engine.containers.waitExit(request);
        const log = readFileSync(engine.containers.logPaths(request).current, 'utf8');
        assert.match(log, new RegExp(` F ${seen}\n`), mountPropagation);
        kernel.umount2(path.join(shared, 'sub'), 2);
        await engine.containers.remove(request);
        const { unlinkSync } = await import('node:fs');
        unlinkSync(path.join(shared, 'go'));
      }
    } finally {
      kernel.umount2(shared, 2);
    }
  });
});

test('[spec.tmpfs-links] a tmpfs on a link of the image lies where the link leads in the image', async () => {
  await withEngine(async (engine) => {
    const outside = path.join(engine.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'secret'), '');
    symlinkSync('/data', path.join(engine.layer, 'absolute'));
    symlinkSync('../../..' + outside, path.join(engine.layer, 'escape'));
    const spec = { tmpfs: [{ mountPath: '/absolute' }, { mountPath: '/escape', options: ['size=1m'] }] };
    const output = await outputOf(
      engine,
      `grep -c " /data tmpfs" /proc/mounts; grep -c " ${outside} tmpfs" /proc/mounts; touch /absolute/x /escape/y; cd /data && ls; cd ${outside} && ls`,
      spec,
    );
    assert.is(output, '1\n1\nx\ny');
    assert.equal(readdirSync(outside), ['secret']);
  });
});

test.run();
