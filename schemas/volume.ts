import { z } from 'zod';
import { resourceName } from './metadata.ts';
import { quantity } from './quantity.ts';

/** VolumeMount of Kubernetes. */
export const volumeMount = z.strictObject({
  name: resourceName.describe('Name of one of the volumes.'),
  mountPath: z
    .string()
    .regex(/^\/./, 'must be an absolute path other than `/`')
    .describe('Where it appears in the container.'),
  subPath: z.string().optional().describe('A path within the volume. Default: all of it.'),
  readOnly: z.boolean().optional().describe('Default: false.'),
  mountPropagation: z
    .enum(['None', 'HostToContainer', 'Bidirectional'])
    .optional()
    .describe('Whether later mounts below it are seen on the other side. Default: None.'),
});
export type VolumeMount = z.infer<typeof volumeMount>;

/** Volume of Kubernetes: a name and exactly one source. */
export const volume = z.strictObject({
  name: resourceName.describe('What volumeMounts call it.'),
  emptyDir: z
    .strictObject({
      medium: z.enum(['', 'Memory']).optional().describe('Memory: a tmpfs. Default: the disk.'),
      sizeLimit: quantity.optional().describe('Largest size: 100Mi.'),
    })
    .optional()
    .describe('A directory that lives as long as the container or pod.'),
  hostPath: z
    .strictObject({
      path: z.string().regex(/^\//, 'must be an absolute path').describe('Absolute path on the host.'),
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
        .optional()
        .describe('What must be there, or is made. Default: no check.'),
    })
    .optional()
    .describe('A file or directory of the host.'),
  persistentVolumeClaim: z
    .strictObject({
      claimName: resourceName.describe('Name of the volume.'),
      readOnly: z.boolean().optional().describe('Default: false.'),
    })
    .optional()
    .describe('A named volume of this host, created on first use.'),
});
export type Volume = z.infer<typeof volume>;
