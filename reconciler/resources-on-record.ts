import type { ContainerRecord, DeclaredCheckpointRecord, PodRecord } from '../schemas/index.ts';
import type { RecordEditor } from './pass/record-editor.ts';
import type { ResourceName } from './resource-key.ts';
import type { RecordsView } from './wish/acceptance.ts';

type Records = Pick<RecordEditor, 'containers' | 'pods' | 'checkpoints'>;

/** All records as they are now. */
export function presentRecords({ containers, pods, checkpoints }: Records): RecordsView {
  return { containers: containers.list(), pods: pods.list(), checkpoints: checkpoints.list() };
}

/** The record of one resource; null when there is none. */
export function recordOf(
  { containers, pods, checkpoints }: Records,
  { kind, name }: ResourceName,
): ContainerRecord | PodRecord | DeclaredCheckpointRecord | null {
  const collections = { Container: containers, Pod: pods, Checkpoint: checkpoints };
  return collections[kind].get(name);
}

/** The names of all, pods first. */
export function allResources(records: Records): ResourceName[] {
  const { containers, pods, checkpoints } = presentRecords(records);
  return [...pods, ...containers, ...checkpoints].map(({ kind, name }) => ({ kind, name }));
}

/** The containers of a pod; what is no pod has none. */
export function membersOf({ containers }: Records, { kind, name }: ResourceName): ResourceName[] {
  if (kind !== 'Pod') return [];
  const members = containers.list().filter(({ pod }) => pod === name);
  return members.map((member) => ({ kind: 'Container', name: member.name }));
}

/** A container itself, or the containers of a pod. */
export function containersOf(records: Records, resource: ResourceName): ResourceName[] {
  return resource.kind === 'Container' ? [resource] : membersOf(records, resource);
}
