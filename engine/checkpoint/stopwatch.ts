/** How long each stage of an operation took. */
export interface Stopwatch {
  /** Ends the stage that runs since the last lap (or the start). Laps of one name add up. */
  lap(stage: string): void;
  /** Milliseconds by stage, and `total`. */
  durationsMs(): Record<string, number>;
}

export function startStopwatch(now: () => number = () => performance.now()): Stopwatch {
  const start = now();
  let last = start;
  const stages = new Map<string, number>();
  return {
    lap(stage) {
      const time = now();
      stages.set(stage, (stages.get(stage) ?? 0) + time - last);
      last = time;
    },
    durationsMs() {
      const round = (ms: number): number => Math.round(ms * 10) / 10;
      const laps = [...stages].map(([stage, ms]) => [stage, round(ms)] as const);
      return { ...Object.fromEntries(laps), total: round(last - start) };
    },
  };
}
