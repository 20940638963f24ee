import type { Machine } from '../../../bench/machine.ts';
import type { Row } from '../../../bench/row.ts';

export const MACHINE: Machine = {
  date: '2026-01-02T03:04:05.000Z',
  cpus: '2 × Abacus',
  memoryGiB: 24,
  kernel: '6.18',
  loadAverageBefore: [0.5, 1, 2],
  loadAverageAfter: [3, 2, 1],
  versions: { node: '20.20.2', podman: '4.3.1' },
};

export const ROW: Row = {
  name: 'start-one',
  what: 'one <container>',
  unit: 'ms',
  figures: [
    { contender: 'tsctr', samples: [100, 90, 130] },
    { contender: 'podman', samples: [200, 180, 260] },
    { contender: 'runc', samples: [50, 45, 65] },
  ],
  targets: [
    { against: 'podman', ratio: 0.6 },
    { against: 'runc', ratio: 1.5 },
    { atMost: 300 },
    { against: 'nobody', ratio: 1 },
  ],
  notes: ['as it comes'],
};
