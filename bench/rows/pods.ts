import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Benchmark } from '../bench.ts';
import { compare } from '../compare.ts';
import { checkContainerProcess } from '../container-process.ts';
import { inParallel } from '../in-parallel.ts';
import { COMMAND, namesOf, podManifest } from '../workload.ts';
import { takeTemplate } from './take-template.ts';

const COUNT = 20;
const ROUNDS = 2;

/** Pods of one container each, from one file that both take. */
export const pods: Benchmark = {
  names: ['pods'],
  async run(bench) {
    const { tsctr, podman, floor, directory } = bench;
    const names = namesOf('pod', COUNT);
    const file = path.join(directory, 'pods.yaml');
    await writeFile(file, names.map((name) => podManifest(name)).join(''));
    await tsctr.startDaemon();
    await takeTemplate(bench);
    const figures = await compare(
      [
        {
          name: 'tsctr',
          run: async () => {
            await tsctr.command(['apply', '-f', file, '--wait', '1m']);
            return undefined;
          },
          check: async () => {
            for (const name of names) {
              await checkContainerProcess(await tsctr.pidOf(`${name}.main`), { args: COMMAND });
            }
          },
          after: async () => {
            await tsctr.command(['delete', '-f', file]);
          },
        },
        {
          name: 'podman kube play',
          run: async () => {
            await podman.run(['kube', 'play', '--network', 'none', file]);
            return undefined;
          },
          check: async () => {
            const pids = await podman.pidsOf(names.map((pod) => `${pod}-main`));
            for (const pid of pids) await checkContainerProcess(pid, { args: COMMAND });
          },
          after: async () => {
            await podman.run(['kube', 'down', file]);
          },
        },
        {
          name: 'runc',
          before: async () => {
            for (const name of names) await floor.makeBundle(name);
          },
          run: async () => {
            await inParallel(names, 2, (name) => floor.createAndStart(name));
            return undefined;
          },
          after: async () => {
            await inParallel(names, 2, (name) => floor.deleteByForce(name));
          },
        },
      ],
      { rounds: ROUNDS, warmUps: 0 },
    );
    return [
      {
        name: 'pods',
        what: `${COUNT} pods of one container, without network`,
        unit: 'ms',
        figures,
        targets: [{ against: 'podman kube play', ratio: 1 / 4 }],
        notes: [
          'There are no bridges yet, so neither has one here; the promise is meant for pods on one. runc: containers without pods, two at a time.',
        ],
      },
    ];
  },
};
