import type { Ownership } from '../record/record.ts';
import { parseBytes } from '../value/parse-quantity.ts';
import type { VolumeClaim, VolumeManifest } from './volume-manifest.ts';
import type { VolumeOptions } from './volume-options.ts';
import type { VolumeDeclaration } from '../record/volume-record.ts';

/** What a manifest says of a named volume, whichever of the two kinds it is. */
export interface DeclaredVolume {
  name: string;
  labels: Readonly<Record<string, string>>;
  options: VolumeOptions;
  declaration: VolumeDeclaration;
}

export const RECLAIM_ANNOTATION = 'tsctr.dev/reclaim-policy';
/** What podman reads in a claim, and what it is called here. */
export const CLAIM_ANNOTATIONS: Readonly<Record<string, keyof VolumeOptions>> = {
  'volume.podman.io/type': 'type',
  'volume.podman.io/device': 'device',
  'volume.podman.io/mount-options': 'o',
};

/** The volume that a valid manifest declares. */
export function declaredVolume(manifest: VolumeManifest | VolumeClaim, owner: Ownership): DeclaredVolume {
  const { kind, metadata } = manifest;
  const { options, storage, reclaimPolicy } =
    kind === 'Volume' ? wordsOfVolume(manifest) : wordsOfClaim(manifest);
  const storageBytes = storage === undefined ? null : Number(parseBytes(storage));
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    options: withSize(options, storageBytes),
    declaration: { kind, owner, reclaimPolicy, storageBytes },
  };
}

interface Words {
  options: VolumeOptions;
  storage: string | undefined;
  reclaimPolicy: VolumeDeclaration['reclaimPolicy'];
}

function wordsOfVolume({ spec = { reclaimPolicy: 'Retain' } }: VolumeManifest): Words {
  const { storage, reclaimPolicy, ...options } = spec;
  return { options, storage, reclaimPolicy };
}

function wordsOfClaim({ metadata: { annotations = {} }, spec = {} }: VolumeClaim): Words {
  const options = Object.entries(CLAIM_ANNOTATIONS).flatMap(([annotation, option]) => {
    const value = annotations[annotation];
    return value === undefined ? [] : [[option, value] as const];
  });
  return {
    options: Object.fromEntries(options),
    storage: spec.resources?.requests?.storage ?? spec.resources?.limits?.storage,
    reclaimPolicy: annotations[RECLAIM_ANNOTATION] === 'Delete' ? 'Delete' : 'Retain',
  };
}

/** A tmpfs is the one file system whose size the host can be told when it is mounted. */
function withSize(options: VolumeOptions, storageBytes: number | null): VolumeOptions {
  if (options.type !== 'tmpfs' || storageBytes === null) return options;
  const words = (options.o ?? '').split(',').filter((word) => word !== '');
  if (words.some((word) => /^(size|nr_blocks)=/.test(word))) return options;
  return { ...options, o: [...words, `size=${String(storageBytes)}`].join(',') };
}

/** True when the host does not hold the volume to the space that its manifest asks for. */
export function isStorageUnenforced(
  options: VolumeOptions,
  declaration: Pick<VolumeDeclaration, 'storageBytes'> | null,
): boolean {
  return declaration !== null && declaration.storageBytes !== null && options.type !== 'tmpfs';
}
