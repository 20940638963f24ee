import { z } from 'zod';

/** Name of a resource: an RFC 1123 label, because it becomes a host name and part of paths. */
export const resourceName = z
  .string()
  .max(63, 'must be at most 63 characters long')
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'must be a lower-case RFC 1123 label: letters, digits and `-`, not at either end',
  );

/** ObjectMeta of Kubernetes, as far as one host has a use for it. */
export const metadata = z.strictObject({
  name: resourceName.describe('Name of the resource; unique among those of its kind on this host.'),
  namespace: z
    .literal('default')
    .optional()
    .describe('Accepted for manifests that came from a cluster; one host has one namespace.'),
  labels: z.record(z.string(), z.string()).optional().describe('Free labels, shown by `get`.'),
  annotations: z
    .record(z.string(), z.string())
    .optional()
    .describe('Passed on into the OCI spec as annotations.'),
});

export type Metadata = z.infer<typeof metadata>;
