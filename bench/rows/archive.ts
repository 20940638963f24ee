import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Benchmark } from '../bench.ts';
import { compare } from '../compare.ts';
import { criuContender, criuWithoutContainer } from '../memory/criu-contenders.ts';
import { podmanContender, tsctrContender } from '../memory/engine-contenders.ts';
import { findCriu, hogCommand } from '../memory/memory-hog.ts';
import type { Hog } from '../memory/memory-hog.ts';
import type { Race } from '../memory/race.ts';
import { SplitTimes } from '../memory/split-times.ts';
import { takeTemplate } from './take-template.ts';

const HOG: Hog = { name: 'packed', mib: 64, content: 'mixed' };
const ROUNDS = 3;
const WARM_UPS = 1;
const TARGETS = [{ against: 'podman', ratio: 0.5 }];

/** A checkpoint to and from an archive, by the whole command. In between the container is removed, so that it comes from the archive alone. */
export const archive: Benchmark = {
  names: ['export', 'import'],
  async run(bench) {
    const criu = findCriu();
    if (criu === null) return ['export', 'import'].map((name) => ({ name, skipped: 'there is no criu' }));
    await bench.tsctr.startDaemon();
    await takeTemplate(bench, { command: hogCommand(HOG) });
    const times = new SplitTimes();
    const race: Race = { bench, criu, hog: HOG, times };
    const contenders = [
      await throughTsctr(race),
      throughPodman(race),
      criuContender(race, { name: 'criu, tar, zstd', ...packing(race) }),
      criuWithoutContainer(race, { name: 'criu, tar, zstd, no container', ...packing(race) }),
    ];
    await compare(contenders, { rounds: ROUNDS, warmUps: WARM_UPS });
    const names = contenders.map(({ name }) => name);
    const base = { unit: 'ms', targets: TARGETS } as const;
    return [
      {
        ...base,
        name: 'export',
        what: `${HOG.mib} MiB of memory to an archive (zstd)`,
        figures: times.figures(names, 'save', WARM_UPS),
        notes: [
          'The memory shrinks to about a third. criu: as with checkpoint, then `tar` through `zstd`; no files of the container.',
        ],
      },
      {
        ...base,
        name: 'import',
        what: `${HOG.mib} MiB of memory from an archive, until it runs`,
        figures: times.figures(names, 'load', WARM_UPS),
        notes: [
          'tsctr, podman: the container has been removed before, and is made anew; criu: its cgroups, root and mounts of the host are still there.',
        ],
      },
    ];
  },
};

function throughTsctr(race: Race) {
  const { directory, tsctr } = race.bench;
  const file = path.join(directory, 'tsctr.tar.zst');
  return tsctrContender(race, (manifest) => ({
    save: () => tsctr.command(['checkpoint', HOG.name, '--export', file]),
    between: () => tsctr.command(['delete', '-f', manifest]),
    load: () => tsctr.command(['restore', file, '--name', HOG.name, '-f', manifest]),
    after: () => rm(file),
  }));
}

function throughPodman(race: Race) {
  const file = path.join(race.bench.directory, 'podman.tar.zst');
  return podmanContender(race, (podman, remove) => ({
    save: () => podman('container', 'checkpoint', '--compress', 'zstd', '--export', file, HOG.name),
    between: remove,
    load: () => podman('container', 'restore', '--import', file),
    after: () => rm(file),
  }));
}

/** One compressed archive of CRIU's images, which the next round replaces. */
function packing({ bench: { directory, programs } }: Race) {
  const file = path.join(directory, 'criu.tar.zst');
  const archive = ['--zstd', '--file', file];
  return {
    pack: (images: string) => programs.run('tar', ['--create', ...archive, '--directory', images, '.']),
    unpack: (images: string) => programs.run('tar', ['--extract', ...archive, '--directory', images]),
  };
}
