import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { IMAGE } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { checkContainerProcess } from '../container-process.ts';
import type { Tsctr } from '../peers/tsctr.ts';
import { COMMAND, containerManifest } from '../workload.ts';
import { takeTemplate } from './take-template.ts';

const ROUNDS = 15;

/** One container, from the command until it runs. */
export const startOne: Benchmark = {
  names: ['start-one', 'start-cli'],
  async run(bench) {
    const manifest = path.join(bench.directory, 'one.yaml');
    await writeFile(manifest, containerManifest('one'));
    await bench.tsctr.startDaemon();
    await takeTemplate(bench);
    const figures = await compare(
      [
        applyOne('tsctr', bench.tsctr, manifest),
        applyOne('tsctr, no daemon', bench.tsctrAlone, manifest),
        podmanOne(bench),
        floorOne(bench),
      ],
      { rounds: ROUNDS, warmUps: 2 },
    );
    const [withDaemon, alone, ...others] = figures;
    if (withDaemon === undefined || alone === undefined) return [];
    return [
      {
        name: 'start-one',
        what: 'apply of one container until it runs, with a daemon',
        unit: 'ms',
        figures: [withDaemon, ...others],
        targets: [
          { against: 'runc', ratio: 1.5 },
          { against: 'podman', ratio: 0.6 },
        ],
        notes: ['tsctr: `apply --wait`, the whole process; podman: `run -d`; runc: `create` and `start`.'],
      },
      {
        name: 'start-cli',
        what: 'the same without a daemon',
        unit: 'ms',
        figures: [{ ...alone, contender: 'tsctr' }, ...others],
        targets: [{ against: 'podman', ratio: 1 }],
        notes: [],
      },
    ];
  },
};

function applyOne(name: string, tsctr: Tsctr, manifest: string): Contender {
  return {
    name,
    run: async () => {
      await tsctr.command(['apply', '-f', manifest, '--wait']);
      return undefined;
    },
    check: async () => {
      await checkContainerProcess(await tsctr.pidOf('one'), { args: COMMAND });
    },
    after: async () => {
      await tsctr.command(['delete', '-f', manifest]);
    },
  };
}

function podmanOne({ podman }: Bench): Contender {
  return {
    name: 'podman',
    run: async () => {
      await podman.run(['run', '--detach', '--name', 'one', '--network', 'none', IMAGE, ...COMMAND]);
      return undefined;
    },
    check: async () => {
      await checkContainerProcess(await podman.pidOf('one'), { args: COMMAND });
    },
    after: async () => {
      await podman.run(['rm', '--force', '--time', '0', 'one']);
    },
  };
}

export function floorOne({ floor }: Bench): Contender {
  return {
    name: 'runc',
    before: () => floor.makeBundle('one'),
    run: async () => {
      await floor.createAndStart('one');
      return undefined;
    },
    check: async () => {
      await checkContainerProcess(await floor.pidOf('one'), { args: COMMAND });
    },
    after: () => floor.deleteByForce('one'),
  };
}
