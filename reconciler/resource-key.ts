import type { RunningKind } from '../schemas/index.ts';

/** Which resource is meant. A member of a pod is the Container `<pod>.<member>`. */
export interface ResourceName {
  kind: RunningKind;
  name: string;
}

/** `container/web`: what the queue holds, and what people read. */
export type ResourceKey = `container/${string}` | `pod/${string}`;

export function keyOf(resource: ResourceName): ResourceKey {
  return resource.kind === 'Container' ? `container/${resource.name}` : `pod/${resource.name}`;
}

export function resourceOf(key: ResourceKey): ResourceName {
  return key.startsWith('pod/')
    ? { kind: 'Pod', name: key.slice('pod/'.length) }
    : { kind: 'Container', name: key.slice('container/'.length) };
}
