import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { extract } from 'tar-stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listChanges } from '../../engine/container/container-changes.ts';
import { createLinuxKernel } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { copyRoot, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

async function run({ containers }: TestEngine, request: ContainerRequest): Promise<void> {
  await containers.create(request);
  await containers.start(request);
  assert.is((await containers.waitExit(request)).code, 0);
}

async function changesOf({ access }: TestEngine, request: ContainerRequest): Promise<string[]> {
  return (await access.changes(request)).map(({ kind, path: file }) => `${kind} ${file}`);
}

/** An image with something to change. */
function fillLayer({ layer }: TestEngine): void {
  mkdirSync(path.join(layer, 'data/deep'), { recursive: true });
  for (const name of ['data/a', 'data/b', 'data/deep/c', 'file'])
    writeFileSync(path.join(layer, name), 'image');
}

test('[life.diff-export] a container that changed nothing has no changes, although the engine put files into it', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('true');
    await run(engine, request);
    assert.equal(await changesOf(engine, request), []);
  });
});

test('[life.diff-export] files that were changed, added and deleted, and the directories that hold them', async () => {
  await withEngine(async (engine) => {
    fillLayer(engine);
    const request = engine.request(
      'echo x >> /data/a; rm /data/b; mkdir /new; echo x > /new/n; rm -r /data/deep; touch /tmp/gone; rm /tmp/gone; chmod 700 /file',
    );
    await run(engine, request);
    const expected = [
      'changed /data',
      'changed /data/a',
      'deleted /data/b',
      'deleted /data/deep',
      'changed /file',
      'added /new',
      'added /new/n',
    ];
    assert.equal(await changesOf(engine, request), expected);
    await engine.containers.cleanup(request);
    assert.equal(await changesOf(engine, request), expected, 'the same when it is not mounted');
  });
});

test('[life.diff-export] a directory that replaces one of the image hides what that held', async () => {
  await withEngine(async (engine) => {
    fillLayer(engine);
    const request = engine.request('rm -r /data; mkdir /data; echo new > /data/a; rm /file; mkdir /file');
    await run(engine, request);
    assert.equal(await changesOf(engine, request), [
      'changed /data',
      'changed /data/a',
      'deleted /data/b',
      'deleted /data/deep',
      'changed /file',
    ]);
  });
});

test('[life.diff-export] with a root directory of the host there is nothing to compare with', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('true', { rootfs: await copyRoot(engine) }, { image: null });
    await run(engine, request);
    const error = await rejectionOf(engine.access.changes(request));
    assert.is(error.code, 'BAD_REQUEST');
  });
});

test('changes are counted against the merged layers, with their own whiteouts and opaque directories', async () => {
  await withDirectory(async (directory) => {
    const kernel = createLinuxKernel();
    const make = (...names: string[]) => {
      for (const name of names) {
        mkdirSync(path.join(directory, path.dirname(name)), { recursive: true });
        writeFileSync(path.join(directory, name), '');
      }
    };
    const whiteout = (name: string) => {
      mkdirSync(path.join(directory, path.dirname(name)), { recursive: true });
      execFileSync('/usr/bin/mknod', [path.join(directory, name), 'c', '0', '0']);
    };
    const opaque = (name: string) => {
      kernel.lsetxattr(path.join(directory, name), 'trusted.overlay.opaque', Buffer.from('y'), 0);
    };
    make('bottom/a', 'bottom/d/x', 'bottom/d/y', 'bottom/e/z', 'bottom/f/old');
    make('middle/d/new', 'middle/f');
    whiteout('middle/a');
    opaque('middle/d');
    // Added where the middle layer had removed it, changed where it had not; a whiteout of what was gone anyway says nothing.
    make('upper/a', 'upper/d/x', 'upper/e/z', 'upper/f');
    whiteout('upper/d/y');
    whiteout('upper/d/new');
    const changes = await listChanges(kernel, {
      upper: path.join(directory, 'upper'),
      lowers: [path.join(directory, 'middle'), path.join(directory, 'bottom')],
      ignored: new Set(),
    });
    assert.equal(
      changes.map(({ kind, path: file }) => `${kind} ${file}`),
      ['added /a', 'changed /d', 'deleted /d/new', 'added /d/x', 'changed /e', 'changed /e/z', 'changed /f'],
    );
  });
});

interface Entry {
  type: string;
  text: string;
  mode: number;
  link: string | null;
}

/** The archive that an export writes. */
async function exported({ access }: TestEngine, request: ContainerRequest): Promise<Map<string, Entry>> {
  const unpack = extract();
  const output = new PassThrough();
  const written = access.exportFilesystem(request, output).then(() => output.end());
  output.pipe(unpack);
  const entries = new Map<string, Entry>();
  for await (const entry of unpack) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { header } = entry;
    const name = header.name.replace(/^\.\//, '/').replace(/(.)\/$/, '$1');
    entries.set(name, {
      type: header.type,
      text: Buffer.concat(chunks).toString(),
      mode: header.mode,
      link: header.linkname,
    });
  }
  await written;
  return entries;
}

test('[life.diff-export] an export has the whole filesystem as the container left it, running or not, without volumes', async () => {
  await withEngine(async (engine) => {
    fillLayer(engine);
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'of-the-host'), '');
    chmodSync(path.join(engine.layer, 'data/a'), 0o4755);
    const request = engine.request(
      'echo changed > /data/b; rm /file; ln -s /etc/shadow /link; mkfifo /fifo',
      {
        volumes: [{ name: 'mine', hostPath: { path: mine } }],
        volumeMounts: [{ name: 'mine', mountPath: '/mine' }],
      },
    );
    await run(engine, request);
    const check = (entries: Map<string, Entry>) => {
      assert.is(entries.get('/data/b')?.text, 'changed\n');
      assert.is(entries.get('/data/deep/c')?.text, 'image');
      assert.is(entries.get('/data/a')?.mode, 0o4755);
      assert.is(entries.get('/link')?.link, '/etc/shadow');
      assert.is(entries.get('/fifo')?.type, 'fifo');
      assert.is(entries.get('/file'), undefined);
      assert.is(entries.get('/mine')?.type, 'directory');
      assert.is(entries.get('/mine/of-the-host'), undefined);
    };
    check(await exported(engine, request));
    await engine.containers.cleanup(request);
    check(await exported(engine, request));
    assert.not(existsSync(path.join(engine.directory, 'run/exports')));
  });
});

test('[life.diff-export] a reader that goes away ends the export and leaves nothing', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('true');
    await run(engine, request);
    await engine.containers.cleanup(request);
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        done(new Error('no more'));
      },
    });
    const error = await rejectionOf(engine.access.exportFilesystem(request, output));
    assert.is(error.message, 'no more');
    assert.not(existsSync(path.join(engine.directory, 'run/exports')));
  });
});

test("[life.size] size of the image's layers, and of the container's own changes", async () => {
  await withEngine(async (engine) => {
    const request = engine.request('head -c 100000 /dev/zero > /big; ln /big /again');
    assert.is((await engine.access.size(request)).ownBytes, 0);
    await run(engine, request);
    const { imageBytes, ownBytes } = await engine.access.size(request);
    const busybox = execFileSync('/usr/bin/stat', ['-c', '%s', path.join(engine.layer, 'bin/busybox')]);
    assert.ok(imageBytes >= Number(busybox) && imageBytes < Number(busybox) + 20_000, `${imageBytes} bytes`);
    assert.ok(ownBytes >= 100_000 && ownBytes < 101_000, `${ownBytes} bytes; a hard link counts once`);
  });
});

test('the processes of a container: pids of both namespaces, user, command', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('sleep 1001 & exec sleep 1002');
    await engine.containers.create(request);
    const { pid } = await engine.containers.start(request);
    let found = await engine.access.processes(request);
    while (!found.every(({ command }) => command.startsWith('sleep')) || found.length < 2) {
      found = await engine.access.processes(request);
    }
    const first = found.find((entry) => entry.pid === pid);
    if (first === undefined) throw new Error('the first process is missing');
    assert.is(first.command, 'sleep 1002');
    assert.is(first.innerPid, 1);
    assert.is(first.uid, 0);
    assert.ok(Math.abs(Date.parse(first.startedAt) - Date.now()) < 10_000, first.startedAt);
    assert.is(found.find((entry) => entry.command === 'sleep 1001')?.parentPid, pid);
    await engine.containers.remove(request);
    assert.equal(await engine.access.processes(request), []);
    assert.ok(readdirSync(engine.directory).includes('layer'));
  });
});

test.run();
