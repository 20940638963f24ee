import type { Ownership } from '../../schemas/index.ts';
import type { Acceptance, Accepted } from './acceptance.ts';
import { isoTime, type Clock } from '../clock.ts';
import type { RecordEditor } from '../pass/record-editor.ts';
import type { ResourceName } from '../resource-key.ts';

interface WriteDeps {
  records: RecordEditor;
  clock: Clock;
}

/** Makes an acceptance durable, record by record: each is a wish of its own. Returns what is new or has changed. */
export async function writeAcceptance(
  deps: WriteDeps,
  acceptance: Acceptance,
  source: Ownership['source'],
): Promise<ResourceName[]> {
  const { containers, pods, checkpoints } = deps.records;
  await sideBySide(acceptance.containers, async ({ record, merge }) => {
    if (containers.get(record.name) === null) await containers.put(record);
    else await containers.edit(record.name, merge);
  });
  await sideBySide(acceptance.pods, async ({ record, merge, change }) => {
    if (pods.get(record.name) === null) await pods.put(record);
    else await pods.edit(record.name, merge);
    if (change === 'changed' || source === 'apply') await tryMembersAnew(deps, record.name, change);
  });
  await sideBySide(acceptance.checkpoints, async ({ record, merge }) => {
    if (checkpoints.get(record.name) === null) await checkpoints.put(record);
    else await checkpoints.edit(record.name, merge);
  });
  await markForDeletion(deps, acceptance.dropped);
  return [...acceptance.containers, ...acceptance.pods, ...acceptance.checkpoints]
    .filter(({ change }) => change !== 'unchanged')
    .map(({ record: { kind, name } }) => ({ kind, name }));
}

/** Records written at the same time: the disk takes many together, and each has a file open meanwhile. */
const WRITES_AT_ONCE = 16;

/** Does it for all, the first ones first; throws the first error when all that had begun has ended. */
async function sideBySide<T>(items: readonly T[], write: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await write(item);
  };
  const results = await Promise.allSettled(Array.from({ length: WRITES_AT_ONCE }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Resources go when their next passes have brought that about; the record of each goes last. */
export async function markForDeletion(
  { records, clock }: WriteDeps,
  resources: readonly ResourceName[],
): Promise<void> {
  const deletionRequestedAt = isoTime(clock.now());
  await sideBySide(resources, async ({ kind, name }) => {
    if (kind === 'Container') {
      await records.containers.edit(name, (record) => ({ ...record, deletionRequestedAt }));
    } else if (kind === 'Pod') {
      await records.pods.edit(name, (record) => ({ ...record, deletionRequestedAt }));
    } else {
      await records.checkpoints.edit(name, (record) => ({ ...record, deletionRequestedAt }));
    }
  });
}

/** A pod that was applied anew has its members tried anew, without waiting for the end of a back-off. */
async function tryMembersAnew(
  { records }: WriteDeps,
  pod: string,
  change: Accepted<unknown>['change'],
): Promise<void> {
  for (const { name } of records.containers.list().filter((record) => record.pod === pod)) {
    await records.containers.edit(name, (record) => {
      const override = change === 'changed' ? null : record.override;
      const isAnew = record.failuresInRow === 0 && record.backoffUntil === null;
      // The same object: there is nothing to write.
      if (isAnew && override === record.override) return record;
      return { ...record, failuresInRow: 0, backoffUntil: null, override };
    });
  }
}
