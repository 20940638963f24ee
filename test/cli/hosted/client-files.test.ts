import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clientFiles } from '../../../cli/hosted/client-files.ts';
import { RunElsewhere } from '../../../cli/command-line/run-elsewhere.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const directory = temporaryDirectory();
writeFileSync(join(directory, 'web.yaml'), 'kind: Pod\n# ü\n');
mkdirSync(join(directory, 'more/below'), { recursive: true });
writeFileSync(join(directory, 'more/below/a.yaml'), 'a');
symlinkSync('web.yaml', join(directory, 'link.yaml'));
symlinkSync('/dev/stdin', join(directory, 'input.yaml'));
execFileSync('mkfifo', [join(directory, 'pipe')]);

function files(mostBytes = 1000) {
  return clientFiles(createLinuxKernel(), { mostBytes });
}

async function isElsewhere(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    (error: unknown) => error instanceof RunElsewhere,
  );
}

test('files, links to files and directories are read as they are', async () => {
  assert.is(await files().read(join(directory, 'web.yaml')), 'kind: Pod\n# ü\n');
  assert.is(await files().read(join(directory, 'link.yaml')), 'kind: Pod\n# ü\n');
  assert.is(await files().isDirectory(join(directory, 'more')), true);
  assert.is(await files().isDirectory(join(directory, 'web.yaml')), false);
  assert.equal(await files().list(join(directory, 'more'), { recursive: false }), ['below']);
  const below = await files().list(join(directory, 'more'), { recursive: true });
  assert.equal(below.sort(), ['below', 'below/a.yaml']);
});

test('what may be another file for the client, or keep the daemon waiting, is left to the client', async () => {
  for (const path of [
    '/dev/stdin',
    '/dev/fd/63',
    '/dev/null',
    '/proc/self/environ',
    '/proc/kmsg',
    '/sys/power',
  ]) {
    assert.ok(await isElsewhere(files().isDirectory(path)), path);
  }
  for (const name of ['input.yaml', 'pipe', 'missing', 'web.yaml/x']) {
    assert.ok(await isElsewhere(files().read(join(directory, name))), name);
  }
});

test('more bytes than a request may have are left to the client', async () => {
  const few = files(20);
  await few.read(join(directory, 'web.yaml'));
  assert.ok(await isElsewhere(few.read(join(directory, 'web.yaml'))));
});

test.run();
