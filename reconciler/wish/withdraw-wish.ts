import type { PassDeps } from '../pass/pass-deps.ts';

/**
 * What was asked for by hand and failed is tried once and no more: a container that could not be saved goes on, one that could
 * not be brought back stays as it was, and whoever asked has the error.
 */
export async function withdrawWish({ records, wishes }: PassDeps, name: string): Promise<void> {
  const hadWish = wishes.checkpoints.delete(name);
  await records.containers.edit(name, (record) => {
    if (hadWish && record.override === 'Checkpointed' && record.state !== 'Checkpointed') {
      return { ...record, override: null };
    }
    if (record.restoreDue !== 'hand') return record;
    return {
      ...record,
      restoreDue: null,
      restoreWish: null,
      restoreFrom: null,
      override: record.state === 'Checkpointed' ? 'Checkpointed' : 'Stopped',
    };
  });
}
