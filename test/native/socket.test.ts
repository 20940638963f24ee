import { mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel, ErrnoError, SOCK_SEQPACKET, SOCK_STREAM } from '../../native/index.ts';

const kernel = createLinuxKernel();

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  assert.instance(error, ErrnoError);
  return (error as ErrnoError).code;
}

test('a packet arrives whole, with its descriptors, which are close-on-exec', async () => {
  const [mine, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  const file = openSync('/proc/version', 'r');
  const sent = kernel.sendmsg(mine, Buffer.from('hello'), [file, file]);
  kernel.close(file);
  assert.is(sent, 5);
  const { data, fds } = await kernel.recvmsg(theirs, 100, -1);
  assert.is(data.toString(), 'hello');
  assert.is(fds.length, 2);
  for (const fd of fds) {
    assert.is(readlinkSync(`/proc/self/fd/${fd}`), '/proc/version');
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /flags:\t02[0-7]{6}/);
    kernel.close(fd);
  }
  kernel.close(mine);
  kernel.close(theirs);
});

test('a receiver that waits first gets the packets in order', async () => {
  const [mine, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  const waiting = kernel.recvmsg(theirs, 100, -1);
  await new Promise(setImmediate);
  kernel.sendmsg(mine, Buffer.from('one'), []);
  kernel.sendmsg(mine, Buffer.from('two'), []);
  assert.is((await waiting).data.toString(), 'one');
  assert.is((await kernel.recvmsg(theirs, 100, -1)).data.toString(), 'two');
  kernel.close(mine);
  const end = await kernel.recvmsg(theirs, 100, -1);
  assert.is(end.data.length, 0);
  kernel.close(theirs);
});

test('two receivers share two packets', async () => {
  const [mine, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  const both = Promise.all([kernel.recvmsg(theirs, 9, 5_000), kernel.recvmsg(theirs, 9, 5_000)]);
  await new Promise(setImmediate);
  kernel.sendmsg(mine, Buffer.from('a'), []);
  await new Promise((resolve) => setTimeout(resolve, 5));
  kernel.sendmsg(mine, Buffer.from('b'), []);
  const texts = (await both).map(({ data }) => data.toString());
  assert.equal(texts.sort(), ['a', 'b']);
  kernel.close(mine);
  kernel.close(theirs);
});

test('silence ends with ETIMEDOUT, a packet that does not fit with EMSGSIZE', async () => {
  const [mine, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  assert.is(await codeOf(kernel.recvmsg(theirs, 100, 20)), 'ETIMEDOUT');
  const before = kernelFds();
  kernel.sendmsg(mine, Buffer.from('too long'), [0]);
  assert.is(await codeOf(kernel.recvmsg(theirs, 3, 1_000)), 'EMSGSIZE');
  assert.is(kernelFds(), before, 'the descriptors of a refused packet are closed');
  kernel.close(mine);
  kernel.close(theirs);
});

function kernelFds(): number {
  const directory = kernel.openat2(-100, '/proc/self/fd', { flags: 0 });
  const count = kernel.readDirectory(directory).length;
  kernel.close(directory);
  return count;
}

test('sending never waits and never raises SIGPIPE', () => {
  const [mine, theirs] = kernel.socketpair(SOCK_STREAM);
  const codes = new Set<string>();
  const fill = (): void => {
    for (let i = 0; i < 1_000; i++) kernel.sendmsg(mine, Buffer.alloc(65_536), []);
  };
  try {
    fill();
  } catch (error) {
    codes.add((error as ErrnoError).code);
  }
  kernel.close(theirs);
  try {
    kernel.sendmsg(mine, Buffer.from('x'), []);
  } catch (error) {
    codes.add((error as ErrnoError).code);
  }
  kernel.close(mine);
  assert.equal([...codes], ['EAGAIN', 'EPIPE']);
});

test('more than 16 descriptors in a packet are refused', () => {
  const [mine, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  const seventeen = Array.from({ length: 17 }, () => 0);
  assert.throws(
    () => kernel.sendmsg(mine, Buffer.from('x'), seventeen),
    (error: ErrnoError) => error.code === 'EINVAL',
  );
  kernel.close(mine);
  kernel.close(theirs);
});

test('connects to a listener, also by a path that does not fit into sun_path', async () => {
  const top = mkdtempSync(path.join(tmpdir(), 'native-socket-'));
  const deep = path.join(top, 'd'.repeat(120));
  await mkdir(deep);
  for (const socketPath of [path.join(top, 's'), path.join(deep, 's')]) {
    const directory = openSync(path.dirname(socketPath), 'r');
    const server = createServer((client) => client.end('welcome'));
    server.listen(`/proc/self/fd/${directory}/s`);
    await once(server, 'listening');
    const fd = kernel.connectUnix(socketPath, SOCK_STREAM);
    const { data } = await kernel.recvmsg(fd, 100, 5_000);
    assert.is(data.toString(), 'welcome');
    kernel.close(fd);
    server.close();
    await once(server, 'close');
    kernel.close(directory);
    assert.throws(
      () => kernel.connectUnix(socketPath, SOCK_STREAM),
      (error: ErrnoError) => error.code === 'ENOENT' && error.path === socketPath,
    );
  }
  rmSync(top, { recursive: true });
});

test.run();
