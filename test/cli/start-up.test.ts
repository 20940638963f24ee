import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { versionNumber } from '../../cli/version-number.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

const { bundleAll } = (await import(join(project, 'scripts/bundle.mjs'))) as {
  bundleAll: (directory: string) => Promise<void>;
};

/** The command line as it is shipped: bundled. */
async function bundle(): Promise<string> {
  const directory = temporaryDirectory();
  cpSync(join(project, 'package.json'), join(directory, 'package.json'));
  await bundleAll(join(directory, 'dist'));
  return join(directory, 'dist', 'main.js');
}

const main = await bundle();

test('tsctr version is answered before the program is loaded', () => {
  const directory = temporaryDirectory();
  cpSync(dirname(dirname(main)), directory, { recursive: true });
  for (const name of readdirSync(join(directory, 'dist'))) {
    if (name.startsWith('program')) rmSync(join(directory, 'dist', name));
  }
  const { stdout, stderr } = spawnSync(process.execPath, [join(directory, 'dist/main.js'), 'version'], {
    encoding: 'utf8',
  });
  assert.equal([stdout, stderr], [`tsctr ${versionNumber()}\n`, '']);
});

/** The same program with that in the place of its code cache. */
function withCache(change: (cache: Buffer) => Buffer | null): string {
  const directory = temporaryDirectory();
  cpSync(dirname(dirname(main)), directory, { recursive: true });
  const dist = join(directory, 'dist');
  const file = join(dist, readdirSync(dist).find((name) => name.endsWith('.v8cache')) ?? 'none');
  const changed = change(readFileSync(file));
  if (changed === null) rmSync(file);
  else writeFileSync(file, changed);
  return join(dist, 'main.js');
}

/** What V8 thinks of the code cache that the program is loaded with. */
function cacheVerdict(program: string): string {
  const preload = join(temporaryDirectory(), 'watch-scripts.cjs');
  writeFileSync(
    preload,
    `const vm = require('node:vm');
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        process.stderr.write({ true: 'rejected', false: 'taken' }[this.cachedDataRejected] ?? 'none');
      }
    };`,
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', preload, program, 'explain', 'container'],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  return stderr;
}

test('what V8 has compiled is taken from beside the program', () => {
  assert.is(cacheVerdict(main), 'taken');
  assert.is(cacheVerdict(withCache(() => null)), 'none');
});

test('a code cache that is damaged, cut off or of another V8 is overlooked', () => {
  const changes = [
    (cache: Buffer) => Buffer.concat([cache.subarray(0, 4), Buffer.from('V8!!'), cache.subarray(8)]),
    (cache: Buffer) => cache.subarray(0, cache.length / 2),
    () => Buffer.alloc(0),
  ];
  for (const change of changes) {
    const program = withCache(change);
    assert.is(cacheVerdict(program), 'rejected');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'explain', 'container'], {
      encoding: 'utf8',
    });
    assert.equal([status, stderr], [0, '']);
    assert.match(stdout, /Container/);
  }
});

test.run();
