import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planRetention } from '../../../../engine/checkpoint/kept/retention.ts';
import type { KeptCheckpoint, RetentionPolicy } from '../../../../engine/checkpoint/kept/retention.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 100 * HOUR_MS;

/** One hour older than the one before it. */
function made(id: string, hoursAgo: number, change: Partial<KeptCheckpoint> = {}): KeptCheckpoint {
  const createdAtMs = NOW_MS - hoursAgo * HOUR_MS;
  return { id, createdAtMs, bytes: 100, parent: null, pinned: false, complete: true, ...change };
}

function kept(checkpoints: KeptCheckpoint[], policy: RetentionPolicy): string {
  return planRetention(checkpoints, policy, NOW_MS)
    .keep.map(({ id }) => id)
    .join('');
}

const FOUR = [made('a', 1), made('b', 2), made('c', 3), made('d', 4)];

test('without a policy everything stays', () => {
  assert.is(kept(FOUR, {}), 'abcd');
});

test('the newest stay by count, by age, by bytes, and by all of them', () => {
  assert.is(kept(FOUR, { keep: 2 }), 'ab');
  assert.is(kept(FOUR, { maxAgeMs: 3 * HOUR_MS }), 'abc');
  assert.is(kept(FOUR, { maxBytes: 250 }), 'ab');
  assert.is(kept(FOUR, { keep: 3, maxBytes: 1000, maxAgeMs: HOUR_MS }), 'a');
});

test('the newest complete one stays, whatever the policy', () => {
  assert.is(kept(FOUR, { keep: 0, maxAgeMs: 0, maxBytes: 0 }), 'a');
  assert.is(kept([made('x', 0, { complete: false }), ...FOUR], { keep: 1 }), 'a');
});

test('what a kept one builds on stays, and counts by its bytes', () => {
  const chain = [
    made('a', 1, { parent: 'b' }),
    made('b', 2, { parent: 'd', complete: false }),
    made('c', 3),
    made('d', 4),
  ];
  const plan = planRetention(chain, { keep: 1 }, NOW_MS);
  assert.equal(plan.keep, [
    { id: 'a', reason: 'newest' },
    { id: 'b', reason: 'parent of a kept one' },
    { id: 'd', reason: 'parent of a kept one' },
  ]);
  assert.equal(plan.remove, [{ id: 'c', reason: 'count' }]);
  assert.is(kept(chain, { maxBytes: 350 }), 'abd');
});

test('pinned ones stay, and those that build on others go first', () => {
  assert.is(kept([...FOUR, made('p', 9, { pinned: true })], { keep: 2 }), 'ap');
  const chain = [made('a', 1), made('b', 2, { parent: 'c' }), made('c', 3, { parent: 'd' }), made('d', 4)];
  assert.equal(
    planRetention(chain, { keep: 1 }, NOW_MS).remove.map(({ id }) => id),
    ['b', 'c', 'd'],
  );
});

const checkpoints = fc
  .array(
    fc.record({
      hoursAgo: fc.integer({ min: 0, max: 50 }),
      bytes: fc.integer({ min: 0, max: 1000 }),
      parent: fc.option(fc.integer({ min: 0, max: 11 })),
      pinned: fc.boolean(),
      complete: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map((list) =>
    list.map(({ hoursAgo, parent, ...rest }, index) =>
      // Parents may be missing, and even form circles.
      made(`c${String(index)}`, hoursAgo, { ...rest, parent: parent === null ? null : `c${String(parent)}` }),
    ),
  );
const policies = fc.record(
  {
    keep: fc.integer({ min: 0, max: 5 }),
    maxAgeMs: fc.integer({ min: 0, max: 50 * HOUR_MS }),
    maxBytes: fc.integer({ min: 0, max: 3000 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<RetentionPolicy>;

test('whatever there is: each is kept or removed, chains stay whole, and a second time nothing goes', () => {
  fc.assert(
    fc.property(checkpoints, policies, (all, policy) => {
      const plan = planRetention(all, policy, NOW_MS);
      const keep = new Set(plan.keep.map(({ id }) => id));
      const removed = plan.remove.map(({ id }) => id);
      assert.equal([...keep, ...removed].sort(), all.map(({ id }) => id).sort());
      for (const { id, parent, pinned } of all) {
        const parentIsThere = parent !== null && all.some((other) => other.id === parent);
        if (keep.has(id) && parentIsThere) assert.ok(keep.has(parent), `${parent} of ${id}`);
        if (pinned) assert.ok(keep.has(id));
      }
      if (all.some(({ complete }) => complete))
        assert.ok(all.some(({ id, complete }) => complete && keep.has(id)));
      const again = planRetention(
        all.filter(({ id }) => keep.has(id)),
        policy,
        NOW_MS,
      );
      assert.equal(again.remove, []);
    }),
  );
});

test.run();
