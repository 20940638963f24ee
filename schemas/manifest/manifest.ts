import { z } from 'zod';
import { checkpointManifest } from '../checkpoint/checkpoint-manifest.ts';
import { configMap } from '../data/config-map.ts';
import { container } from '../container/container.ts';
import { pod } from '../pod/pod.ts';
import { secret } from '../data/secret.ts';
import { volumeClaim, volumeManifest } from '../volume/volume-manifest.ts';

/** The schema of each kind. By getters, so that of the many kinds those are built that are met with. */
export const manifestSchemas = {
  get Container() {
    return container;
  },
  get Pod() {
    return pod;
  },
  get ConfigMap() {
    return configMap;
  },
  get Secret() {
    return secret;
  },
  get Volume() {
    return volumeManifest;
  },
  get PersistentVolumeClaim() {
    return volumeClaim;
  },
  get Checkpoint() {
    return checkpointManifest;
  },
} as const;

/** Of any manifest that tsctr takes. */
export function anyManifest() {
  const { Container, Pod, ConfigMap, Secret, Volume, PersistentVolumeClaim, Checkpoint } = manifestSchemas;
  return z.discriminatedUnion('kind', [
    ...([Container, Pod, ConfigMap, Secret, Volume, PersistentVolumeClaim, Checkpoint] as const),
  ]);
}
export type Manifest = z.infer<ReturnType<typeof anyManifest>>;
export type ManifestKind = Manifest['kind'];

/** The apiVersion that each kind has. */
export const API_VERSIONS: Readonly<Record<ManifestKind, string>> = {
  Container: 'tsctr.dev/v1',
  Pod: 'v1',
  ConfigMap: 'v1',
  Secret: 'v1',
  Volume: 'tsctr.dev/v1',
  PersistentVolumeClaim: 'v1',
  Checkpoint: 'tsctr.dev/v1',
};

/** Kinds of Kubernetes that have fields of ours when they are called ours. */
export const OWN_API_VERSIONS: Readonly<Partial<Record<ManifestKind, string>>> = { Secret: 'tsctr.dev/v1' };

/** What runs; the other kinds are data and volumes that these use, and what is done once to one that runs. */
export type RunningKind = 'Container' | 'Pod';
export type VolumeKind = 'Volume' | 'PersistentVolumeClaim';
export type DataKind = Exclude<ManifestKind, RunningKind | VolumeKind | 'Checkpoint'>;
