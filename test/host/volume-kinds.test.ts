import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '../../engine/container/container-context.ts';
import { updateDataVolume } from '../../engine/volume/data-volume.ts';
import { oneVolume, outputOf, outputOfRequest } from '../support/container-output.ts';
import { rejectionOf } from '../support/rejection.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

const ROTATION = { policy: 'restart' } as const;

async function putData(
  engine: TestEngine,
  kind: 'ConfigMap' | 'Secret',
  name: string,
  entries: Record<string, string>,
) {
  const bytes = Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
  await engine.parts.data.write(kind, name, { entries: bytes, rotation: ROTATION });
}

test('[volume.kinds] emptyDir: on disk and in memory, writable by anybody, kept over a restart, gone with the container', async () => {
  await withEngine(async (engine) => {
    const spec = {
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
      volumeMounts: ['disk', 'memory'].map((name) => ({ name, mountPath: `/${name}` })),
      securityContext: { runAsUser: 1234 },
    };
    const script =
      'for d in disk memory; do echo x >> /$d/x; wc -l < /$d/x; stat -c %a /$d; done; grep " /memory " /proc/mounts | grep -o size=[0-9k]*; dd if=/dev/zero of=/memory/big bs=64k count=64 2>&1 | grep -o "No space.*"; rm -f /memory/big';
    const request = engine.request(script, spec);
    const lines = (n: number) => `${n}\n777\n${n}\n1777\nsize=1024k\nNo space left on device`;
    assert.is(await outputOfRequest(engine, request), lines(1));
    assert.is(await outputOfRequest(engine, request), lines(2));
    const { emptyDirs } = engine.parts.paths.container(request.id);
    assert.ok(existsSync(path.join(emptyDirs, 'disk/x')));
    await engine.containers.remove(request);
    assert.not(existsSync(emptyDirs));
  });
});

test('[volume.kinds] configMap: all entries or chosen ones, with modes, read-only', async () => {
  await withEngine(async (engine) => {
    await putData(engine, 'ConfigMap', 'conf', {
      'app.conf': 'colour = blue\n',
      'run.sh': '#!/bin/sh\necho ran\n',
    });
    const all = oneVolume({ configMap: { name: 'conf', defaultMode: 0o755 } });
    assert.is(
      await outputOf(
        engine,
        'ls /v; cat /v/app.conf; /v/run.sh; stat -L -c %a /v/run.sh; echo x > /v/app.conf',
        all,
      ),
      "app.conf\nrun.sh\ncolour = blue\nran\n755\n/bin/sh: can't create /v/app.conf: Read-only file system",
    );
    const items = [{ key: 'app.conf', path: 'deep/er.conf', mode: 0o400 }];
    const chosen = oneVolume({ configMap: { name: 'conf', items } });
    assert.is(
      await outputOf(
        engine,
        'find -L /v -type f -not -path "*/..*"; cat /v/deep/er.conf; stat -L -c %a /v/deep/er.conf',
        chosen,
      ),
      '/v/deep/er.conf\ncolour = blue\n400',
    );
    const one = oneVolume(
      { configMap: { name: 'conf' } },
      { subPath: 'app.conf', mountPath: '/etc/app.conf' },
    );
    assert.is(await outputOf(engine, 'cat /etc/app.conf', one), 'colour = blue');
  });
});

test('[volume.kinds] a config map, secret or key that is not there is an error, unless it is optional', async () => {
  await withEngine(async (engine) => {
    await putData(engine, 'ConfigMap', 'conf', { a: '1' });
    const refusal = async (source: object) =>
      (await rejectionOf(engine.containers.create(engine.request('true', oneVolume(source))))).message;
    assert.is(await refusal({ configMap: { name: 'none' } }), 'make volume v: config map none is not there');
    assert.is(await refusal({ secret: { secretName: 'none' } }), 'make volume v: secret none is not there');
    const items = [{ key: 'b', path: 'b' }];
    assert.is(
      await refusal({ configMap: { name: 'conf', items } }),
      'make volume v: key b of config map conf is not there',
    );
    for (const source of [
      { configMap: { name: 'none', optional: true } },
      { secret: { secretName: 'none', optional: true } },
      { configMap: { name: 'conf', items, optional: true } },
    ]) {
      assert.is(await outputOf(engine, 'ls /v', oneVolume(source)), '');
    }
  });
});

test('[volume.kinds] secret: in memory only, and nowhere once the container is gone', async () => {
  await withEngine(async (engine) => {
    await putData(engine, 'Secret', 'db', { password: 'swordfish-in-test\n' });
    const spec = oneVolume({ secret: { secretName: 'db', defaultMode: 0o400 } });
    const request = engine.request(
      'grep " /v " /proc/mounts; stat -L -c %a:%u /v/password; wc -c < /v/password',
      spec,
    );
    const output = await outputOfRequest(engine, request);
    assert.match(output, / \/v tmpfs ro,nosuid,nodev,relatime.*\n400:0\n18$/);
    assert.not(existsSync(path.join(engine.parts.paths.container(request.id).bundle, 'data')));
  });
});

test('[volume.kinds] a volume out of data changes as a whole under a running container', async () => {
  await withEngine(async (engine) => {
    await putData(engine, 'ConfigMap', 'conf', { a: 'old a\n', b: 'old b\n' });
    const spec = oneVolume({ configMap: { name: 'conf' } });
    const request = engine.request(
      'while ! grep -q new /v/a; do sleep 0.02; done; cat /v/a /v/c; ls /v',
      spec,
    );
    await engine.containers.create(request);
    await engine.containers.start(request);
    await putData(engine, 'ConfigMap', 'conf', { a: 'new a\n', c: 'new c\n' });
    const [volume] = request.spec.volumes ?? [];
    if (volume === undefined) throw new Error('no volume');
    await updateDataVolume(createContext(engine.parts, request), volume);
    await engine.containers.waitExit(request);
    const log = () => logText(readFileSync(engine.containers.logPaths(request).current, 'utf8'));
    await until(() => Promise.resolve(log().endsWith('c')), { what: 'the log is complete' });
    assert.is(log(), 'new a\nnew c\na\nc');
  });
});

test('[volume.kinds] downwardAPI: fields, labels as a whole, and limits', async () => {
  await withEngine(async (engine) => {
    const field = (name: string, fieldPath: string) => ({ path: name, fieldRef: { fieldPath } });
    const items = [
      field('name', 'metadata.name'),
      field('labels', 'metadata.labels'),
      field('label', "metadata.labels['app']"),
      field('deep/annotations', 'metadata.annotations'),
      { path: 'memory', resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } },
    ];
    const spec = { ...oneVolume({ downwardAPI: { items } }), resources: { limits: { memory: '64Mi' } } };
    const rest = { labels: { tier: 'a "b"', app: 'web' }, annotations: { note: 'two\nlines' } };
    assert.is(
      await outputOf(
        engine,
        'cd /v; for f in name labels label deep/annotations memory; do echo "$(cat $f)"; done',
        spec,
        rest,
      ),
      'web1\napp="web"\ntier="a \\"b\\""\nweb\nnote="two\\nlines"\n64',
    );
  });
});

test('[volume.kinds] projected: several sources in one directory, the later one wins', async () => {
  await withEngine(async (engine) => {
    await putData(engine, 'ConfigMap', 'conf', { a: 'conf a\n', b: 'conf b\n' });
    await putData(engine, 'Secret', 'db', { password: 'x\n' });
    const sources = [
      { configMap: { name: 'conf' } },
      { secret: { name: 'db', items: [{ key: 'password', path: 'b' }] } },
      { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ];
    const spec = oneVolume({ projected: { sources, defaultMode: 0o440 } });
    assert.is(
      await outputOf(engine, 'cd /v; ls; cat a b name; echo; stat -L -c %a a b name', spec),
      'a\nb\nname\nconf a\nx\nweb1\n440\n440\n440',
    );
  });
});

test('[volume.kinds] persistentVolumeClaim and tmpfs', async () => {
  await withEngine(async (engine) => {
    const spec = {
      ...oneVolume({ persistentVolumeClaim: { claimName: 'data', readOnly: true } }),
      tmpfs: [{ mountPath: '/t', options: ['size=1m', 'mode=1711'] }],
    };
    assert.is(
      await outputOf(
        engine,
        'touch /v/x; touch /t/x && stat -c %a /t; df -k /t | tail -1 | tr -s " " | cut -d " " -f 2',
        spec,
      ),
      'touch: /v/x: Read-only file system\n1711\n1024',
    );
  });
});

test('[volume.kinds] [volume.subpath] a recursive read-only mount is read-only below as well', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(path.join(mine, 'below'), { recursive: true });
    engine.parts.kernel.mount('tmpfs', path.join(mine, 'below'), 'tmpfs', 0, null);
    try {
      const at = (mount: object) => oneVolume({ hostPath: { path: mine } }, { readOnly: true, ...mount });
      const script = 'touch /v/below/x && echo written';
      assert.is(await outputOf(engine, script, at({})), 'written');
      assert.is(
        await outputOf(engine, script, at({ recursiveReadOnly: 'Enabled' })),
        'touch: /v/below/x: Read-only file system',
      );
    } finally {
      engine.parts.kernel.umount2(path.join(mine, 'below'), 2);
    }
  });
});

test('[workdir.volume] a working directory in a volume is left alone', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'file'), '');
    const spec = { ...oneVolume({ hostPath: { path: mine } }), workingDir: '/v' };
    assert.is(await outputOf(engine, 'pwd; ls', spec), '/v\nfile');
    assert.is(statSync(mine).uid, 0);
  });
});

test.run();
