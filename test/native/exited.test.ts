import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AT_FDCWD, createLinuxKernel, LOCK_EX, nativeProgram, O_RDWR } from '../../native/index.ts';

const PROGRAM = nativeProgram('tsctr-exited');
const ID = 'c0ffee';
const ECHO = ['/bin/echo', 'main.js', 'cleanup', 'a b', ID];

interface Place {
  directory: string;
  socket: string;
  lock: string;
  exits: string;
}

const test = suite<Place>('tsctr-exited');

test.before.each((context) => {
  context.directory = mkdtempSync(path.join(tmpdir(), 'exited-'));
  context.socket = path.join(context.directory, 's');
  context.lock = path.join(context.directory, 'lock');
  context.exits = context.directory;
  writeFileSync(context.lock, '');
  writeFileSync(path.join(context.exits, ID), '0');
});
test.after.each((context) => {
  rmSync(context.directory, { recursive: true });
});

function start({ socket, lock, exits }: Place, program: readonly string[] = ECHO) {
  const child = spawn(PROGRAM, [socket, lock, exits, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  return { child, ended: once(child, 'close').then(([code]) => [code as number, text] as const) };
}

function run(place: Place, program: readonly string[] = ECHO, env: Record<string, string> = {}) {
  const { socket, lock, exits } = place;
  return spawnSync(PROGRAM, [socket, lock, exits, ...program], { encoding: 'utf8', env });
}

async function listen(socket: string) {
  const server = createServer((client) => client.destroy());
  server.listen(socket);
  await once(server, 'listening');
  return server;
}

test('leaves at once when the daemon listens', async (place) => {
  const server = await listen(place.socket);
  assert.equal(await start(place).ended, [0, '']);
  server.close();
});

test('starts the program with its arguments when nobody listens', (place) => {
  const { status, stdout } = run(place);
  assert.equal([status, stdout], [0, `main.js cleanup a b ${ID}\n`]);
});

test('a socket file that nobody listens on is no daemon', (place) => {
  writeFileSync(place.socket, '');
  assert.is(run(place).stdout, `main.js cleanup a b ${ID}\n`);
});

test('a path that does not fit into sun_path is no reason to fail', (place) => {
  const { stdout } = run({ ...place, socket: path.join(place.directory, 'd'.repeat(150), 's') });
  assert.is(stdout, `main.js cleanup a b ${ID}\n`);
});

test('waits for the command that holds the lock, and leaves when that has cleaned up', async (place) => {
  const kernel = createLinuxKernel();
  const lock = kernel.openat2(AT_FDCWD, place.lock, { flags: O_RDWR });
  kernel.flock(lock, LOCK_EX);
  const { child, ended } = start(place);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(child.exitCode, null, 'it waits');
  rmSync(path.join(place.exits, ID));
  kernel.close(lock);
  assert.equal(await ended, [0, '']);
});

test('starts the program when the command that held the lock has left the exit to others', async (place) => {
  const kernel = createLinuxKernel();
  const lock = kernel.openat2(AT_FDCWD, place.lock, { flags: O_RDWR });
  kernel.flock(lock, LOCK_EX);
  const { ended } = start(place);
  await new Promise((resolve) => setTimeout(resolve, 50));
  kernel.close(lock);
  assert.equal(await ended, [0, `main.js cleanup a b ${ID}\n`]);
});

test('leaves when a daemon that was just starting holds the lock and then listens', async (place) => {
  const kernel = createLinuxKernel();
  const lock = kernel.openat2(AT_FDCWD, place.lock, { flags: O_RDWR });
  kernel.flock(lock, LOCK_EX);
  const { ended } = start(place);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const server = await listen(place.socket);
  assert.equal(await ended, [0, '']);
  server.close();
  kernel.close(lock);
});

test('the environment is handed on', (place) => {
  const { stdout } = run(place, ['/usr/bin/env', 'A=1', `B=${ID}`], { CONTAINER: 'x' });
  assert.is(stdout, '', 'the last argument names no exit file');
  const printed = run(place, ['/usr/bin/printenv', 'CONTAINER', ID], { CONTAINER: 'x' });
  assert.is(printed.stdout, 'x\n');
});

test('says what is wrong with too few arguments or a missing program', (place) => {
  const few = spawnSync(PROGRAM, [place.socket], { encoding: 'utf8' });
  assert.is(few.status, 2);
  assert.match(few.stderr, /^usage: /);
  const missing = run(place, ['/nonexistent', 'x', ID]);
  assert.is(missing.status, 127);
  assert.match(missing.stderr, /execve \/nonexistent: No such file/);
});

test.run();
