import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { IMAGE } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { StartSignal } from '../start-signal.ts';
import { containerManifest } from '../workload.ts';
import { takeTemplate } from './take-template.ts';

const ROUNDS = 9;

/** From the SIGKILL of a container's process until its command runs anew. */
export const crashRestart: Benchmark = {
  names: ['crash-restart'],
  async run(bench) {
    const signal = new StartSignal(path.join(bench.directory, 'crash'));
    await signal.reset();
    await bench.tsctr.startDaemon();
    await takeTemplate(bench, signal);
    const contenders = [
      await restartOfTsctr(bench, signal),
      restartOfPodman(bench, signal),
      bareRestart(bench, signal),
    ];
    return [
      {
        name: 'crash-restart',
        what: 'process killed until its command runs again',
        unit: 'ms',
        figures: await compare(contenders, { rounds: ROUNDS }),
        targets: [{ against: 'runc', ratio: 1.6 }],
        notes: [
          "podman: `--restart always`, carried out by conmon's exit command; runc: `delete`, `create`, `start`.",
        ],
      },
    ];
  },
};

async function restartOfTsctr({ tsctr, directory }: Bench, signal: StartSignal): Promise<Contender> {
  const manifest = path.join(directory, 'crash.yaml');
  const { command } = signal;
  const spec = [...signal.spec, '  restartPolicy: Always'];
  await writeFile(manifest, containerManifest('crash', { command, spec }));
  return {
    name: 'tsctr',
    before: async () => {
      await signal.reset();
      await tsctr.command(['apply', '-f', manifest, '--wait']);
      await signal.untilStarts(1);
    },
    run: async () => killAndWait(await tsctr.pidOf('crash'), signal),
    after: async () => {
      await tsctr.command(['delete', '-f', manifest]);
    },
  };
}

function restartOfPodman({ podman }: Bench, signal: StartSignal): Contender {
  let pid = -1;
  const name = 'crash';
  return {
    name: 'podman',
    before: async () => {
      await signal.reset();
      const options = ['--detach', '--name', name, '--network', 'none', '--restart', 'always'];
      await podman.run(['run', ...options, '-v', `${signal.directory}:/signal`, IMAGE, ...signal.command]);
      await signal.untilStarts(1);
      pid = await podman.pidOf(name);
    },
    run: () => killAndWait(pid, signal),
    after: async () => {
      await podman.run(['rm', '--force', '--time', '0', name]);
    },
  };
}

function bareRestart({ floor }: Bench, signal: StartSignal): Contender {
  return {
    name: 'runc',
    before: async () => {
      await signal.reset();
      await floor.makeBundle('crash');
      await floor.createAndStart('crash');
      await signal.untilStarts(1);
    },
    run: async () => {
      const startedMs = performance.now();
      await floor.killAndDelete('crash', 'KILL');
      await floor.createAndStart('crash');
      await signal.untilStarts(2);
      return performance.now() - startedMs;
    },
    after: () => floor.deleteByForce('crash'),
  };
}

async function killAndWait(pid: number, signal: StartSignal): Promise<number> {
  const startedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  await signal.untilStarts(2);
  return performance.now() - startedMs;
}
