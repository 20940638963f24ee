import { z } from 'zod';
import { envVar } from '../container/env.ts';
import { resourceName } from '../manifest/metadata.ts';
import { quantity } from '../value/quantity.ts';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');

/** VolumeMount of Kubernetes. */
export const volumeMount = z.strictObject({
  name: resourceName.describe('Name of one of the volumes.'),
  mountPath: z
    .string()
    .regex(/^\/./, 'must be an absolute path other than `/`')
    .describe('Where it appears in the container.'),
  subPath: z.string().optional().describe('A path within the volume. Default: all of it.'),
  subPathExpr: z
    .string()
    .optional()
    .describe('As subPath, with $(NAME) replaced by variables of the environment.'),
  readOnly: z.boolean().optional().describe('Default: false.'),
  recursiveReadOnly: z
    .enum(['Disabled', 'IfPossible', 'Enabled'])
    .optional()
    .describe('Whether what is mounted below is read-only as well. Needs readOnly. Default: Disabled.'),
  mountPropagation: z
    .enum(['None', 'HostToContainer', 'Bidirectional'])
    .optional()
    .describe('Whether later mounts below it are seen on the other side. Default: None.'),
});

/** What a Container can say of a mount beyond Kubernetes. */
export const containerVolumeMount = volumeMount.extend({
  noCopy: z
    .boolean()
    .optional()
    .describe('An empty, fresh volume does not take over what the image has there. Default: false.'),
  overlay: z
    .union([
      z.boolean(),
      z.strictObject({
        upperdir: absolutePath.describe('Directory of the host that takes the changes.'),
        workdir: absolutePath.describe('Empty directory on the same file system, for the kernel.'),
      }),
    ])
    .optional()
    .describe(
      'Changes do not reach the volume: true throws them away when the container ends, a pair of directories keeps them. Default: false.',
    ),
  chown: z
    .boolean()
    .optional()
    .describe("Give the volume to the container's user, with everything in it, once. Default: false."),
  relabel: z
    .enum(['Shared', 'Private'])
    .optional()
    .describe(
      'Where the host has SELinux: give the source a label that all containers may use (z of podman), or this one alone (Z). Default: as it is.',
    ),
  idmap: z
    .boolean()
    .optional()
    .describe(
      'With a user namespace: owners appear in the container as they are on disk. Default: true, but for hostPath.',
    ),
});
export type VolumeMount = z.infer<typeof containerVolumeMount>;

const fileMode = z.int().min(0).max(0o777);
const keyToPath = z.strictObject({
  key: z.string().min(1).describe('Which entry.'),
  path: z.string().min(1).describe('Name of the file, a path within the volume.'),
  mode: fileMode.optional().describe('Mode of the file, a number. Default: defaultMode.'),
});
const items = z.array(keyToPath).optional().describe('Which entries, and their names. Default: all.');
const isOptional = z
  .boolean()
  .optional()
  .describe('Go on without it when it does not exist. Default: false.');
const defaultMode = fileMode.optional().describe('Mode of the files, a number. Default: 420, octal 644.');

const valueFrom = envVar.shape.valueFrom.unwrap().shape;
const downwardItems = z
  .array(
    z.strictObject({
      path: z.string().min(1).describe('Name of the file, a path within the volume.'),
      fieldRef: valueFrom.fieldRef,
      resourceFieldRef: valueFrom.resourceFieldRef,
      mode: fileMode.optional().describe('Mode of the file, a number. Default: defaultMode.'),
    }),
  )
  .describe('The files, each with a field of the manifest or a limit.');

const projectedSource = z.strictObject({
  configMap: z
    .strictObject({
      name: z.string().min(1).describe('Name of the config map.'),
      items,
      optional: isOptional,
    })
    .optional()
    .describe('Entries of a config map.'),
  secret: z
    .strictObject({ name: z.string().min(1).describe('Name of the secret.'), items, optional: isOptional })
    .optional()
    .describe('Entries of a secret.'),
  downwardAPI: z.strictObject({ items: downwardItems }).optional().describe('Fields of the manifest.'),
});

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
      path: absolutePath.describe('Absolute path on the host.'),
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
  configMap: z
    .strictObject({
      name: z.string().min(1).describe('Name of the config map.'),
      items,
      defaultMode,
      optional: isOptional,
    })
    .optional()
    .describe('The entries of a config map, as files.'),
  secret: z
    .strictObject({
      secretName: z.string().min(1).describe('Name of the secret.'),
      items,
      defaultMode,
      optional: isOptional,
    })
    .optional()
    .describe('The entries of a secret, as files in memory.'),
  downwardAPI: z
    .strictObject({ items: downwardItems, defaultMode })
    .optional()
    .describe('Fields of the manifest, as files.'),
  projected: z
    .strictObject({
      sources: z.array(projectedSource).describe('What is put together, each with exactly one source.'),
      defaultMode,
    })
    .optional()
    .describe('Config maps, secrets and fields of the manifest in one directory.'),
  image: z
    .strictObject({
      reference: z.string().min(1).describe('Image reference, as in `image` of a container.'),
      pullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .optional()
        .describe('Default: Always for the tag `latest` or none, otherwise IfNotPresent.'),
    })
    .optional()
    .describe('The files of an image, read-only.'),
});
export type Volume = z.infer<typeof volume>;
