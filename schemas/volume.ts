import { z } from 'zod';
import { resourceName } from './metadata.ts';
import { quantity } from './quantity.ts';

/** VolumeMount of Kubernetes. */
export const volumeMount = z.strictObject({
  name: resourceName.describe('Name of one of the volumes.'),
  mountPath: z.string().regex(/^\/./, 'must be an absolute path other than `/`'),
  subPath: z.string().optional(),
  readOnly: z.boolean().optional(),
  mountPropagation: z.enum(['None', 'HostToContainer', 'Bidirectional']).optional(),
});
export type VolumeMount = z.infer<typeof volumeMount>;

/** Volume of Kubernetes: a name and exactly one source. */
export const volume = z.strictObject({
  name: resourceName,
  emptyDir: z
    .strictObject({ medium: z.enum(['', 'Memory']).optional(), sizeLimit: quantity.optional() })
    .optional(),
  hostPath: z
    .strictObject({
      path: z.string().regex(/^\//, 'must be an absolute path'),
      type: z
        .enum([
          '',
          'DirectoryOrCreate',
          'Directory',
          'FileOrCreate',
          'File',
          'Socket',
          'CharDevice',
          'BlockDevice',
        ])
        .optional(),
    })
    .optional(),
  persistentVolumeClaim: z
    .strictObject({ claimName: resourceName, readOnly: z.boolean().optional() })
    .optional()
    .describe('A named volume of this host, created on first use.'),
});
export type Volume = z.infer<typeof volume>;
