import type { VolumeView } from '../api/volume-service.ts';
import { formatAge } from './age.ts';
import { formatBytes } from './bytes.ts';
import type { Painter } from './colour.ts';
import { printableLine } from './printable.ts';

/** In the shape of the manifest that declares it, or that could. */
export function volumeObject(volume: VolumeView): object {
  const { name, labels, options, createdAt, declaration, path, usedBy, mountedBy, isCondemned } = volume;
  const storage = declaration?.storageBytes ?? null;
  return {
    apiVersion: 'tsctr.dev/v1',
    kind: 'Volume',
    metadata: { name, labels, creationTimestamp: createdAt },
    spec: {
      ...options,
      ...(storage === null ? {} : { storage: String(storage) }),
      reclaimPolicy: reclaimOf(volume),
    },
    status: {
      path,
      usedBy,
      mountedBy,
      isCondemned,
      declaredAs: declaration?.kind ?? null,
      owner: declaration?.owner ?? null,
    },
  };
}

export function volumeColumns(nowMs: number) {
  return [
    { title: 'NAME', value: ({ name }: VolumeView) => name },
    { title: 'TYPE', value: ({ options }: VolumeView) => options.type ?? 'directory' },
    { title: 'RECLAIM', value: (volume: VolumeView) => reclaimOf(volume) },
    { title: 'USED BY', value: ({ usedBy }: VolumeView) => usedBy.join(',') },
    { title: 'AGE', value: ({ createdAt }: VolumeView) => formatAge(nowMs - Date.parse(createdAt)) },
    {
      title: 'NOTE',
      value: ({ isCondemned }: VolumeView) => (isCondemned ? 'goes when nothing uses it' : ''),
    },
  ];
}

/** A volume on a page, as `describe` prints it. */
export function describeVolume(volume: VolumeView, nowMs: number, paint: Painter): string {
  const { name, labels, options, createdAt, declaration, path, usedBy, mountedBy, isCondemned } = volume;
  const storage = declaration?.storageBytes ?? null;
  const enforced = options.type === 'tmpfs' ? '' : ', noted, not enforced';
  const rows: [string, string][] = [
    ['Name', name],
    ['Kind', declaration?.kind ?? 'Volume'],
    ['Labels', pairs(labels)],
    ['Source', declaration === null ? '' : `${declaration.owner.source}: ${declaration.owner.file}`],
    ['Created', `${createdAt} (${formatAge(nowMs - Date.parse(createdAt))} ago)`],
    ['Type', options.type ?? 'directory'],
    ['Device', options.device ?? ''],
    ['Mount options', options.o ?? ''],
    ['Storage', storage === null ? '' : `${formatBytes(storage)}${enforced}`],
    ['Reclaim policy', isCondemned ? 'Delete: goes when nothing uses it' : reclaimOf(volume)],
    ['Path', path],
    ['Used by', usedBy.join(', ')],
    ['Mounted by', mountedBy.map((id) => id.slice(0, 12)).join(', ')],
  ];
  return rows
    .filter(([, value]) => value !== '')
    .map(([label, value]) => `${paint('bold', `${label}:`.padEnd(17))} ${printableLine(value)}\n`)
    .join('');
}

function reclaimOf({ declaration, isCondemned }: VolumeView): string {
  return isCondemned ? 'Delete' : (declaration?.reclaimPolicy ?? 'Retain');
}

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
