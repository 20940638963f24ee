import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { StartSignal } from '../start-signal.ts';
import { until } from '../until.ts';
import { containerManifest } from '../workload.ts';
import { takeTemplate } from './take-template.ts';

const ROUNDS = 9;

/** From a manifest that appears in the daemon's directory until its command runs. */
export const dropFile: Benchmark = {
  names: ['drop-file'],
  async run(bench) {
    const signal = new StartSignal(path.join(bench.directory, 'drop'));
    await signal.reset();
    await bench.tsctr.startDaemon();
    await takeTemplate(bench, signal);
    return [
      {
        name: 'drop-file',
        what: 'file written until its command runs',
        unit: 'ms',
        figures: await compare([dropped(bench, signal), bareStart(bench, signal)], { rounds: ROUNDS }),
        targets: [],
        notes: [
          'podman has nothing of the kind that runs without systemd. tsctr waits a moment for a file that is still being written.',
        ],
      },
    ];
  },
};

function dropped({ tsctr, directory }: Bench, signal: StartSignal): Contender {
  const file = path.join(tsctr.manifests, 'drop.yaml');
  return {
    name: 'tsctr',
    before: async () => {
      await signal.reset();
      const { command, spec } = signal;
      await writeFile(path.join(directory, 'drop.part'), containerManifest('drop', { command, spec }));
    },
    run: async () => {
      const startedMs = performance.now();
      await rename(path.join(directory, 'drop.part'), file);
      await signal.untilStarts(1);
      return performance.now() - startedMs;
    },
    after: async () => {
      await rm(file);
      await until(() => tsctr.recordOf('drop') === null, 'container/drop is gone');
    },
  };
}

function bareStart({ floor }: Bench, signal: StartSignal): Contender {
  return {
    name: 'runc',
    before: async () => {
      await signal.reset();
      await floor.makeBundle('drop');
    },
    run: async () => {
      const startedMs = performance.now();
      await floor.createAndStart('drop');
      await signal.untilStarts(1);
      return performance.now() - startedMs;
    },
    after: () => floor.deleteByForce('drop'),
  };
}
