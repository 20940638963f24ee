import { z } from 'zod';

/** What kind of file system a named volume is, in mount(8)'s words. Empty: a directory of tsctr's own. */
export const volumeOptions = z.strictObject({
  type: z.string().min(1).optional().describe('File system type, such as `tmpfs` or `ext4`; `none` to bind.'),
  device: z.string().min(1).optional().describe('Device, or the directory that is bound.'),
  o: z.string().min(1).optional().describe('Mount options, with commas: `size=64m,uid=1000`.'),
});
export type VolumeOptions = z.infer<typeof volumeOptions>;
