import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { IMAGE } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { checkContainerProcess } from '../container-process.ts';
import { inParallel } from '../in-parallel.ts';
import type { Figure } from '../row.ts';
import { COMMAND, containerManifest, namesOf, podManifest } from '../workload.ts';
import { takeTemplate } from './take-template.ts';

const COUNT = 50;
const ROUNDS = 2;
const NAMES = namesOf('many', COUNT);

/** Starts and removal of many: what one contender has started is what it removes, so both rows come from one run. */
export const startMany: Benchmark = {
  names: ['start-many', 'stop-remove'],
  async run(bench) {
    const removals = new Map<string, number[]>();
    const timed: Timed = async (name, remove) => {
      const startedMs = performance.now();
      await remove();
      removals.set(name, [...(removals.get(name) ?? []), performance.now() - startedMs]);
    };
    await bench.tsctr.startDaemon();
    await takeTemplate(bench);
    const contenders = [
      await applyMany(bench, timed),
      podmanRuns(bench, timed),
      await kubePlay(bench, timed),
      bareRuntime(bench, timed),
    ];
    const figures = await compare(contenders, { rounds: ROUNDS, warmUps: 0 });
    const removalFigures = contenders.map(({ name }): Figure => ({
      contender: name,
      samples: removals.get(name) ?? [],
    }));
    return [
      {
        name: 'start-many',
        what: `${COUNT} containers until all run`,
        unit: 'ms',
        figures,
        targets: [{ against: 'podman run', ratio: 1 / 2.5 }],
        notes: [
          'podman run: a loop; podman kube play: one file of pods, each of which costs an infra container; runc: two at a time.',
        ],
      },
      {
        name: 'stop-remove',
        what: `the same ${COUNT} stopped by SIGTERM and removed`,
        unit: 'ms',
        figures: removalFigures,
        targets: [{ against: 'podman kube play', ratio: 1 / 4 }],
        notes: [
          'podman run: one `podman rm --force --time 10`; podman kube play: `kube down`; runc: `kill` and `delete`.',
        ],
      },
    ];
  },
};

type Timed = (name: string, remove: () => Promise<unknown>) => Promise<void>;

async function applyMany({ tsctr, directory }: Bench, timed: Timed): Promise<Contender> {
  const manifests = path.join(directory, 'many');
  await mkdir(manifests);
  for (const name of NAMES) await writeFile(path.join(manifests, `${name}.yaml`), containerManifest(name));
  return {
    name: 'tsctr',
    run: async () => {
      await tsctr.command(['apply', '-f', manifests, '--wait']);
      return undefined;
    },
    check: async () => {
      for (const name of NAMES) await checkContainerProcess(await tsctr.pidOf(name), { args: COMMAND });
    },
    after: () => timed('tsctr', () => tsctr.command(['delete', '-f', manifests])),
  };
}

function podmanRuns({ podman }: Bench, timed: Timed): Contender {
  return {
    name: 'podman run',
    run: async () => {
      for (const name of NAMES) {
        await podman.run(['run', '--detach', '--name', name, '--network', 'none', IMAGE, ...COMMAND]);
      }
      return undefined;
    },
    check: async () => {
      for (const pid of await podman.pidsOf(NAMES)) await checkContainerProcess(pid, { args: COMMAND });
    },
    after: () => timed('podman run', () => podman.run(['rm', '--force', '--time', '10', ...NAMES])),
  };
}

async function kubePlay({ podman, directory }: Bench, timed: Timed): Promise<Contender> {
  const file = path.join(directory, 'many-pods.yaml');
  await writeFile(file, NAMES.map((name) => podManifest(name)).join(''));
  const name = 'podman kube play';
  return {
    name,
    run: async () => {
      await podman.run(['kube', 'play', '--network', 'none', file]);
      return undefined;
    },
    check: async () => {
      const pids = await podman.pidsOf(NAMES.map((pod) => `${pod}-main`));
      for (const pid of pids) await checkContainerProcess(pid, { args: COMMAND });
    },
    after: () => timed(name, () => podman.run(['kube', 'down', file])),
  };
}

function bareRuntime({ floor }: Bench, timed: Timed): Contender {
  return {
    name: 'runc',
    before: async () => {
      for (const name of NAMES) await floor.makeBundle(name);
    },
    run: async () => {
      await inParallel(NAMES, 2, (name) => floor.createAndStart(name));
      return undefined;
    },
    check: async () => {
      for (const name of NAMES) await checkContainerProcess(await floor.pidOf(name), { args: COMMAND });
    },
    after: () => timed('runc', () => inParallel(NAMES, 2, (name) => floor.killAndDelete(name, 'TERM'))),
  };
}
