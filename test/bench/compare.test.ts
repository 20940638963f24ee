import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../bench/compare.ts';
import type { Contender } from '../../bench/compare.ts';

/** One that notes what is asked of it, and claims to have taken that many milliseconds. */
function contender(name: string, tookMs: number, log: string[]): Contender {
  const note = (what: string) => (round: number) => {
    log.push(`${name} ${what} ${round}`);
    return Promise.resolve();
  };
  return {
    name,
    before: note('before'),
    run: (round) => {
      log.push(`${name} run ${round}`);
      return Promise.resolve(tookMs + round);
    },
    check: note('check'),
    after: note('after'),
  };
}

test('contenders take turns, and each round begins with another one', async () => {
  const log: string[] = [];
  await compare([contender('a', 1, log), contender('b', 2, log)], { rounds: 2, warmUps: 1 });
  assert.equal(
    log.filter((line) => line.includes('run')),
    ['a run 0', 'b run 0', 'b run 1', 'a run 1', 'a run 2', 'b run 2'],
  );
});

test('a round is made ready, done, checked and taken back, in this order', async () => {
  const log: string[] = [];
  await compare([contender('a', 1, log)], { rounds: 1, warmUps: 0 });
  assert.equal(log, ['a before 0', 'a run 0', 'a check 0', 'a after 0']);
});

test('warm-ups do not count', async () => {
  const figures = await compare([contender('a', 10, []), contender('b', 20, [])], { rounds: 2, warmUps: 1 });
  assert.equal(figures, [
    { contender: 'a', samples: [11, 12] },
    { contender: 'b', samples: [21, 22] },
  ]);
});

test('without a time of its own the whole of run is timed, and nothing else', async () => {
  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const at = { made: 0, begun: 0, done: 0, checked: 0 };
  const timed: Contender = {
    name: 'a',
    before: async () => {
      await wait(20);
      at.made = performance.now();
    },
    run: async () => {
      at.begun = performance.now();
      await wait(20);
      at.done = performance.now();
      return undefined;
    },
    check: async () => {
      at.checked = performance.now();
      await wait(20);
    },
  };
  const [figure] = await compare([timed], { rounds: 1, warmUps: 0 });
  const [tookMs = 0] = figure?.samples ?? [];
  assert.ok(tookMs >= at.done - at.begun, `${tookMs} ms`);
  assert.ok(tookMs <= at.checked - at.made, `${tookMs} ms`);
});

test('work that was not the same ends the comparison, and is taken back', async () => {
  let takenBack = 0;
  const lazy: Contender = {
    ...contender('lazy', 0, []),
    check: () => Promise.reject(new Error('nothing runs')),
    after: () => Promise.reject(new Error(`taken back ${(takenBack += 1)} times`)),
  };
  const error: unknown = await compare([lazy], { rounds: 1 }).catch((caught: unknown) => caught);
  assert.instance(error, Error);
  assert.match((error as Error).message, /what lazy did in round 0/);
  assert.is(takenBack, 1);
});

test.run();
