import { z } from 'zod';
import { checkpointManifest } from './checkpoint-manifest.ts';
import { configMap } from './config-map.ts';
import { container } from './container.ts';
import { pod } from './pod.ts';
import { secret } from './secret.ts';
import { volumeClaim, volumeManifest } from './volume-manifest.ts';

/** Any manifest that tsctr takes. */
export const manifest = z.discriminatedUnion('kind', [
  container,
  pod,
  configMap,
  secret,
  volumeManifest,
  volumeClaim,
  checkpointManifest,
]);
export type Manifest = z.infer<typeof manifest>;
export type ManifestKind = Manifest['kind'];

/** The schema of each kind. */
export const manifestSchemas = {
  Container: container,
  Pod: pod,
  ConfigMap: configMap,
  Secret: secret,
  Volume: volumeManifest,
  PersistentVolumeClaim: volumeClaim,
  Checkpoint: checkpointManifest,
} as const satisfies Record<ManifestKind, z.ZodType>;

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
