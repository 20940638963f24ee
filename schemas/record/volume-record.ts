import { z } from 'zod';
import { resourceName } from '../manifest/metadata.ts';
import { ownership } from './record.ts';
import { reclaimPolicy } from '../volume/volume-manifest.ts';
import { volumeOptions } from '../volume/volume-options.ts';

const progress = z.enum(['due', 'done']);

/** The manifest that a volume stands in, as far as the volume has to know. */
export const volumeDeclaration = z.strictObject({
  kind: z.enum(['Volume', 'PersistentVolumeClaim']),
  owner: ownership,
  reclaimPolicy,
  /** What the manifest asked for, in bytes; null: nothing. */
  storageBytes: z.int().nullable(),
});
export type VolumeDeclaration = z.infer<typeof volumeDeclaration>;

/** What tsctr keeps of a named volume: `<root>/volumes/<name>/volume.json`. */
export const volumeRecord = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal('Volume'),
  name: resourceName,
  driver: z.literal('local'),
  labels: z.record(z.string(), z.string()),
  options: volumeOptions,
  createdAt: z.iso.datetime(),
  /** Whether the first container may still fill it with what its image has there. */
  copyUp: progress,
  /** Whether the first container may still give it owner, mode and times. */
  ownership: progress,
  /** Null: made on first use or by command, and no manifest's. */
  declaration: volumeDeclaration.nullable().default(null),
  /** Its manifest has gone, and so will it and its data as soon as nothing uses it. */
  isCondemned: z.boolean().default(false),
});
export type VolumeRecord = z.infer<typeof volumeRecord>;
