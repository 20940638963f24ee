import type { ContainerSpec } from '../../schemas/index.ts';

/** A value for comparison: named lists are maps by name, every other list is one value. */
export type Keyed = string | number | boolean | null | { [key: string]: Keyed };

type Item = Readonly<Record<string, unknown>>;

/** The lists whose items have a name, and what it is. The order within them says nothing, but see `orderMatters`. */
const NAME_OF_ITEM: Readonly<Partial<Record<keyof ContainerSpec, (item: Item) => string>>> = {
  env: (item) => text(item['name']),
  volumes: (item) => text(item['name']),
  volumeMounts: (item) => text(item['mountPath']),
  ports: (item) => `${text(item['containerPort'])}/${text(item['protocol'])}`,
  tmpfs: (item) => text(item['mountPath']),
  devices: (item) => text(item['containerPath'] ?? item['hostPath']),
  ulimits: (item) => text(item['name']),
  hostAliases: (item) => text(item['ip']),
};

/** True where the first part of a path within the field is a name that people gave, and not a field. */
export function hasNamedItems(field: keyof ContainerSpec): boolean {
  return field === 'sysctls' || NAME_OF_ITEM[field] !== undefined;
}

/** Turns one field of a spec into a value that can be compared key by key. Undefined counts as absent. */
export function keyedField(field: keyof ContainerSpec, value: unknown): Keyed {
  const nameOf = NAME_OF_ITEM[field];
  if (nameOf === undefined || !Array.isArray(value)) return keyed(value);
  const items = value as Item[];
  const names = items.map(nameOf);
  // Twice the same name, or values that refer to earlier ones: then the list as it stands is the value.
  if (new Set(names).size !== names.length || orderMatters(field, items)) return keyed(value);
  return Object.fromEntries(items.map((item, index) => [names[index] ?? '', namedItem(field, item)]));
}

/** Without a `$(NAME)` in a value, the order of the variables has no meaning. */
function orderMatters(field: keyof ContainerSpec, items: readonly Item[]): boolean {
  return field === 'env' && items.some((item) => text(item['value']).includes('$('));
}

function namedItem(field: keyof ContainerSpec, item: Item): Keyed {
  if (field === 'env' && item['valueFrom'] === undefined) return text(item['value']);
  return keyed(item);
}

function keyed(value: unknown): Keyed {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return JSON.stringify(value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key, keyed(part)]),
  );
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}
