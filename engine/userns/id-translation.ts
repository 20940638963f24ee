import type { OciIdMapping } from '../../schemas/index.ts';
import { toHostId } from '../spec/id-mapping.ts';
import type { OwnerChange } from '../volume/copy-tree.ts';

/** "nobody": what the kernel shows for an id that a namespace does not map (/proc/sys/kernel/overflowuid). */
export const OVERFLOW_ID = 65_534;

/** Maps of a user namespace, user_namespaces(7). */
export interface IdMaps {
  uidMappings: readonly OciIdMapping[];
  gidMappings: readonly OciIdMapping[];
}

/** The container's id for one of the host; null for one that it does not see. */
export function toContainerId(id: number, mappings: readonly OciIdMapping[]): number | null {
  const found = mappings.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return found === undefined ? null : found.containerID + (id - found.hostID);
}

/** From ids as the container has them to those of the host. */
export function intoHost({ uidMappings, gidMappings }: IdMaps): OwnerChange {
  return {
    uid: (id) => toHostId(id, uidMappings) ?? OVERFLOW_ID,
    gid: (id) => toHostId(id, gidMappings) ?? OVERFLOW_ID,
  };
}

/** From ids of the host to those that the container has for them. */
export function intoContainer({ uidMappings, gidMappings }: IdMaps): OwnerChange {
  return {
    uid: (id) => toContainerId(id, uidMappings) ?? OVERFLOW_ID,
    gid: (id) => toContainerId(id, gidMappings) ?? OVERFLOW_ID,
  };
}
