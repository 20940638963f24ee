import type { Benchmark } from '../bench.ts';

/** A checkpoint to and from an archive: waits for the commands that do so. */
export const archive: Benchmark = {
  names: ['export', 'import'],
  run() {
    const skipped = 'no row measures them yet; tsctr checkpoint --export and tsctr restore --from do it';
    return Promise.resolve([
      { name: 'export', skipped },
      { name: 'import', skipped },
    ]);
  },
};
