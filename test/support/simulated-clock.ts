import type { Clock } from '../../reconciler/index.ts';

/** A clock that stands still until it is turned. */
export interface SimulatedClock extends Clock {
  /** Turns it forward, firing what falls due in its order, and lets everything that follows at once run. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that waits for no time. */
  flush(): Promise<void>;
  pending(): number;
}

export function createSimulatedClock(start = Date.parse('2026-01-01T00:00:00.000Z')): SimulatedClock {
  let now = start;
  let last = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();

  /** Promises need many turns of the loop, and none of them needs time. */
  async function flush(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  function nextDue(until: number): { id: number; at: number; callback: () => void } | undefined {
    return [...timers]
      .map(([id, timer]) => ({ id, ...timer }))
      .filter(({ at }) => at <= until)
      .sort((a, b) => a.at - b.at || a.id - b.id)[0];
  }

  return {
    now: () => now,
    setTimeout(callback, delayMs) {
      last += 1;
      timers.set(last, { at: now + Math.max(0, delayMs), callback });
      return last;
    },
    clearTimeout(timer) {
      timers.delete(timer as number);
    },
    async advance(ms) {
      const until = now + ms;
      await flush();
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        timers.delete(due.id);
        now = Math.max(now, due.at);
        due.callback();
        await flush();
      }
      now = until;
      await flush();
    },
    flush,
    pending: () => timers.size,
  };
}
