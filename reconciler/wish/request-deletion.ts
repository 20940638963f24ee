import type { PassDeps } from '../pass/pass-deps.ts';
import type { ResourceName } from '../resource-key.ts';
import { containersOf, recordOf } from '../resources-on-record.ts';
import { NotFoundError } from './act.ts';
import { OwnershipError } from './ownership.ts';
import { markForDeletion } from './write-acceptance.ts';

export interface DeletionOptions {
  /** Names that do not exist are no error. */
  ignoreMissing: boolean;
  /** Kills at once in place of stopping, and deletes what another source owns as well. */
  force: boolean;
}

/** Marks them for deletion, durably, and returns those that exist. Throws NotFoundError or OwnershipError, and none is marked then. */
export async function requestDeletion(
  deps: Pick<PassDeps, 'records' | 'clock' | 'wishes'>,
  names: readonly ResourceName[],
  { ignoreMissing, force }: DeletionOptions,
): Promise<ResourceName[]> {
  const found: ResourceName[] = [];
  for (const resource of names) {
    const record = recordOf(deps.records, resource);
    if (record === null) {
      if (ignoreMissing) continue;
      throw new NotFoundError('delete', resource);
    }
    if (record.owner.source !== 'apply' && !force) {
      throw new OwnershipError('delete', resource, record.owner);
    }
    found.push(resource);
  }
  if (force) {
    const containers = found.flatMap((resource) => containersOf(deps.records, resource));
    for (const { name } of containers) deps.wishes.stopTimeoutsMs.set(name, 0);
  }
  await markForDeletion(deps, found);
  return found;
}
