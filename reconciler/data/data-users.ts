import type { Engine } from '../../engine/index.ts';
import { desiredContainer } from '../plan/desired-container.ts';
import type { RecordsView } from '../wish/acceptance.ts';
import { keyOf, type ResourceName } from '../resource-key.ts';

/** One container and what it takes its data from. */
export interface DataUser {
  /** Name of the container's record. */
  record: string;
  /** The container, or the pod that it is a member of. */
  resource: ResourceName;
}

/** Containers that use at least one of these, by `secret/<name>` and `configmap/<name>`. */
export async function usersOfData(
  engine: Pick<Engine, 'data'>,
  { containers, pods }: RecordsView,
  data: ReadonlySet<string>,
): Promise<DataUser[]> {
  if (data.size === 0) return [];
  const users: DataUser[] = [];
  for (const record of containers) {
    const pod = pods.find(({ name }) => name === record.pod) ?? null;
    const desired = desiredContainer(record, pod);
    if (desired === null) continue;
    const uses = Object.keys(await engine.data.uses(desired));
    if (!uses.some((key) => data.has(key))) continue;
    const resource: ResourceName =
      record.pod === null ? { kind: 'Container', name: record.name } : { kind: 'Pod', name: record.pod };
    users.push({ record: record.name, resource });
  }
  return users;
}

/** Their resources, each once: `container/web, pod/db`. */
export function namesOfUsers(users: readonly DataUser[]): string[] {
  return [...new Set(users.map(({ resource }) => keyOf(resource)))];
}
