import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serve } from '../../cli/api/server.ts';
import { viewContainer } from '../../cli/output/resource-status.ts';
import { FakeService } from './support/fake-service.ts';
import { containerRecord } from './support/records.ts';
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

/** Milliseconds that each of two command lines takes, measured by turns, the quickest of each: load from elsewhere only adds. */
function race(a: string[], b: string[], rounds: number): [number, number] {
  const time = (args: string[]): number => {
    const begin = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    return performance.now() - begin;
  };
  const times = Array.from({ length: rounds }, () => [time(a), time(b)] as const);
  return [Math.min(...times.map(([first]) => first)), Math.min(...times.map(([, second]) => second))];
}

const main = await bundle();

test('tsctr version takes less than twice as long as node -e 0', () => {
  const [version, node] = race([main, 'version'], ['-e', '0'], 9);
  assert.ok(version < 2 * node, `${version.toFixed(0)} ms, node alone ${node.toFixed(0)} ms`);
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

test('what V8 has compiled is taken from beside the program', () => {
  const words = ['explain', 'container'];
  const without = withCache(() => null);
  const [cached, compiled] = race([main, ...words], [without, ...words], 7);
  assert.ok(cached < compiled, `${cached.toFixed(0)} ms, without a code cache ${compiled.toFixed(0)} ms`);
});

test('a code cache that is damaged, cut off or of another V8 is overlooked', () => {
  const changes = [
    (cache: Buffer) => Buffer.concat([cache.subarray(0, 4), Buffer.from('V8!!'), cache.subarray(8)]),
    (cache: Buffer) => cache.subarray(0, cache.length / 2),
    () => Buffer.alloc(0),
  ];
  for (const change of changes) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [withCache(change), 'explain', 'container'],
      {
        encoding: 'utf8',
      },
    );
    assert.equal([status, stderr], [0, '']);
    assert.match(stdout, /Container/);
  }
});

test('tsctr get of 100 containers of a daemon takes less than 250 ms', async () => {
  const directory = temporaryDirectory();
  const service = new FakeService();
  service.views = Array.from({ length: 100 }, (_, i) =>
    viewContainer(containerRecord(`web-${i}`), Date.now()),
  );
  const socketPath = join(directory, 'tsctr.sock');
  const server = await serve({ service, socketPath, version: '0', root: directory });
  const { spawn } = await import('node:child_process');
  const once = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const begin = performance.now();
      const child = spawn(process.execPath, [main, '--root', directory, '--run', directory, 'get']);
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.on('close', (code) => {
        if (code === 0 && out.split('\n').length === 102) resolve(performance.now() - begin);
        else reject(new Error(`exit code ${code ?? 'none'}, ${out.split('\n').length} lines`));
      });
    });
  const times = [];
  for (let i = 0; i < 7; i += 1) times.push(await once());
  await server.close(100);
  assert.ok(Math.min(...times) < 250, `${Math.min(...times).toFixed(0)} ms`);
});

test.run();
