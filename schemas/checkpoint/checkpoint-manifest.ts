import { z } from 'zod';
import { checkpointOptions } from './checkpoint.ts';
import { metadata, resourceName } from '../manifest/metadata.ts';
import { reclaimPolicy } from '../volume/volume-manifest.ts';

const leftOut = {
  ignoreRootfs: z
    .boolean()
    .optional()
    .describe('Leave out what the container has changed in its root filesystem. Default: false.'),
  ignoreVolumes: z.boolean().optional().describe('Leave its volumes out. Default: false.'),
};

/** `spec.to.archive`. */
const archiveDestination = z.strictObject({
  path: z
    .string()
    .regex(/^\/.*[^/]$/, 'must be the absolute path of a file')
    .describe('Absolute path of the file, in a directory that is there. It appears when it is complete.'),
  compression: z.enum(['zstd', 'gzip', 'none']).default('zstd').describe('zstd, gzip or none.'),
  ...leftOut,
});

/** `spec.to.image`. */
const imageDestination = z.strictObject({
  name: z.string().min(1).describe('Name that the image gets in the store of this host.'),
  push: z
    .boolean()
    .optional()
    .describe('Send it to the registry that its name says, or to `pushTo`. Default: false.'),
  pushTo: z
    .string()
    .min(1)
    .optional()
    .describe('Where it is sent, as `tsctr image push` takes it. Default: where its name says.'),
  ...leftOut,
});

/** A container saved once, memory and all: what a Job is to a Pod, this is to a checkpoint. */
export const checkpointManifest = z
  .strictObject({
    apiVersion: z.literal('tsctr.dev/v1').describe('tsctr.dev/v1.'),
    kind: z.literal('Checkpoint').describe('Checkpoint.'),
    metadata: metadata.describe('Name and labels.'),
    spec: z
      .strictObject({
        container: resourceName.describe('Name of the Container, or with `pod` of a container of that Pod.'),
        pod: resourceName.optional().describe('Name of the Pod that the container belongs to.'),
        waitFor: z
          .enum(['Running', 'Ready'])
          .default('Running')
          .describe('What the container has to be before it is saved; Ready: as its probes say.'),
        leaveRunning: z
          .boolean()
          .default(true)
          .describe(
            'Let it go on afterwards. false: it is Checkpointed, until `tsctr restore`, or until its manifest changes.',
          ),
        to: z
          .strictObject({
            archive: archiveDestination.optional().describe('One file, which podman can restore as well.'),
            image: imageDestination.optional().describe('An OCI image, as podman makes it.'),
          })
          .optional()
          .describe('What the checkpoint becomes, one of these. Default: it stays with the container.'),
        keep: z
          .boolean()
          .optional()
          .describe(
            "Keep it among the container's checkpoints beside what `to` says. Default: true without `to`, or when the container does not go on.",
          ),
        pin: z
          .boolean()
          .optional()
          .describe(
            'Let no retention of the container remove it: spec.checkpoint.keep, maxAge, maxBytes. Default: true where it is kept and `to` says nothing.',
          ),
        options: checkpointOptions
          .optional()
          .describe(
            'What is saved only when told so, on top of what the container says in spec.checkpoint.options.',
          ),
        backoffLimit: z
          .int()
          .min(0)
          .max(100)
          .default(0)
          .describe(
            'Tries after one that failed, 10 s later and then twice as long each time, up to 6 minutes.',
          ),
        reclaimPolicy: reclaimPolicy
          .default('Retain')
          .describe(
            'What becomes of what was made when this manifest goes. Retain: it stays; Delete: checkpoint, archive and image of this host are removed; what a registry has stays.',
          ),
      })
      .describe('Of whom, whereto, and how.'),
  })
  .describe('A checkpoint of a container that is made once; a changed spec makes another one.');
export type CheckpointManifest = z.infer<typeof checkpointManifest>;
export type CheckpointManifestSpec = CheckpointManifest['spec'];

/** Name of the record of the container that is to be saved: `web`, or `db.app` for the container of a pod. */
export function checkpointTarget({
  container,
  pod,
}: Pick<CheckpointManifestSpec, 'container' | 'pod'>): string {
  return pod === undefined ? container : `${pod}.${container}`;
}

/** What becomes of the checkpoint among those of its container, with the defaults that depend on other fields. */
export function checkpointKeeping({ to, leaveRunning, keep, pin }: CheckpointManifestSpec): {
  keep: boolean;
  pin: boolean;
} {
  const isKept = keep ?? (to === undefined || !leaveRunning);
  return { keep: isKept, pin: isKept && (pin ?? to === undefined) };
}
