import type { DataInfo, Engine } from '../../engine/index.ts';
import type {
  CheckpointManifest,
  ConfigMap,
  Container,
  DataKind,
  Manifest,
  Pod,
  Secret,
  VolumeKind,
} from '../../schemas/index.ts';
import type { AcceptOptions, OwnedManifest } from '../wish/owned-manifest.ts';
import { describeOwner } from '../wish/ownership.ts';

/** What manifests declare beside what runs. */
export interface DataName {
  kind: DataKind | VolumeKind;
  name: string;
}

/** What became of one of them. */
export interface DataChange extends DataName {
  /** released: its manifest has gone, its data is kept. */
  change: 'new' | 'changed' | 'unchanged' | 'removed' | 'released';
  /** What people should know of it. */
  note?: string;
}

/** Another source's data is in the way. */
export class DataOwnershipError extends Error {
  override readonly name = 'DataOwnershipError';
  readonly code = 'OWNED_BY_OTHER';

  constructor(verb: string, { kind, name, owner }: DataName & Pick<DataInfo, 'owner'>) {
    super(
      `${verb} ${kind.toLowerCase()}/${name}: it belongs to ${describeOwner(owner)}; change it there, or remove it there first`,
    );
  }
}

/** What has passes, as it has a state that can be other than wished; the other kinds the engine keeps, and it is done. */
export function hasPasses(manifest: Manifest): manifest is Container | Pod | CheckpointManifest {
  return manifest.kind === 'Container' || manifest.kind === 'Pod' || manifest.kind === 'Checkpoint';
}

export function isData(manifest: Manifest): manifest is ConfigMap | Secret {
  return manifest.kind === 'ConfigMap' || manifest.kind === 'Secret';
}

export interface OwnedData {
  manifest: ConfigMap | Secret;
  file: string;
}

/**
 * Config maps and secrets have no state that could be reconciled: the engine keeps their values, and it is done. Throws where
 * one belongs to another source, before anything is changed, unless such ones are to be left out.
 */
export async function acceptData(
  engine: Pick<Engine, 'data'>,
  manifests: readonly OwnedManifest[],
  options: AcceptOptions,
): Promise<DataChange[]> {
  const { wanted, dropped } = await chooseData(engine, manifests, options);
  const changes: DataChange[] = [];
  for (const { manifest, file } of wanted) {
    const change = await engine.data.apply(manifest, { source: options.source, file });
    changes.push({ kind: manifest.kind, name: manifest.metadata.name, change });
  }
  for (const { kind, name } of dropped) {
    await engine.data.remove(kind, name);
    changes.push({ kind, name, change: 'removed' });
  }
  return changes;
}

/** What is this source's to write, and what it no longer has. Throws as `acceptData` does. */
export async function chooseData(
  engine: Pick<Engine, 'data'>,
  manifests: readonly OwnedManifest[],
  options: AcceptOptions,
): Promise<{ wanted: OwnedData[]; dropped: DataInfo[] }> {
  const present = await engine.data.list();
  const wanted = dataOf(manifests).filter(({ manifest }) => {
    const found = find(present, { kind: manifest.kind, name: manifest.metadata.name });
    if (found === null || found.owner.source === options.source) return true;
    if (options.conflicts === 'refuse') throw new DataOwnershipError('apply', found);
    return false;
  });
  return { wanted, dropped: droppedData(present, manifests, options) };
}

/** By name, when nobody else owns them; what is not there is left out. */
export async function removeData(
  engine: Pick<Engine, 'data'>,
  names: readonly DataName[],
  { force }: { force: boolean },
): Promise<DataChange[]> {
  const present = await engine.data.list();
  const found = names.flatMap((name) => find(present, name) ?? []);
  const owned = found.find(({ owner }) => owner.source !== 'apply' && !force);
  if (owned !== undefined) throw new DataOwnershipError('delete', owned);
  for (const { kind, name } of found) await engine.data.remove(kind, name);
  return found.map(({ kind, name }) => ({ kind, name, change: 'removed' }));
}

function dataOf(manifests: readonly OwnedManifest[]): OwnedData[] {
  return manifests.flatMap(({ manifest, file }) => (isData(manifest) ? [{ manifest, file }] : []));
}

/** What the source made from the pruned files, and what no manifest names any more. */
function droppedData(
  present: readonly DataInfo[],
  manifests: readonly OwnedManifest[],
  { prune, source }: AcceptOptions,
): DataInfo[] {
  if (prune === null) return [];
  const named = new Set(manifests.map(({ manifest }) => `${manifest.kind}/${manifest.metadata.name}`));
  return present.filter(
    ({ kind, name, owner }) =>
      owner.source === source &&
      ('allBut' in prune ? !prune.allBut.has(owner.file) : prune.has(owner.file)) &&
      !named.has(`${kind}/${name}`),
  );
}

function find(present: readonly DataInfo[], { kind, name }: DataName): DataInfo | null {
  return present.find((info) => info.kind === kind && info.name === name) ?? null;
}
