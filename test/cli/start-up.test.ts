import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serve } from '../../cli/api/server.ts';
import { viewContainer } from '../../cli/output/resource-status.ts';
import { FakeService } from './support/fake-service.ts';
import { containerRecord } from './support/records.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** The command line as it is shipped: bundled. */
async function bundle(): Promise<string> {
  const directory = temporaryDirectory();
  cpSync(join(project, 'package.json'), join(directory, 'package.json'));
  // In two pieces: the test runner puts the file's own place where it reads the whole word.
  const here = ['import', 'meta', 'url'].join('.');
  const require = `import { createRequire as r } from 'node:module'; const require = r(${here});`;
  await build({
    entryPoints: { main: join(project, 'cli/main.ts') },
    outdir: join(directory, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    loader: { '.proto': 'text' },
    banner: { js: require },
    logLevel: 'error',
  });
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
