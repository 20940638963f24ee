import { execFileSync } from 'node:child_process';
import {
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
import { makeBusyboxRoot } from '../support/test-engine.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';

async function withRoot(body: (root: TestRoot) => Promise<void>): Promise<void> {
  const root = await createTestRoot();
  try {
    await body(root);
    assert.equal(await root.remove(), [], 'nothing is left on the host');
  } finally {
    await root.remove();
  }
}

interface View {
  name: string;
  path: string;
  labels: object;
  options: object;
  usedBy: string[];
}

async function list(root: TestRoot): Promise<View[]> {
  return JSON.parse(await root.output(['volume', 'list', '-o', 'json'])) as View[];
}

/** A container that has the volume `data` at /v. */
async function applyUser(root: TestRoot): Promise<void> {
  const rootfs = path.join(root.directory, 'rootfs');
  mkdirSync(rootfs);
  await makeBusyboxRoot(rootfs);
  const spec = {
    rootfs,
    terminationGracePeriodSeconds: 0,
    command: ['/bin/sh', '-c', 'echo kept > /v/x; sleep 600'],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    volumeMounts: [{ name: 'v', mountPath: '/v' }],
  };
  const manifest = { apiVersion: 'tsctr.dev/v1', kind: 'Container', metadata: { name: 'db' }, spec };
  await root.output(['apply', '-f', await root.write('db.json', JSON.stringify(manifest)), '--wait']);
}

test('[volume.busy] a volume that a container names is not removed, running, stopped or by prune; without one it is', async () => {
  await withRoot(async (root) => {
    await applyUser(root);
    await root.output(['volume', 'create', 'spare']);
    assert.match(
      await root.output(['volume', 'list']),
      /^NAME +TYPE +AGE +USED BY\ndata +directory +\S+ +container\/db\nspare/,
    );
    const refused = async () => {
      const result = await root.tsctr(['volume', 'remove', 'data']);
      assert.is(result.exitCode, 1);
      assert.match(result.stderr, /remove volume data: container\/db uses it/);
    };
    await refused();
    await root.output(['stop', 'db']);
    await refused();
    assert.is(await root.output(['volume', 'prune']), 'volume/spare  removed\n1 removed\n');
    const [data] = await list(root);
    assert.is(readFileSync(path.join(data?.path ?? '', 'x'), 'utf8'), 'kept\n');
    await root.output(['delete', 'container', 'db']);
    assert.equal(
      (await list(root)).map(({ usedBy }) => usedBy),
      [[]],
    );
    assert.is(await root.output(['volume', 'remove', 'data']), 'volume/data  removed\n');
    assert.not(existsSync(data?.path ?? '/'));
    const missing = await root.tsctr(['volume', 'remove', 'data']);
    assert.is(missing.exitCode, 1);
    assert.match(missing.stderr, /remove volume data: not found/);
  });
});

test('[volume.named] create takes labels and options, and refuses what it does not know', async () => {
  await withRoot(async (root) => {
    const made = [
      'volume',
      'create',
      'ram',
      '-l',
      'team=db',
      '--opt',
      'type=tmpfs',
      '--opt',
      'o=size=1m,mode=700',
    ];
    assert.is(await root.output(made), 'ram\n');
    assert.is(await root.output(made), 'ram\n', 'twice is once');
    const shown = JSON.parse(await root.output(['volume', 'inspect', 'ram'])) as View;
    assert.equal(shown.labels, { team: 'db' });
    assert.equal(shown.options, { type: 'tmpfs', o: 'size=1m,mode=700' });
    for (const [args, pattern, code] of [
      [['volume', 'create', '../x'], /volume name: expected up to 63 .* found "\.\.\/x"/, 2],
      [['volume', 'create', 'x', '--opt', 'colour=blue'], /--opt colour: expected one of type, device, o/, 2],
      [['volume', 'inspect', 'none'], /volume none: not found/, 1],
    ] as const) {
      const { exitCode, stderr } = await root.tsctr(args);
      assert.match(stderr, pattern);
      assert.is(exitCode, code, stderr);
    }
  });
});

test('export and import carry everything of a volume, by file and by pipe', async () => {
  await withRoot(async (root) => {
    await root.output(['volume', 'create', 'data']);
    const [data] = await list(root);
    const at = (...names: string[]) => path.join(data?.path ?? '', ...names);
    mkdirSync(at('sub'), 0o750);
    writeFileSync(at('sub/file'), 'text\n', { mode: 0o640 });
    chownSync(at('sub/file'), 12, 34);
    symlinkSync('sub/file', at('link'));
    const archive = path.join(root.directory, 'data.tar');
    await root.output(['volume', 'export', 'data', '-f', archive]);
    assert.is(await root.output(['volume', 'import', 'copy', archive]), 'volume/copy  filled\n');
    const copied = path.join(root.root, 'volumes/copy/_data');
    assert.is(readFileSync(path.join(copied, 'link'), 'utf8'), 'text\n');
    const status = statSync(path.join(copied, 'sub/file'));
    assert.equal([status.uid, status.gid, status.mode & 0o777], [12, 34, 0o640]);
    assert.is(statSync(path.join(copied, 'sub/file')).mtimeMs, statSync(at('sub/file')).mtimeMs);
    const piped = await root.output(['volume', 'export', 'data']);
    const names = execFileSync('tar', ['-t'], { input: piped }).toString().split('\n');
    assert.ok(names.includes('./sub/file'));
    assert.is(await root.output(['volume', 'import', 'piped'], { input: piped }), 'volume/piped  filled\n');
    assert.is(readFileSync(path.join(root.root, 'volumes/piped/_data/link'), 'utf8'), 'text\n');
    const nobody = await root.tsctr(['volume', 'export', 'nobody']);
    assert.match(nobody.stderr, /export volume nobody: not found/);
    assert.equal(
      readdirSync(root.run).filter((name) => name.startsWith('export-')),
      [],
    );
    const again = await root.tsctr(['volume', 'import', 'copy', archive]);
    assert.match(again.stderr, /import volume copy: expected an empty volume, found files in it/);
  });
});

test('a bad archive leaves the volume empty, and no archive leads out of it', async () => {
  await withRoot(async (root) => {
    const bad = await root.write('bad.tar', 'this is no archive');
    assert.is((await root.tsctr(['volume', 'import', 'data', bad])).exitCode, 1);
    const outside = path.join(root.directory, 'outside');
    mkdirSync(outside);
    const build = path.join(root.directory, 'build');
    mkdirSync(path.join(build, 'second/way'), { recursive: true });
    symlinkSync(outside, path.join(build, 'way'));
    writeFileSync(path.join(build, 'second/way/file'), 'outside\n');
    const hostile = path.join(root.directory, 'hostile.tar');
    execFileSync('tar', ['-cf', hostile, '-C', build, 'way']);
    execFileSync('tar', ['-rf', hostile, '-C', path.join(build, 'second'), 'way/file']);
    execFileSync('tar', [
      '-rPf',
      hostile,
      '--transform',
      `s,.*,${outside}/absolute,`,
      '-C',
      build,
      'second/way/file',
    ]);
    await root.tsctr(['volume', 'import', 'data', hostile]);
    assert.equal(execFileSync('ls', ['-A', outside]).toString(), '');
    assert.not(existsSync(path.join(root.root, 'volumes/data/_data.copying')));
  });
});

test.run();
