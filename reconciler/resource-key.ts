import type { RunningKind } from '../schemas/index.ts';

/** Which resource is meant. A member of a pod is the Container `<pod>.<member>`. */
export interface ResourceName {
  kind: RunningKind | 'Checkpoint';
  name: string;
}

/** `container/web`: what the queue holds, and what people read. */
export type ResourceKey = `${'container' | 'pod' | 'checkpoint'}/${string}`;

export function keyOf({ kind, name }: ResourceName): ResourceKey {
  return `${PREFIXES[kind]}/${name}`;
}

export function resourceOf(key: ResourceKey): ResourceName {
  const slash = key.indexOf('/');
  return { kind: KINDS[key.slice(0, slash) as keyof typeof KINDS], name: key.slice(slash + 1) };
}

const KINDS = { container: 'Container', pod: 'Pod', checkpoint: 'Checkpoint' } as const;
const PREFIXES = { Container: 'container', Pod: 'pod', Checkpoint: 'checkpoint' } as const;
