import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  parentOfDump,
  planPreDumps,
  requireMemoryTracking,
} from '../../../../engine/checkpoint/dump/pre-dumps.ts';
import { rejectionOf } from '../../../support/rejection.ts';

const features = (mem_track: boolean) => ({
  features: () => Promise.resolve({ mem_track, lazy_pages: false, pidfd_store: true }),
});

test('[ckpt.precheckpoint] each copy builds on the one before it, and the dump on the last, by relative links', () => {
  assert.equal(planPreDumps(3), [
    { name: 'pre-dump-1', parent: null },
    { name: 'pre-dump-2', parent: '../pre-dump-1' },
    { name: 'pre-dump-3', parent: '../pre-dump-2' },
  ]);
  assert.is(parentOfDump(3), '../pre-dump-3');
  assert.equal([planPreDumps(0), parentOfDump(0)], [[], null]);
});

test('[ckpt.precheckpoint] a kernel that does not track memory is named before anything is done', async () => {
  const error = await rejectionOf(requireMemoryTracking(features(false), 2, 'checkpoint container/web'));
  assert.match(
    error.message,
    /checkpoint container\/web: memory cannot be copied while it runs \(preDumps: 2\): this kernel does not tell CRIU which pages have changed/,
  );
  assert.is((error as { code?: string }).code, 'HOST_UNSUITABLE');
  await requireMemoryTracking(features(true), 2, 'checkpoint container/web');
  await requireMemoryTracking(features(false), 0, 'checkpoint container/web');
});

test.run();
