import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rejectionOf } from '../support/rejection.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

interface Mounts {
  volumes: object[];
  volumeMounts: object[];
}

function hostMount(hostPath: object, mount: object = {}): Mounts {
  return {
    volumes: [{ name: 'v', hostPath }],
    volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }],
  };
}

async function outputOf(engine: TestEngine, script: string, spec: object): Promise<string> {
  const request = engine.request(script, spec);
  await engine.containers.create(request);
  await engine.containers.start(request);
  await engine.containers.waitExit(request);
  return logText(readFileSync(engine.containers.logPaths(request).current, 'utf8'));
}

async function refusal(engine: TestEngine, spec: object): Promise<Error & { code?: unknown }> {
  return rejectionOf(engine.containers.create(engine.request('true', spec)));
}

test('hostPath types: what must be there, what is made, and what is refused', async () => {
  await withEngine(async (engine) => {
    const at = (name: string) => path.join(engine.directory, name);
    mkdirSync(at('directory'));
    writeFileSync(at('file'), 'text');
    for (const [name, type] of [
      ['directory', 'Directory'],
      ['file', 'File'],
      ['directory', ''],
      ['made/below', 'DirectoryOrCreate'],
      ['made-file', 'FileOrCreate'],
    ] as const) {
      assert.is(await outputOf(engine, 'ls -d /v', hostMount({ path: at(name), type })), '/v', type);
    }
    assert.ok(statSync(at('made/below')).isDirectory());
    assert.ok(statSync(at('made-file')).isFile());
    for (const [name, type] of [
      ['directory', 'File'],
      ['file', 'Directory'],
      ['file', 'Socket'],
      ['directory', 'BlockDevice'],
    ] as const) {
      const error = await refusal(engine, hostMount({ path: at(name), type }));
      assert.is(error.code, 'BAD_REQUEST');
      assert.match(error.message, new RegExp(`mount hostPath ${at(name)}: expected type ${type}`));
    }
    const missing = await refusal(engine, hostMount({ path: at('missing') }));
    assert.match(missing.message, /missing: it does not exist/);
    assert.not(existsSync(at('missing')));
  });
});

test('a read-only mount cannot be written to, a claim keeps what was written', async () => {
  await withEngine(async (engine) => {
    mkdirSync(path.join(engine.directory, 'mine'));
    const readOnly = hostMount({ path: path.join(engine.directory, 'mine') }, { readOnly: true });
    assert.match(await outputOf(engine, 'touch /v/x', readOnly), /Read-only file system/);
    const claim = {
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    };
    await outputOf(engine, 'echo kept > /v/x', claim);
    assert.is(await outputOf(engine, 'cat /v/x', claim), 'kept');
  });
});

test('a sub-path is mounted alone, and made where it is missing', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(path.join(mine, 'a/b'), { recursive: true });
    writeFileSync(path.join(mine, 'a/b/file'), 'text');
    const at = (subPath: string) => hostMount({ path: mine }, { subPath });
    assert.is(await outputOf(engine, 'ls /v', at('a/b')), 'file');
    assert.is(await outputOf(engine, 'cat /v', at('a/b/file')), 'text');
    await outputOf(engine, 'touch /v/x', at('new/deep'));
    assert.ok(existsSync(path.join(mine, 'new/deep/x')));
  });
});

test('no link in a volume leads a sub-path out of it', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    const outside = path.join(engine.directory, 'outside');
    mkdirSync(mine);
    mkdirSync(outside);
    symlinkSync(outside, path.join(mine, 'absolute'));
    symlinkSync('../outside', path.join(mine, 'relative'));
    symlinkSync('/proc/self/root', path.join(mine, 'magic'));
    for (const subPath of ['absolute', 'relative', 'relative/new', 'magic/etc']) {
      const error = await refusal(engine, hostMount({ path: mine }, { subPath }));
      assert.is(error.code, 'UNSAFE_PATH', subPath);
    }
    assert.not(existsSync(path.join(outside, 'new')));
  });
});

test('whoever swaps a directory for a link after the mount changes nothing for the container', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(path.join(mine, 'sub'), { recursive: true });
    writeFileSync(path.join(mine, 'sub/right'), '');
    const request = engine.request('ls /v', hostMount({ path: mine }, { subPath: 'sub' }));
    await engine.containers.create(request);
    mkdirSync(path.join(engine.directory, 'outside'));
    writeFileSync(path.join(engine.directory, 'outside/wrong'), '');
    renameSync(path.join(mine, 'sub'), path.join(mine, 'moved'));
    symlinkSync('../outside', path.join(mine, 'sub'));
    await engine.containers.start(request);
    await engine.containers.waitExit(request);
    assert.is(logText(readFileSync(engine.containers.logPaths(request).current, 'utf8')), 'right');
  });
});

test('a mount of a volume that is not there is refused by name', async () => {
  await withEngine(async (engine) => {
    const error = await refusal(engine, { volumeMounts: [{ name: 'none', mountPath: '/v' }] });
    assert.is(error.message, 'mount /v: there is no volume named none');
  });
});

test.run();
