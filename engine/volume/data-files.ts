import type { Volume } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { resolveFieldReference } from '../spec/field-reference.ts';
import { resolveResourceReference } from '../spec/resource-reference.ts';
import type { SpecInput } from '../spec/spec-input.ts';
import type { DataEntries, DataSources } from './data-sources.ts';

/** A file of a volume that is made out of data. */
export interface DataFile {
  data: Uint8Array;
  mode: number;
}

/** Path within the volume → file. */
export type FileMap = ReadonlyMap<string, DataFile>;

const DEFAULT_MODE = 0o644;

type Projected = NonNullable<Volume['projected']>['sources'][number];
type Items = NonNullable<Volume['configMap']>['items'];
type DownwardItems = NonNullable<Volume['downwardAPI']>['items'];

/** True for the kinds of volumes whose files tsctr writes. */
export function isDataVolume({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return [configMap, secret, downwardAPI, projected].some((source) => source !== undefined);
}

/**
 * The files of a configMap, secret, downwardAPI or projected volume, as Kubernetes lays them out. Where two sources have the
 * same path, the later one counts. Throws BAD_REQUEST for what is not there and not optional.
 */
export async function dataFiles(volume: Volume, sources: DataSources, input: SpecInput): Promise<FileMap> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? DEFAULT_MODE;
  const parts: readonly Projected[] = projected?.sources ?? [
    {
      ...(configMap !== undefined && { configMap }),
      ...(secret !== undefined && { secret: { ...secret, name: secret.secretName } }),
      ...(downwardAPI !== undefined && { downwardAPI }),
    },
  ];
  const files = new Map<string, DataFile>();
  for (const part of parts) {
    for (const [kind, reference] of [
      ['configMap', part.configMap],
      ['secret', part.secret],
    ] as const) {
      if (reference === undefined) continue;
      const what = `${kind === 'secret' ? 'secret' : 'config map'} ${reference.name}`;
      const entries = await sources[kind](reference.name);
      if (entries === null && reference.optional !== true) throw missing(volume, what);
      const selection = { items: reference.items, optional: reference.optional === true, what };
      for (const [path, file] of selectEntries(volume, entries ?? {}, selection, mode)) files.set(path, file);
    }
    for (const [path, file] of downwardFiles(part.downwardAPI?.items ?? [], input, mode))
      files.set(path, file);
  }
  return files;
}

function selectEntries(
  volume: Volume,
  entries: DataEntries,
  { items, optional, what }: { items: Items; optional: boolean; what: string },
  mode: number,
): [string, DataFile][] {
  if (items === undefined) return Object.entries(entries).map(([key, data]) => [key, { data, mode }]);
  return items.flatMap((item): [string, DataFile][] => {
    const data = Object.hasOwn(entries, item.key) ? entries[item.key] : undefined;
    if (data !== undefined) return [[item.path, { data, mode: item.mode ?? mode }]];
    if (optional) return [];
    throw missing(volume, `key ${item.key} of ${what}`);
  });
}

function downwardFiles(items: DownwardItems, input: SpecInput, mode: number): [string, DataFile][] {
  return items.map((item) => {
    const text =
      item.fieldRef === undefined
        ? item.resourceFieldRef === undefined
          ? ''
          : resolveResourceReference(item.resourceFieldRef, input)
        : fieldText(item.fieldRef.fieldPath, input);
    return [item.path, { data: Buffer.from(text), mode: item.mode ?? mode }];
  });
}

/** A whole map, which variables cannot be: one line for each key, in the order of keys. */
function fieldText(fieldPath: string, input: SpecInput): string {
  const { labels, annotations } = input.request;
  const map = { 'metadata.labels': labels, 'metadata.annotations': annotations }[fieldPath];
  if (map === undefined) return resolveFieldReference(fieldPath, input);
  return Object.entries(map)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

function missing(volume: Volume, what: string): EngineError {
  return new EngineError('BAD_REQUEST', `make volume ${volume.name}: ${what} is not there`, {
    hint: 'create it, or mark it `optional: true`',
  });
}
