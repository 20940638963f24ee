import type { StatsEntry } from './image-entry.ts';

/**
 * Statistics of CRIU as `podman container checkpoint --print-stats` names them: times in microseconds, and what is 0 is left
 * out of a restore.
 */
export function podmanStatistics({ dump, restore }: StatsEntry): Record<string, number> {
  if (dump !== undefined) {
    const { freezing_time, frozen_time, memdump_time, memwrite_time, pages_scanned, pages_written } = dump;
    return { freezing_time, frozen_time, memdump_time, memwrite_time, pages_scanned, pages_written };
  }
  if (restore === undefined) return {};
  const { pages_compared, pages_skipped_cow, forking_time, restore_time, pages_restored = 0 } = restore;
  const all = { pages_compared, pages_skipped_cow, forking_time, restore_time, pages_restored };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
}
