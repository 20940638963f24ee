import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSharedJobs } from '../../../engine/image/shared-jobs.ts';
import { createStoreGate } from '../../../engine/image/store-gate.ts';
import type { PullProgress } from '../../../engine/contract/image-engine.ts';
import { rejectionOf } from '../../support/rejection.ts';

const PROGRESS: PullProgress = { phase: 'fetching', layersDone: 0, layersTotal: 1, bytes: 5 };

test('what several ask for at the same time is done once, and all are told how far it is', async () => {
  const jobs = createSharedJobs<number>();
  const told: number[] = [];
  let runs = 0;
  const ask = (who: number) =>
    jobs.run('a', { onProgress: () => told.push(who) }, async ({ onProgress }) => {
      runs++;
      await nextTurn();
      onProgress(PROGRESS);
      return 42;
    });
  assert.equal(await Promise.all([ask(1), ask(2), ask(3)]), [42, 42, 42]);
  assert.is(runs, 1);
  assert.equal(told, [1, 2, 3]);
  await ask(4);
  assert.is(runs, 2);
});

test('one who gives up does not end the work of the others; the last one does', async () => {
  const jobs = createSharedJobs<string>();
  const [one, two] = [new AbortController(), new AbortController()];
  let given = false;
  let finish: (value: string) => void = () => undefined;
  const ask = ({ signal }: AbortController) =>
    jobs.run('a', { signal }, ({ signal: own }) => {
      own.addEventListener('abort', () => {
        given = true;
      });
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
  const [first, second] = [ask(one), ask(two)];
  one.abort();
  assert.is((await rejectionOf(first)).code, 'ABORTED');
  assert.not(given);
  two.abort();
  assert.is((await rejectionOf(second)).code, 'ABORTED');
  assert.ok(given);
  finish('too late');
});

test('a failure reaches all who wait, and the next one tries again', async () => {
  const jobs = createSharedJobs<number>();
  const fail = () => jobs.run('a', {}, () => Promise.reject(new Error('no')));
  const errors = await Promise.all([rejectionOf(fail()), rejectionOf(fail())]);
  assert.equal(
    errors.map(({ message }) => message),
    ['no', 'no'],
  );
  assert.is(await jobs.run('a', {}, () => Promise.resolve(1)), 1);
});

test('taking away from the store waits for those who add, and they for it', async () => {
  const gate = createStoreGate();
  const order: string[] = [];
  const slow = (name: string) => async (): Promise<void> => {
    order.push(`${name} begins`);
    await nextTurn();
    await nextTurn();
    order.push(`${name} ends`);
  };
  await Promise.all([
    gate.adding(slow('add 1')),
    gate.adding(slow('add 2')),
    gate.takingAway(slow('take')),
    gate.adding(slow('add 3')),
  ]);
  assert.equal(order.slice(0, 2), ['add 1 begins', 'add 2 begins']);
  assert.ok(order.indexOf('take begins') > order.indexOf('add 2 ends'));
  assert.ok(order.indexOf('add 3 begins') > order.indexOf('take ends'));
});

test.run();
