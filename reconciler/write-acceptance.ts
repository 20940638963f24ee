import type { Ownership } from '../schemas/index.ts';
import type { Acceptance, Accepted } from './acceptance.ts';
import { isoTime, type Clock } from './clock.ts';
import type { RecordEditor } from './record-editor.ts';
import type { ResourceName } from './resource-key.ts';

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
  const { containers, pods } = deps.records;
  const changed: ResourceName[] = [];
  for (const { record, merge, change } of acceptance.containers) {
    if (containers.get(record.name) === null) await containers.put(record);
    else await containers.edit(record.name, merge);
    if (change !== 'unchanged') changed.push({ kind: 'Container', name: record.name });
  }
  for (const { record, merge, change } of acceptance.pods) {
    if (pods.get(record.name) === null) await pods.put(record);
    else await pods.edit(record.name, merge);
    if (change !== 'unchanged') changed.push({ kind: 'Pod', name: record.name });
    if (change === 'changed' || source === 'apply') await tryMembersAnew(deps, record.name, change);
  }
  for (const resource of acceptance.dropped) await markForDeletion(deps, resource);
  return changed;
}

/** A resource goes when its next passes have brought that about; its record goes last. */
export async function markForDeletion({ records, clock }: WriteDeps, resource: ResourceName): Promise<void> {
  const { kind, name } = resource;
  const deletionRequestedAt = isoTime(clock.now());
  if (kind === 'Container') {
    await records.containers.edit(name, (record) => ({ ...record, deletionRequestedAt }));
  } else {
    await records.pods.edit(name, (record) => ({ ...record, deletionRequestedAt }));
  }
}

/** A pod that was applied anew has its members tried anew, without waiting for the end of a back-off. */
async function tryMembersAnew(
  { records }: WriteDeps,
  pod: string,
  change: Accepted<unknown>['change'],
): Promise<void> {
  for (const { name } of records.containers.list().filter((record) => record.pod === pod)) {
    await records.containers.edit(name, (record) => ({
      ...record,
      failuresInRow: 0,
      backoffUntil: null,
      override: change === 'changed' ? null : record.override,
    }));
  }
}
