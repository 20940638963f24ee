import type { Figure } from './row.ts';

/** One of those that are compared. All of one comparison leave the same behind after `run`. */
export interface Contender {
  name: string;
  /** Makes ready for the round; not timed. */
  before?: (round: number) => Promise<void>;
  /** The work. What it returns is the time it took in milliseconds, where it measures that itself. */
  run: (round: number) => Promise<number | undefined>;
  /** Throws unless the work was really done; not timed. */
  check?: (round: number) => Promise<void>;
  /** Takes the work back, also when that has failed; not timed. */
  after?: (round: number) => Promise<void>;
}

export interface CompareOptions {
  rounds: number;
  /** Rounds before those that count. Default: 1. */
  warmUps?: number;
}

/**
 * Lets all contenders do their work by turns, A B C A B C, so that whatever else the machine does weighs on all of them. Every round
 * begins with another one.
 */
export async function compare(
  contenders: readonly Contender[],
  { rounds, warmUps = 1 }: CompareOptions,
): Promise<Figure[]> {
  const samples = contenders.map((): number[] => []);
  for (let round = 0; round < rounds + warmUps; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const index = (turn + round) % contenders.length;
      const contender = contenders[index];
      if (contender === undefined) continue;
      const tookMs = await measure(contender, round);
      if (round >= warmUps) samples[index]?.push(tookMs);
    }
  }
  return contenders.map(({ name }, i) => ({ contender: name, samples: samples[i] ?? [] }));
}

async function measure(contender: Contender, round: number): Promise<number> {
  await contender.before?.(round);
  let tookMs: number;
  try {
    tookMs = await work(contender, round);
  } catch (error) {
    // Some of what is taken back may not be there.
    await contender.after?.(round).catch(() => undefined);
    throw error;
  }
  await contender.after?.(round);
  return tookMs;
}

async function work(contender: Contender, round: number): Promise<number> {
  const startedMs = performance.now();
  const ownMs = await contender.run(round);
  const tookMs = ownMs ?? performance.now() - startedMs;
  try {
    await contender.check?.(round);
  } catch (error) {
    throw new Error(`check what ${contender.name} did in round ${round}: it is not the same work`, {
      cause: error,
    });
  }
  return tookMs;
}
