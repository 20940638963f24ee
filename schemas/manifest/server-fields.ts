/** ObjectMeta that whoever keeps a resource writes, and nobody else (Kubernetes API conventions, Metadata). */
const SERVER_METADATA: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/**
 * A manifest without what says how a resource is, and not how it should be: what `get -o yaml` prints, here and on a cluster, can so
 * be applied. As with kubectl these fields count for nothing.
 */
export function withoutServerFields(value: unknown): unknown {
  if (!isMapping(value)) return value;
  const { metadata } = value;
  return {
    ...without(value, (name) => name === 'status'),
    ...(isMapping(metadata) && { metadata: without(metadata, (name) => SERVER_METADATA.has(name)) }),
  };
}

function without(mapping: Mapping, isDropped: (name: string) => boolean): Mapping {
  return Object.fromEntries(Object.entries(mapping).filter(([name]) => !isDropped(name)));
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
