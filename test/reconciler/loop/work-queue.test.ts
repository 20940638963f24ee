import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorkQueue } from '../../../reconciler/loop/work-queue.ts';
import { createSimulatedClock } from '../../support/simulated-clock.ts';

/** A queue whose work ends when it is told to. */
function manualQueue(parallelism = 2) {
  const clock = createSimulatedClock();
  const begun: string[] = [];
  const ends = new Map<string, { end: () => void; fail: (error: Error) => void; signal: AbortSignal }>();
  const errors: string[] = [];
  const done: string[] = [];
  const queue = createWorkQueue<string>({
    clock,
    parallelism,
    work: (key, signal) => {
      begun.push(key);
      return new Promise((resolve, reject) => ends.set(key, { end: resolve, fail: reject, signal }));
    },
    onError: (key, error) => errors.push(`${key}: ${String(error)}`),
    onDone: (key) => done.push(key),
  });
  const end = async (key: string): Promise<void> => {
    ends.get(key)?.end();
    await clock.flush();
  };
  return { clock, queue, begun, ends, end, errors, done };
}

test('puts while a key is being worked on make one more round, and never two at once', async () => {
  const { queue, begun, end, done } = manualQueue();
  queue.put('a');
  queue.put('a');
  queue.put('a');
  assert.equal(begun, ['a'], 'the second put waits for the first');
  await end('a');
  assert.equal(begun, ['a', 'a']);
  assert.equal(done, [], 'a further round follows');
  await end('a');
  assert.equal(begun, ['a', 'a']);
  assert.equal(done, ['a']);
  assert.not(queue.isBusy('a'));
});

test('no more keys are worked on at once than allowed', async () => {
  const { queue, begun, end } = manualQueue(2);
  for (const key of ['a', 'b', 'c']) queue.put(key);
  assert.equal(begun, ['a', 'b']);
  await end('a');
  assert.equal(begun, ['a', 'b', 'c']);
});

test('an appointment is kept at its time; an earlier one wins, and a put makes it needless', async () => {
  const { queue, begun, clock, end } = manualQueue();
  queue.putAt('a', clock.now() + 5000);
  queue.putAt('a', clock.now() + 1000);
  queue.putAt('a', clock.now() + 9000);
  await clock.advance(999);
  assert.equal(begun, []);
  await clock.advance(1);
  assert.equal(begun, ['a']);
  await end('a');
  queue.putAt('a', clock.now() + 1000);
  queue.put('a');
  await end('a');
  await clock.advance(60_000);
  assert.equal(begun, ['a', 'a']);
});

test('work that throws is told, and the queue goes on', async () => {
  const { queue, ends, clock, errors, begun } = manualQueue(1);
  queue.put('a');
  queue.put('b');
  ends.get('a')?.fail(new Error('broken'));
  await clock.flush();
  assert.equal(errors, ['a: Error: broken']);
  assert.equal(begun, ['a', 'b']);
});

test('stop aborts what runs, takes nothing more, and waits for the end', async () => {
  const { queue, ends, clock, begun, end } = manualQueue(1);
  queue.put('a');
  queue.put('b');
  queue.putAt('c', clock.now() + 10);
  let stopped = false;
  void queue.stop().then(() => (stopped = true));
  assert.ok(ends.get('a')?.signal.aborted);
  await clock.advance(100);
  assert.not(stopped);
  await end('a');
  assert.ok(stopped);
  queue.put('d');
  assert.equal(begun, ['a']);
});

test.run();
