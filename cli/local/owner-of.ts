import type { ResourceName } from '../../reconciler/index.ts';
import type { ContainerRecord } from '../../schemas/index.ts';

/** The container itself, or its pod. */
export function ownerOf({ name, pod }: ContainerRecord): ResourceName {
  return pod === null ? { kind: 'Container', name } : { kind: 'Pod', name: pod };
}
