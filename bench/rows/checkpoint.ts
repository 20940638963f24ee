import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { IMAGE } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { findCriu, hogScript, isInSession, startHog, untilFull } from '../memory-hog.ts';
import type { Row, SkippedRow, Target } from '../row.ts';
import { SplitTimes } from '../split-times.ts';
import { until } from '../until.ts';
import { containerManifest } from '../workload.ts';

interface Size {
  mib: number;
  rounds: number;
  targets: readonly Target[];
}

const SIZES: readonly Size[] = [
  {
    mib: 16,
    rounds: 5,
    targets: [
      { against: 'criu', ratio: 0.8 },
      { against: 'podman', ratio: 0.35 },
    ],
  },
  { mib: 256, rounds: 3, targets: [{ against: 'criu', ratio: 1.1 }] },
  { mib: 1024, rounds: 1, targets: [] },
];

/** Memory saved and brought back, by the whole command. */
export const checkpoint: Benchmark = {
  names: ['checkpoint', 'restore'],
  async run(bench) {
    const criu = findCriu();
    if (criu === null) return ['checkpoint', 'restore'].map((name) => skipped(name, 'there is no criu'));
    await bench.tsctr.startDaemon();
    const rows: (Row | SkippedRow)[] = [];
    for (const size of SIZES) rows.push(...(await measureSize(bench, criu, size)));
    return rows;
  },
};

function skipped(name: string, reason: string): SkippedRow {
  return { name, skipped: reason };
}

async function measureSize(bench: Bench, criu: string, { mib, rounds, targets }: Size): Promise<Row[]> {
  const times = new SplitTimes();
  const contenders = [
    await tsctrContender(bench, mib, times),
    podmanContender(bench, { mib, criu }, times),
    criuContender(bench, { mib, criu }, times),
  ];
  const warmUps = rounds > 1 ? 1 : 0;
  const figures = await compare(contenders, { rounds, warmUps });
  const names = contenders.map(({ name }) => name);
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
      notes:
        mib === 16
          ? ['criu: `dump` and `restore` of the same process outside of any container, with its defaults.']
          : [],
    },
  ];
}

async function tsctrContender(
  { tsctr, directory }: Bench,
  mib: number,
  times: SplitTimes,
): Promise<Contender> {
  const manifest = path.join(directory, `hog${mib}.yaml`);
  const name = `hog${mib}`;
  await writeFile(manifest, containerManifest(name, { command: ['sh', '-c', hogScript(mib, 'zeros')] }));
  return {
    name: 'tsctr',
    before: async () => {
      await tsctr.command(['apply', '-f', manifest, '--wait']);
      await untilFull(mib);
    },
    run: () =>
      times.measure('tsctr', {
        save: () => tsctr.command(['checkpoint', name]),
        load: () => tsctr.command(['restore', name]),
      }),
    check: () => untilFull(mib),
    after: async () => {
      await tsctr.command(['delete', '-f', manifest]);
    },
  };
}

function podmanContender(
  { podman }: Bench,
  { mib, criu }: { mib: number; criu: string },
  times: SplitTimes,
): Contender {
  const name = `hog${mib}`;
  // podman and runc look for criu in PATH alone.
  const env = { PATH: `${path.dirname(criu)}:${process.env['PATH'] ?? ''}` };
  return {
    name: 'podman',
    before: async () => {
      const options = ['--detach', '--name', name, '--network', 'none'];
      await podman.run(['run', ...options, IMAGE, 'sh', '-c', hogScript(mib, 'zeros')]);
      await untilFull(mib);
    },
    run: () =>
      times.measure('podman', {
        save: () => podman.run(['container', 'checkpoint', name], { env }),
        load: () => podman.run(['container', 'restore', name], { env }),
      }),
    check: () => untilFull(mib),
    after: async () => {
      await podman.run(['rm', '--force', '--time', '0', name]);
    },
  };
}

function criuContender(
  { directory, programs }: Bench,
  { mib, criu }: { mib: number; criu: string },
  times: SplitTimes,
): Contender {
  const images = path.join(directory, 'criu-images');
  let pid = -1;
  return {
    name: 'criu',
    before: async () => {
      await rm(images, { recursive: true, force: true });
      await mkdir(images);
      pid = startHog(mib, 'zeros');
      await untilFull(mib);
    },
    run: () =>
      times.measure('criu', {
        save: () => programs.run(criu, ['dump', '--tree', String(pid), '--images-dir', images]),
        // Their numbers have to be free again, which is up to who has inherited the dead.
        between: () => until(() => !isInSession(pid), `session ${pid} is empty`),
        load: () => programs.run(criu, ['restore', '--restore-detached', '--images-dir', images]),
      }),
    check: () => untilFull(mib),
    after: () => {
      // The leader of its own process group, with all that it has started.
      process.kill(-pid, 'SIGKILL');
      return Promise.resolve();
    },
  };
}
