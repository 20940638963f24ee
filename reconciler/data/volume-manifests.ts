import type { Engine, VolumeComparison, VolumeDetails } from '../../engine/index.ts';
import { declaredVolume, isStorageUnenforced } from '../../schemas/index.ts';
import type {
  DeclaredVolume,
  Manifest,
  VolumeClaim,
  VolumeDeclaration,
  VolumeManifest,
} from '../../schemas/index.ts';
import { DataOwnershipError, type DataChange, type DataName } from './data-manifests.ts';
import type { AcceptOptions, OwnedManifest } from '../wish/owned-manifest.ts';
import type { VolumeUsers } from './volume-users.ts';

type VolumeEngine = Pick<Engine, 'volumes'>;

/** A volume that a source declares, and what that changes. */
export interface WantedVolume {
  volume: DeclaredVolume;
  comparison: VolumeComparison;
}

/** One that a manifest declared. */
type Declared = VolumeDetails & { declaration: VolumeDeclaration };

export interface VolumeWishes {
  wanted: readonly WantedVolume[];
  /** What the source no longer has. */
  dropped: readonly Declared[];
}

function isVolume(manifest: Manifest): manifest is VolumeManifest | VolumeClaim {
  return manifest.kind === 'Volume' || manifest.kind === 'PersistentVolumeClaim';
}

/** Says what the manifests make of the volumes. Throws when they cannot all be accepted; nothing is changed here. */
export async function chooseVolumes(
  engine: VolumeEngine,
  manifests: readonly OwnedManifest[],
  options: AcceptOptions,
): Promise<VolumeWishes> {
  const declared = manifests.flatMap(({ manifest, file }) =>
    isVolume(manifest) ? [declaredVolume(manifest, { source: options.source, file })] : [],
  );
  if (declared.length === 0 && options.prune === null) return { wanted: [], dropped: [] };
  const present = (await engine.volumes.list()).filter(isDeclared);
  const wanted: WantedVolume[] = [];
  for (const volume of declared) {
    const found = present.find(({ name }) => name === volume.name);
    if (found !== undefined && found.declaration.owner.source !== options.source) {
      if (options.conflicts === 'refuse') throw new DataOwnershipError('apply', nameOf(found));
      continue;
    }
    wanted.push({ volume, comparison: await engine.volumes.compare(volume) });
  }
  const named = new Set(declared.map(({ name }) => name));
  return {
    wanted,
    dropped: present.filter((volume) => !named.has(volume.name) && isDropped(volume, options)),
  };
}

/** Carries the wishes out. What is to go with its data goes when nothing uses it: see `reap`. */
export async function acceptVolumes(
  engine: VolumeEngine,
  { wanted, dropped }: VolumeWishes,
): Promise<DataChange[]> {
  const changes: DataChange[] = [];
  for (const { volume, comparison } of wanted) {
    await engine.volumes.declare(volume);
    const { kind } = volume.declaration;
    changes.push({ kind, name: volume.name, change: comparison.change, ...noteOf(volume) });
  }
  for (const volume of dropped) changes.push(await withdraw(engine, volume));
  return changes;
}

/** Removes declarations by name; throws before anything is changed where one is used or belongs to another source. */
export async function chooseRemovals(
  engine: VolumeEngine,
  names: readonly DataName[],
  { force, users }: { force: boolean; users: VolumeUsers },
): Promise<readonly Declared[]> {
  const asked = new Set(
    names.filter(({ kind }) => kind === 'Volume' || kind === 'PersistentVolumeClaim').map(({ name }) => name),
  );
  if (asked.size === 0) return [];
  const found = (await engine.volumes.list()).filter(isDeclared).filter(({ name }) => asked.has(name));
  for (const volume of found) {
    if (volume.declaration.owner.source !== 'apply' && !force)
      throw new DataOwnershipError('delete', nameOf(volume));
    const by = users.get(volume.name) ?? [];
    if (by.length > 0) throw new VolumeInUseError(nameOf(volume), by);
  }
  return found;
}

/** Takes the manifest's hold off the volumes. */
export async function withdrawVolumes(
  engine: VolumeEngine,
  volumes: readonly Declared[],
): Promise<DataChange[]> {
  const changes: DataChange[] = [];
  for (const volume of volumes) changes.push(await withdraw(engine, volume));
  return changes;
}

/** A volume that something uses is not taken away. */
export class VolumeInUseError extends Error {
  override readonly name = 'VolumeInUseError';
  readonly code = 'VOLUME_IN_USE';

  constructor({ kind, name }: DataName, users: readonly string[]) {
    super(`delete ${kind.toLowerCase()}/${name}: ${users.join(', ')} uses it; delete that first`);
  }
}

/** What becomes of a volume whose manifest goes, in words. */
export function fateOf({ name, declaration }: Pick<Declared, 'name' | 'declaration'>): string {
  return declaration.reclaimPolicy === 'Delete'
    ? 'goes with its data when nothing uses it any more'
    : `its data is kept; remove it with: tsctr volume remove ${name}`;
}

async function withdraw(engine: VolumeEngine, volume: Declared): Promise<DataChange> {
  await engine.volumes.withdraw(volume.name);
  const { kind, reclaimPolicy } = volume.declaration;
  const change = reclaimPolicy === 'Delete' ? 'removed' : 'released';
  return { kind, name: volume.name, change, note: fateOf(volume) };
}

function noteOf({ options, declaration }: DeclaredVolume): { note?: string } {
  if (!isStorageUnenforced(options, declaration)) return {};
  return { note: 'the space that it asks for is noted, not enforced' };
}

function isDeclared(volume: VolumeDetails): volume is Declared {
  return volume.declaration !== null;
}

function isDropped({ declaration: { owner } }: Declared, { prune, source }: AcceptOptions): boolean {
  if (prune === null || owner.source !== source) return false;
  return 'allBut' in prune ? !prune.allBut.has(owner.file) : prune.has(owner.file);
}

function nameOf({ name, declaration: { kind, owner } }: Declared) {
  return { kind, name, owner };
}
