import type { Outcome } from './outcome.ts';
import { keyOf, type ResourceKey } from '../resource-key.ts';

/** How the last pass over each resource ended, and who waits for whom. */
export interface OutcomeBoard {
  get(key: ResourceKey): Outcome | null;
  set(key: ResourceKey, outcome: Outcome): void;
  forget(key: ResourceKey): void;
  /** Those whose last pass waits for this resource. */
  waitersFor(key: ResourceKey): ResourceKey[];
}

export function createOutcomeBoard(): OutcomeBoard {
  const outcomes = new Map<ResourceKey, Outcome>();
  const waiters = new Map<ResourceKey, Set<ResourceKey>>();

  function awaitedBy(key: ResourceKey): ResourceKey[] {
    const outcome = outcomes.get(key);
    return outcome?.kind === 'waiting' ? outcome.for.map(keyOf) : [];
  }

  function forget(key: ResourceKey): void {
    for (const awaited of awaitedBy(key)) {
      const set = waiters.get(awaited);
      set?.delete(key);
      if (set?.size === 0) waiters.delete(awaited);
    }
    outcomes.delete(key);
  }

  return {
    get: (key) => outcomes.get(key) ?? null,
    set(key, outcome) {
      forget(key);
      outcomes.set(key, outcome);
      for (const awaited of awaitedBy(key)) {
        const set = waiters.get(awaited) ?? new Set();
        waiters.set(awaited, set.add(key));
      }
    },
    forget,
    waitersFor: (key) => [...(waiters.get(key) ?? [])],
  };
}
