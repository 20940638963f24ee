import type { Benchmark } from '../bench.ts';

/** A checkpoint to and from an archive: waits for the commands that do so. */
export const archive: Benchmark = {
  names: ['export', 'import'],
  run() {
    const skipped = 'tsctr has no command yet that writes or reads archives of checkpoints';
    return Promise.resolve([
      { name: 'export', skipped },
      { name: 'import', skipped },
    ]);
  },
};
