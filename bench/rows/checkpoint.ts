import type { Bench, Benchmark } from '../bench.ts';
import { compare } from '../compare.ts';
import { criuContender, criuWithoutContainer } from '../memory/criu-contenders.ts';
import type { CriuFloor } from '../memory/criu-contenders.ts';
import { podmanContender, tsctrContender } from '../memory/engine-contenders.ts';
import { findCriu, hogCommand } from '../memory/memory-hog.ts';
import type { Race } from '../memory/race.ts';
import { SplitTimes } from '../memory/split-times.ts';
import type { Row, SkippedRow, Target } from '../row.ts';
import { takeTemplate } from './take-template.ts';

interface Size {
  mib: number;
  rounds: number;
  floors: readonly CriuFloor[];
  targets: readonly Target[];
}

const CRIU: CriuFloor = { name: 'criu' };
const EMPTY_NETWORK: CriuFloor = { name: 'criu, empty network', leavesNetworkOut: true };

const SIZES: readonly Size[] = [
  {
    mib: 16,
    rounds: 5,
    floors: [CRIU, EMPTY_NETWORK],
    targets: [
      { against: 'criu', ratio: 0.8 },
      { against: 'podman', ratio: 0.35 },
    ],
  },
  { mib: 256, rounds: 3, floors: [CRIU], targets: [{ against: 'criu', ratio: 1.1 }] },
  { mib: 1024, rounds: 2, floors: [CRIU], targets: [] },
];

const NOTES = [
  'criu: `dump` and `restore` by hand, with its defaults, of a container that runc has made from the config.json of ours.',
  "criu, empty network: the same but for the container's network namespace, which is neither saved nor restored.",
  'criu, no container: of the same processes outside of any container, which is less to save; no promise is measured by it.',
];

/** Memory saved and brought back, by the whole command. */
export const checkpoint: Benchmark = {
  names: ['checkpoint', 'restore'],
  async run(bench) {
    const criu = findCriu();
    if (criu === null)
      return ['checkpoint', 'restore'].map((name) => ({ name, skipped: 'there is no criu' }));
    await bench.tsctr.startDaemon();
    const rows: (Row | SkippedRow)[] = [];
    for (const size of SIZES) rows.push(...(await measureSize(bench, criu, size)));
    return rows;
  },
};

async function measureSize(bench: Bench, criu: string, size: Size): Promise<Row[]> {
  const { mib, rounds, floors, targets } = size;
  const times = new SplitTimes();
  const name = `hog${mib}`;
  const race: Race = { bench, criu, hog: { name, mib, content: 'zeros' }, times };
  await takeTemplate(bench, { command: hogCommand(race.hog) });
  const contenders = [
    await tsctrContender(race, () => ({
      save: () => bench.tsctr.command(['checkpoint', name]),
      load: () => bench.tsctr.command(['restore', name]),
    })),
    podmanContender(race, (podman) => ({
      save: () => podman('container', 'checkpoint', name),
      load: () => podman('container', 'restore', name),
    })),
    ...floors.map((floor) => criuContender(race, floor)),
    criuWithoutContainer(race, { name: 'criu, no container' }),
  ];
  // The largest takes its time; who comes first changes from round to round.
  const warmUps = rounds > 2 ? 1 : 0;
  const figures = await compare(contenders, { rounds, warmUps });
  const names = contenders.map((contender) => contender.name);
  const base = { unit: 'ms', targets: [], notes: [] } as const;
  return [
    {
      ...base,
      name: 'checkpoint',
      what: `${mib} MiB of memory, then ended`,
      figures: times.figures(names, 'save', warmUps),
    },
    {
      ...base,
      name: 'restore',
      what: `${mib} MiB of memory, until it runs`,
      figures: times.figures(names, 'load', warmUps),
    },
    {
      ...base,
      name: 'checkpoint',
      what: `and restore of ${mib} MiB together`,
      figures,
      targets,
      notes: size === SIZES[0] ? NOTES : [],
    },
  ];
}
