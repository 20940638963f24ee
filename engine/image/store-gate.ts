/** Many may add to the store at a time; taking away from it needs it alone, as what was just fetched belongs to nobody yet. */
export interface StoreGate {
  adding<T>(work: () => Promise<T>): Promise<T>;
  takingAway<T>(work: () => Promise<T>): Promise<T>;
}

export function createStoreGate(): StoreGate {
  const adders = new Set<Promise<unknown>>();
  let takers: Promise<unknown> = Promise.resolve();

  return {
    async adding(work) {
      // Those who came first go first.
      const before = takers;
      const run = before.then(work);
      const settled = run.catch(() => undefined);
      adders.add(settled);
      try {
        return await run;
      } finally {
        adders.delete(settled);
      }
    },
    takingAway(work) {
      const before = Promise.all([takers, ...adders]);
      const run = before.then(work);
      takers = run.catch(() => undefined);
      return run;
    },
  };
}
