import type { Figure } from '../row.ts';

/** How a contender saves a container and brings it back. `between` is not timed. */
export interface SaveAndLoad {
  save: Action;
  between?: Action;
  load: Action;
}

/** The two halves of what `compare` measures as one. */
export class SplitTimes {
  readonly #times = new Map<string, number[]>();

  async measure(name: string, { save, between, load }: SaveAndLoad): Promise<number> {
    const saveMs = await timed(save);
    await between?.();
    const loadMs = await timed(load);
    this.#add(`${name} save`, saveMs);
    this.#add(`${name} load`, loadMs);
    return saveMs + loadMs;
  }

  figures(names: readonly string[], half: 'save' | 'load', warmUps: number): Figure[] {
    return names.map((contender) => ({
      contender,
      samples: (this.#times.get(`${contender} ${half}`) ?? []).slice(warmUps),
    }));
  }

  #add(key: string, value: number): void {
    this.#times.set(key, [...(this.#times.get(key) ?? []), value]);
  }
}

type Action = () => Promise<unknown>;

async function timed(action: Action): Promise<number> {
  const startedMs = performance.now();
  await action();
  return performance.now() - startedMs;
}
