import type { Ownership } from '../../schemas/index.ts';
import { keyOf, type ResourceName } from '../resource-key.ts';

/** A resource belongs to another source; nothing was changed. */
export class OwnershipError extends Error {
  override readonly name = 'OwnershipError';
  readonly code = 'OWNED_BY_OTHER';
  readonly resource: ResourceName;
  readonly owner: Ownership;

  constructor(operation: 'apply' | 'delete', resource: ResourceName, owner: Ownership) {
    super(
      `${operation} ${keyOf(resource)}: it belongs to ${describeOwner(owner)}; change it there, or remove it there first`,
    );
    this.resource = resource;
    this.owner = owner;
  }
}

/** `directory /etc/tsctr.d/web.yaml`. */
export function describeOwner({ source, file }: Ownership): string {
  return file === '-' ? `${source} from standard input` : `${source} ${file}`;
}

/** A source may touch what it owns, and what its owner has given up. */
export function mayTouch(
  record: { owner: Ownership; deletionRequestedAt: string | null },
  source: Ownership['source'],
): boolean {
  return record.owner.source === source || record.deletionRequestedAt !== null;
}
