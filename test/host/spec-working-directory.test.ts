import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostMount, linesOf } from '../support/run-to-end.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';

test("[workdir.create] the image's own working directory is made, as one of the container's user", async () => {
  await withEngine(
    async (engine) => {
      const request = engine.request(
        'pwd; stat -c "%u %g %a" .; stat -c "%u %g %a" ..; touch here && echo writable',
        {
          user: '1000:1001',
        },
      );
      assert.equal(await linesOf(engine, request), ['/srv/app', '1000 1001 755', '0 0 755', 'writable']);
      assert.not(existsSync(path.join(engine.layer, 'srv')), 'the image is as it was');
    },
    { config: { WorkingDir: '/srv/app' } },
  );
});

test('[workdir.create] through a link of the image it is made where that leads, within the root', async () => {
  await withEngine(
    async (engine) => {
      const outside = path.join(engine.directory, 'outside');
      symlinkSync(outside, path.join(engine.layer, 'work'));
      assert.equal(await linesOf(engine, engine.request('pwd -P')), [path.join(outside, 'deep')]);
      assert.not(existsSync(outside));
    },
    { config: { WorkingDir: '/work/deep' } },
  );
});

test('[workdir.create] one that the manifest asks for must exist, unless a link leads to a volume', async () => {
  await withEngine(async (engine) => {
    const missing = await rejectionOf(
      engine.containers.create(engine.request('pwd', { workingDir: '/no/such' })),
    );
    assert.match(missing.message, /\/no\/such does not exist in the image/);
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(path.join(mine, 'inner'), { recursive: true });
    symlinkSync('/data/inner', path.join(engine.layer, 'link'));
    symlinkSync('tmp', path.join(engine.layer, 'to-tmp'));
    const linked = engine.request('pwd -P', { workingDir: '/link', ...hostMount(mine, '/data') });
    assert.equal(await linesOf(engine, linked), ['/data/inner']);
    assert.equal(await linesOf(engine, engine.request('pwd -P', { workingDir: '/to-tmp' })), ['/tmp']);
  });
});

test('[workdir.exists] a file there is an error that names both', async () => {
  await withEngine(async (engine) => {
    writeFileSync(path.join(engine.layer, 'file'), '');
    symlinkSync('file', path.join(engine.layer, 'link'));
    for (const workingDir of ['/file', '/link', '/file/below']) {
      const error = await rejectionOf(engine.containers.create(engine.request('pwd', { workingDir })));
      assert.match(error.message, new RegExp(`web\\d+: ${workingDir}: expected a directory`), workingDir);
    }
    assert.equal(await linesOf(engine, engine.request('pwd', { workingDir: '/tmp' })), ['/tmp']);
  });
});

test('[workdir.volume] at or under a volume it is left alone', async () => {
  await withEngine(
    async (engine) => {
      const mine = path.join(engine.directory, 'mine');
      mkdirSync(mine);
      const before = statSync(mine);
      const at = engine.request('pwd', { user: '1000', ...hostMount(mine, '/data/app') });
      assert.equal(await linesOf(engine, at), ['/data/app']);
      const after = statSync(mine);
      assert.equal([after.uid, after.mode, after.mtimeMs], [before.uid, before.mode, before.mtimeMs]);
      assert.equal(readdirSync(mine), []);
    },
    { config: { WorkingDir: '/data/app' } },
  );
});

test.run();
