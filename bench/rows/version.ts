import type { Benchmark } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';

const ROUNDS = 15;

/** The least that a command costs: how long it takes until Node and what is loaded of ours are there. */
export const version: Benchmark = {
  names: ['version'],
  async run({ tsctrAlone, podman, programs }) {
    const contenders: Contender[] = [
      { name: 'tsctr', run: whole(() => tsctrAlone.command(['version'])) },
      { name: 'podman', run: whole(() => podman.run(['--version'])) },
      { name: 'node -e 0', run: whole(() => programs.run(process.execPath, ['-e', '0'])) },
    ];
    return [
      {
        name: 'version',
        what: 'the version printed, without a daemon',
        unit: 'ms',
        figures: await compare(contenders, { rounds: ROUNDS, warmUps: 2 }),
        targets: [{ against: 'node -e 0', ratio: 2 }],
        notes: [],
      },
    ];
  },
};

/** The whole of a command is timed. */
function whole(run: () => Promise<unknown>): Contender['run'] {
  return async () => {
    await run();
    return undefined;
  };
}
