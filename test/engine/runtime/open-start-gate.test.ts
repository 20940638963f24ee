import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openStartGate } from '../../../engine/runtime/open-start-gate.ts';

/** A FIFO in a directory of its own, for as long as `body` takes. */
async function withGate(body: (gate: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'gate-'));
  const gate = path.join(directory, 'exec.fifo');
  execFileSync('mkfifo', [gate]);
  try {
    await body(gate);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a process that waits at the gate goes through, and the gate is gone', async () => {
  await withGate(async (gate) => {
    // As runc init does: it blocks until there is a reader, and writes one byte.
    const child = spawn('/bin/sh', ['-c', 'printf 0 > "$0"', gate]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    assert.is(await openStartGate(gate), true);
    assert.is(await ended, 0);
    assert.is(existsSync(gate), false);
  });
});

test('a process that comes a little later goes through as well', async () => {
  await withGate(async (gate) => {
    const opened = openStartGate(gate);
    const child = spawn('/bin/sh', ['-c', 'sleep 0.05; printf 0 > "$0"', gate]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    assert.is(await opened, true);
    assert.is(await ended, 0);
  });
});

test('when the process dies at the gate without a word, the gate stays for the runtime to say why', async () => {
  await withGate(async (gate) => {
    const child = spawn('/bin/sh', ['-c', 'exec 3> "$0"', gate]);
    assert.is(await openStartGate(gate), false);
    assert.is(existsSync(gate), true);
    child.kill();
  });
});

test('where there is no gate nothing is done', async () => {
  assert.is(await openStartGate('/nonexistent/exec.fifo'), false);
});

test.run();
