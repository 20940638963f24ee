import { z } from 'zod';
import { OCI_HOOK_STAGES } from './oci-spec.ts';

const absolutePath = z.string().regex(/^\//, 'expected an absolute path');
const environment = z.array(z.string().regex(/^[^=\0]+=[^\0]*$/, 'expected NAME=value'));
const id = z.int().min(0).max(4_294_967_294);

const containerEdits = z.strictObject({
  env: environment.optional(),
  deviceNodes: z
    .array(
      z.strictObject({
        path: absolutePath,
        hostPath: absolutePath.optional(),
        type: z.enum(['b', 'c', 'u', 'p']).optional(),
        major: z.int().optional(),
        minor: z.int().optional(),
        fileMode: z.int().min(0).optional(),
        permissions: z
          .string()
          .regex(/^[rwm]{1,3}$/, 'expected some of the letters r, w and m')
          .optional(),
        uid: id.optional(),
        gid: id.optional(),
      }),
    )
    .optional(),
  mounts: z
    .array(
      z.strictObject({
        hostPath: absolutePath,
        containerPath: absolutePath,
        type: z.string().optional(),
        options: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  hooks: z
    .array(
      z.strictObject({
        hookName: z.enum(OCI_HOOK_STAGES),
        path: absolutePath,
        args: z.array(z.string()).optional(),
        env: environment.optional(),
        timeout: z.int().min(1).optional(),
      }),
    )
    .optional(),
  additionalGids: z.array(id).optional(),
  // For Intel's cache allocation, which tsctr does not set up.
  intelRdt: z.unknown().optional(),
});
export type CdiContainerEdits = z.infer<typeof containerEdits>;

/** A specification of the Container Device Interface: https://github.com/cncf-tags/container-device-interface. */
export const cdiSpec = z.strictObject({
  cdiVersion: z.string().regex(/^\d+\.\d+\.\d+$/, 'expected a version such as 0.6.0'),
  kind: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]*\/[A-Za-z][A-Za-z0-9_-]*$/, 'expected a kind such as vendor.com/class'),
  annotations: z.record(z.string(), z.string()).optional(),
  devices: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/, 'expected the name of a device such as gpu0'),
        annotations: z.record(z.string(), z.string()).optional(),
        containerEdits,
      }),
    )
    .min(1),
  containerEdits: containerEdits.optional(),
});
export type CdiSpec = z.infer<typeof cdiSpec>;
