import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from '../../native/index.ts';

const PROGRAM = nativeProgram('tsctr-exited');
const ECHO = ['/bin/echo', 'main.js', 'cleanup', 'a b'];

const test = suite<{ directory: string; socket: string }>('tsctr-exited');

test.before.each((context) => {
  context.directory = mkdtempSync(path.join(tmpdir(), 'exited-'));
  context.socket = path.join(context.directory, 's');
});
test.after.each((context) => {
  rmSync(context.directory, { recursive: true });
});

function runWithoutDaemon(socket: string) {
  return spawnSync(PROGRAM, [socket, ...ECHO], { encoding: 'utf8' });
}

test('leaves at once when the daemon listens', async ({ socket }) => {
  const server = createServer((client) => client.destroy());
  server.listen(socket);
  await once(server, 'listening');
  const child = spawn(PROGRAM, [socket, ...ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal([code, text], [0, '']);
  server.close();
});

test('starts the program with its arguments when nobody listens', ({ socket }) => {
  const { status, stdout } = runWithoutDaemon(socket);
  assert.equal([status, stdout], [0, 'main.js cleanup a b\n']);
});

test('a socket file that nobody listens on is no daemon', ({ socket }) => {
  writeFileSync(socket, '');
  assert.is(runWithoutDaemon(socket).stdout, 'main.js cleanup a b\n');
});

test('a path that does not fit into sun_path is no reason to fail', ({ directory }) => {
  const { stdout } = runWithoutDaemon(path.join(directory, 'd'.repeat(150), 's'));
  assert.is(stdout, 'main.js cleanup a b\n');
});

test('the environment is handed on', ({ socket }) => {
  const env = { CONTAINER: 'x' };
  const { stdout } = spawnSync(PROGRAM, [socket, '/usr/bin/env'], { encoding: 'utf8', env });
  assert.is(stdout, '', 'too few arguments');
  const full = spawnSync(PROGRAM, [socket, '/usr/bin/env', 'A=1'], { encoding: 'utf8', env });
  assert.is(full.stdout, 'CONTAINER=x\nA=1\n');
});

test('says what is wrong with too few arguments or a missing program', ({ socket }) => {
  const few = spawnSync(PROGRAM, [socket], { encoding: 'utf8' });
  assert.is(few.status, 2);
  assert.match(few.stderr, /^usage: /);
  const missing = spawnSync(PROGRAM, [socket, '/nonexistent', 'x'], { encoding: 'utf8' });
  assert.is(missing.status, 127);
  assert.match(missing.stderr, /execve \/nonexistent: No such file/);
});

test.run();
