import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCriuClient } from '../../../engine/criu/criu-client.ts';
import { CriuError } from '../../../engine/criu/criu-error.ts';
import { dispatchNotify } from '../../../engine/criu/criu-notify.ts';
import { criuMessage } from '../../../engine/criu/rpc-codec.ts';
import { EngineError } from '../../../engine/engine-error.ts';
import { createLinuxKernel, SOCK_SEQPACKET } from '../../../native/index.ts';
import { rejectionOf } from '../../support/rejection.ts';

const kernel = createLinuxKernel();

/** CRIU's side of the socket, played by the test. */
function conversation() {
  const [ours, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  let open = true;
  const die = () => {
    if (open) kernel.close(theirs);
    open = false;
  };
  const client = createCriuClient(kernel, ours, die);
  const answer = (response: object) => {
    const type = criuMessage('criu_resp');
    kernel.sendmsg(theirs, type.encode(type.fromObject(response)).finish(), []);
  };
  const question = async () => {
    const { data } = await kernel.recvmsg(theirs, 4096, 2000);
    return criuMessage('criu_req').decode(data).toJSON();
  };
  const end = () => {
    client.close();
    die();
  };
  return { client, answer, question, die, end, theirs };
}

const options = { operation: 'dump container/web', timeoutMs: 5000 };
const DUMP = { type: 'DUMP', opts: { images_dir_fd: 3 } } as const;

test('[criu.notify] questions are answered one by one, then the answer comes', async () => {
  const { client, answer, question, end } = conversation();
  const seen: string[] = [];
  const onNotify = dispatchNotify(
    { 'post-dump': ({ pid }) => void seen.push(`handled ${String(pid)}`) },
    (effect, phase) => seen.push(`${phase} ${effect}`),
  );
  const call = client.call(DUMP, { ...options, onNotify });
  assert.equal(await question(), DUMP);
  answer({ type: 'NOTIFY', success: true, notify: { script: 'pre-dump' } });
  assert.equal(await question(), { type: 'NOTIFY', notify_success: true });
  answer({ type: 'NOTIFY', success: true, notify: { script: 'post-dump', pid: 42 } });
  assert.equal(await question(), { type: 'NOTIFY', notify_success: true });
  answer({ type: 'DUMP', success: true });
  assert.is((await call).success, true);
  assert.equal(seen, [
    'before criu.pre-dump',
    'after criu.pre-dump',
    'before criu.post-dump',
    'handled 42',
    'after criu.post-dump',
  ]);
  end();
});

test('[criu.notify] a handler that throws is a veto, and its error is the reason', async () => {
  const { client, answer, question, end } = conversation();
  const onNotify = dispatchNotify({
    'post-dump': () => {
      throw new Error('no space');
    },
  });
  const call = rejectionOf(client.call(DUMP, { ...options, onNotify }));
  await question();
  answer({ type: 'NOTIFY', success: true, notify: { script: 'post-dump' } });
  assert.equal(await question(), { type: 'NOTIFY', notify_success: false });
  answer({ type: 'DUMP', success: false });
  assert.is((await call).message, 'no space');
  end();
});

test('[criu.swrk] the death of CRIU is an error and not a hang', async () => {
  const { client, question, die, end } = conversation();
  const call = rejectionOf(client.call(DUMP, options));
  await question();
  die();
  const error = await call;
  assert.instance(error, CriuError);
  assert.is(error.message, 'dump container/web: criu ended before it had answered');
  end();
});

test('[criu.swrk] a CRIU that is gone before the request is one too', async () => {
  const { client, die, end } = conversation();
  die();
  assert.match((await rejectionOf(client.call(DUMP, options))).message, /criu ended before/);
  end();
});

test('[criu.swrk] a message that is too long is an error', async () => {
  const { client, theirs, question, end } = conversation();
  const call = rejectionOf(client.call(DUMP, options));
  await question();
  kernel.sendmsg(theirs, Buffer.alloc(100_000), []);
  assert.match((await call).message, /EMSGSIZE/);
  end();
});

test('[criu.swrk] after the deadline CRIU is killed', async () => {
  const { client, end } = conversation();
  const error = await rejectionOf(client.call(DUMP, { ...options, timeoutMs: 20 }));
  assert.ok(error instanceof EngineError && error.code === 'TIMED_OUT');
  assert.match(error.message, /not done after 20 ms; killed/);
  end();
});

test('[criu.swrk] an abort kills it, before and while it works', async () => {
  const first = conversation();
  const already = await rejectionOf(first.client.call(DUMP, { ...options, signal: AbortSignal.abort() }));
  assert.ok(already instanceof EngineError && already.code === 'ABORTED');
  first.end();
  const second = conversation();
  const control = new AbortController();
  const call = rejectionOf(second.client.call(DUMP, { ...options, signal: control.signal }));
  await second.question();
  control.abort();
  const error = await call;
  assert.ok(error instanceof EngineError && error.code === 'ABORTED');
  second.end();
});

/** How many descriptors of ours are of the same pipe. */
function descriptorsOf(pipe: number): number {
  const name = readlinkSync(`/proc/self/fd/${String(pipe)}`);
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === name;
    } catch {
      // That of the directory itself.
      return false;
    }
  }).length;
}

test('descriptors that come with a question are closed after it', async () => {
  const { client, answer, question, end, theirs } = conversation();
  const [readEnd, writeEnd] = kernel.pipe2(0);
  let received = -1;
  const onNotify = dispatchNotify({
    'orphan-pts-master': ({ fds }) => {
      received = fds[0] ?? -1;
    },
  });
  const call = client.call(DUMP, { ...options, onNotify });
  await question();
  const type = criuMessage('criu_resp');
  const notify = { type: 'NOTIFY', success: true, notify: { script: 'orphan-pts-master' } };
  kernel.sendmsg(theirs, type.encode(type.fromObject(notify)).finish(), [readEnd]);
  await question();
  assert.ok(received > 2);
  // Its number may be somebody else's by now.
  assert.is(descriptorsOf(readEnd), 2, 'the two ends of the pipe, and no copy');
  answer({ type: 'DUMP', success: true });
  await call;
  kernel.close(readEnd);
  kernel.close(writeEnd);
  end();
});

test.run();
