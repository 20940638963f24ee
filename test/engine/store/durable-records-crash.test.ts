import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openRecordStore } from '../../../engine/store/durable-record-store.ts';
import { packageRoot } from '../../../native/index.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const KILLS = 50;
const NAMES = ['web', 'db', 'job'];

test(`no acknowledged write is lost when the writer is killed ${KILLS} times`, async () => {
  await withDirectory(async (directory) => {
    // Laid out as the package, where the addon is found.
    const writer = path.join(directory, 'dist/writer.mjs');
    symlinkSync(path.join(packageRoot(), 'build'), path.join(directory, 'build'));
    await build({
      entryPoints: [path.join(import.meta.dirname, 'record-writer.ts')],
      outfile: writer,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // Packages of the older kind call it.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    });
    const records = path.join(directory, 'db');
    const acknowledged = new Map(NAMES.map((name) => [name, 0]));
    for (let kill = 0; kill < KILLS; kill++) {
      for (const [name, number] of await writeUntilKilled(writer, records)) acknowledged.set(name, number);
      const store = await openRecordStore({ directory: records });
      assert.equal(store.damaged, []);
      for (const [name, number] of acknowledged) {
        const found = store.containers.get(name)?.restartCount ?? 0;
        assert.ok(found >= number, `kill ${kill}: ${name} is ${found}, but ${number} was acknowledged`);
      }
    }
    // The writers did write: otherwise nothing was shown.
    for (const [name, number] of acknowledged)
      assert.ok(number > KILLS, `${name} was written ${number} times`);
  });
});

/** Kills it at a random instant after its first write. Returns the last number of each name that it acknowledged. */
async function writeUntilKilled(writer: string, records: string): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [writer, records, ...NAMES], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  setTimeout(() => child.kill('SIGKILL'), Math.random() * 20);
  await once(child, 'close');
  assert.is(child.signalCode, 'SIGKILL');
  const complete = output.slice(0, output.lastIndexOf('\n')).split('\n');
  return new Map(complete.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

test.run();
