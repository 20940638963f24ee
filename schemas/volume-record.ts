import { z } from 'zod';
import { resourceName } from './metadata.ts';

/** What kind of file system a named volume is, in mount(8)'s words. Empty: a directory of tsctr's own. */
export const volumeOptions = z.strictObject({
  type: z.string().min(1).optional().describe('File system type, such as `tmpfs` or `ext4`; `none` to bind.'),
  device: z.string().min(1).optional().describe('Device, or the directory that is bound.'),
  o: z.string().min(1).optional().describe('Mount options, with commas: `size=64m,uid=1000`.'),
});
export type VolumeOptions = z.infer<typeof volumeOptions>;

const progress = z.enum(['due', 'done']);

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
});
export type VolumeRecord = z.infer<typeof volumeRecord>;
