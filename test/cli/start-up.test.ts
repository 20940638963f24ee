import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { versionNumber } from '../../cli/version-number.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

const { bundleAll } = (await import(join(project, 'scripts/bundle.mjs'))) as {
  bundleAll: (directory: string) => Promise<void>;
};

const { lazyModules } = (await import(join(project, 'scripts/lazy-modules.mjs'))) as {
  lazyModules: (options: { define: Record<string, string> }) => esbuild.Plugin;
};

/** A program of these files, each of which says in `ran` that it runs; what it prints. */
async function runLazily(files: Record<string, string[]>): Promise<{ stdout: string; stderr: string }> {
  const directory = temporaryDirectory();
  for (const [name, lines] of Object.entries(files)) {
    const first = `globalThis.ran = [...(globalThis.ran ?? []), '${name}'];`;
    writeFileSync(join(directory, name), [first, ...lines].join('\n'));
  }
  await esbuild.build({
    entryPoints: [join(directory, 'main.ts')],
    outdir: directory,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    sourcemap: 'linked',
    minifyWhitespace: true,
    logLevel: 'silent',
    plugins: [lazyModules({ define: {} })],
  });
  return spawnSync(process.execPath, ['--enable-source-maps', join(directory, 'main.js')], {
    encoding: 'utf8',
  });
}

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
  for (const words of [['version'], ['--root', '/root', '--run', 'version', '-V']]) {
    const { stdout, stderr } = spawnSync(process.execPath, [join(directory, 'dist/main.js'), ...words], {
      encoding: 'utf8',
    });
    assert.equal([stdout, stderr], [`tsctr ${versionNumber()}\n`, '']);
  }
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

test('a module of the bundle runs when one of its exports is first used', async () => {
  const { stdout, stderr } = await runLazily({
    'main.ts': [
      "import path, { join } from 'node:path';",
      "import { Child, even, lineOf, unused, type Size } from './face.ts';",
      "import * as whole from './whole.ts';",
      'export const later = () => unused;',
      'const size: Size = 1;',
      'const said = [new Child().name, even(4), whole.name, path.join === join, size, lineOf()];',
      'console.log(JSON.stringify([said, globalThis.ran]));',
    ],
    'face.ts': [
      "export * from './child.ts';",
      "export { even } from './even.ts';",
      "export { lineOf } from './odd.ts';",
      "export { unused } from './unused.ts';",
    ],
    'child.ts': [
      "import { Parent } from './parent.ts';",
      'export type Size = number;',
      'export class Child extends Parent {}',
    ],
    'parent.ts': ["export class Parent { name = 'parent'; }"],
    'even.ts': [
      "import { odd } from './odd.ts';",
      'export function even(n: number): boolean { return n === 0 || odd(n - 1); }',
    ],
    'odd.ts': [
      "import { even } from './even.ts';",
      'export const odd = (n: number): boolean => n !== 0 && even(n - 1);',
      "export const lineOf = () => /odd\\.ts:\\d+/.exec(new Error().stack ?? '')?.[0];",
    ],
    'whole.ts': ["export const name = 'whole';"],
    'unused.ts': ['export const unused = 1;'],
  });
  assert.is(stderr, '');
  assert.equal(JSON.parse(stdout), [
    ['parent', true, 'whole', true, 1, 'odd.ts:4'],
    ['whole.ts', 'main.ts', 'face.ts', 'child.ts', 'parent.ts', 'even.ts', 'odd.ts'],
  ]);
});

test('the bundler refuses a module that is imported for its effect, since that would never come', async () => {
  const files = {
    'main.ts': ["import './effect.ts';", 'export const name = 1;'],
    'effect.ts': ['export const more = 1;'],
  };
  try {
    await runLazily(files);
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /main\.ts: require\("\.\/effect\.ts"\) for its effect/);
  }
});

test.run();
