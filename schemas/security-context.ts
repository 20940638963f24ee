import { z } from 'zod';

const id = z.int().min(0).max(4294967294);

export const seccompProfile = z.strictObject({
  type: z.enum(['RuntimeDefault', 'Unconfined', 'Localhost']),
  localhostProfile: z.string().optional(),
});

export const seLinuxOptions = z.strictObject({
  user: z.string().optional(),
  role: z.string().optional(),
  type: z.string().optional(),
  level: z.string().optional(),
});

export const appArmorProfile = z.strictObject({
  type: z.enum(['RuntimeDefault', 'Unconfined', 'Localhost']),
  localhostProfile: z.string().optional(),
});

/** SecurityContext of Kubernetes. */
export const containerSecurityContext = z.strictObject({
  runAsUser: id.optional(),
  runAsGroup: id.optional(),
  runAsNonRoot: z.boolean().optional(),
  readOnlyRootFilesystem: z.boolean().optional(),
  privileged: z.boolean().optional(),
  allowPrivilegeEscalation: z.boolean().optional(),
  capabilities: z
    .strictObject({ add: z.array(z.string()).optional(), drop: z.array(z.string()).optional() })
    .optional(),
  procMount: z.enum(['Default', 'Unmasked']).optional(),
  seccompProfile: seccompProfile.optional(),
  seLinuxOptions: seLinuxOptions.optional(),
  appArmorProfile: appArmorProfile.optional(),
});
export type ContainerSecurityContext = z.infer<typeof containerSecurityContext>;

/** PodSecurityContext of Kubernetes. */
export const podSecurityContext = z.strictObject({
  runAsUser: id.optional(),
  runAsGroup: id.optional(),
  runAsNonRoot: z.boolean().optional(),
  supplementalGroups: z.array(id).optional(),
  fsGroup: id.optional(),
  fsGroupChangePolicy: z.enum(['OnRootMismatch', 'Always']).optional(),
  sysctls: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  seccompProfile: seccompProfile.optional(),
  seLinuxOptions: seLinuxOptions.optional(),
  appArmorProfile: appArmorProfile.optional(),
});
export type PodSecurityContext = z.infer<typeof podSecurityContext>;
