import { z } from 'zod';
import { metadata } from '../manifest/metadata.ts';
import { quantity } from '../value/quantity.ts';
import { volumeOptions } from './volume-options.ts';

/** What becomes of the data when the manifest goes. */
export const reclaimPolicy = z.enum(['Retain', 'Delete']);
export type ReclaimPolicy = z.infer<typeof reclaimPolicy>;

/** A named volume, declared: containers name it as they name one that is made on first use. */
export const volumeManifest = z
  .strictObject({
    apiVersion: z.literal('tsctr.dev/v1').describe('tsctr.dev/v1.'),
    kind: z.literal('Volume').describe('Volume.'),
    metadata: metadata.describe('Name and labels.'),
    spec: volumeOptions
      .extend({
        storage: quantity
          .optional()
          .describe('Space that it needs: the size of a tmpfs; for anything else noted, not enforced.'),
        reclaimPolicy: reclaimPolicy
          .default('Retain')
          .describe(
            'What becomes of the data when the manifest goes. Retain: the volume stays, until `tsctr volume remove`; Delete: it goes as soon as nothing uses it.',
          ),
      })
      .optional()
      .describe('Where its data is. Default: a directory of its own, kept when the manifest goes.'),
  })
  .describe('A named volume of this host; containers mount it as a persistentVolumeClaim of the same name.');
export type VolumeManifest = z.infer<typeof volumeManifest>;

const amounts = z
  .strictObject({ storage: quantity.optional().describe('An amount such as 1Gi.') })
  .optional();

/** PersistentVolumeClaim of Kubernetes: on one host, a named volume. */
export const volumeClaim = z
  .strictObject({
    apiVersion: z.literal('v1').describe('v1, as in Kubernetes.'),
    kind: z.literal('PersistentVolumeClaim').describe('PersistentVolumeClaim.'),
    metadata: metadata.describe(
      'Name and labels; annotations `volume.podman.io/type`, `…/device` and `…/mount-options` say what a Volume says in its spec, `tsctr.dev/reclaim-policy` what becomes of the data.',
    ),
    spec: z
      .strictObject({
        accessModes: z
          .array(z.enum(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']))
          .optional()
          .describe('Accepted: all containers of one host can use one volume.'),
        resources: z
          .strictObject({
            requests: amounts.describe('Space that it needs; noted, not enforced, but for a tmpfs.'),
            limits: amounts.describe('As requests.'),
          })
          .optional()
          .describe('Space that it needs.'),
        storageClassName: z.string().optional().describe('Accepted: one host has one class.'),
        volumeMode: z.enum(['Filesystem']).optional().describe('Filesystem.'),
      })
      .optional()
      .describe('What a cluster would look for.'),
  })
  .describe('A named volume of this host, in the words of Kubernetes.');
export type VolumeClaim = z.infer<typeof volumeClaim>;
