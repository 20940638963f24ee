import { z } from 'zod';

const id = z.int().min(0).max(4294967294);

const profileType = z.enum(['RuntimeDefault', 'Unconfined', 'Localhost']);

export const seccompProfile = z.strictObject({
  type: profileType.describe('The default profile, none, or a file of this host.'),
  localhostProfile: z.string().min(1).optional().describe('Path of the profile, for type Localhost.'),
});

export const seLinuxOptions = z.strictObject({
  user: z.string().optional().describe('User part of the label.'),
  role: z.string().optional().describe('Role part of the label.'),
  type: z.string().optional().describe('Type part of the label.'),
  level: z.string().optional().describe('Level part of the label.'),
});

export const appArmorProfile = z.strictObject({
  type: profileType.describe('The default profile, none, or one that this host has loaded.'),
  localhostProfile: z.string().min(1).optional().describe('Name of the profile, for type Localhost.'),
});

/** Fields that a pod and its containers have both; the container's count where both say something. */
const sharedFields = {
  runAsUser: id.optional().describe("User id of the process. Default: the image's user."),
  runAsGroup: id.optional().describe("Group id of the process. Default: the user's group."),
  runAsNonRoot: z.boolean().optional().describe('Refuse to start as user 0. Default: false.'),
  seccompProfile: seccompProfile
    .optional()
    .describe('Which system calls are allowed. Default: RuntimeDefault.'),
  seLinuxOptions: seLinuxOptions.optional().describe('SELinux label, where the host has SELinux.'),
  appArmorProfile: appArmorProfile.optional().describe('AppArmor profile, where the host has AppArmor.'),
};

/** SecurityContext of Kubernetes. */
export const containerSecurityContext = z.strictObject({
  ...sharedFields,
  readOnlyRootFilesystem: z
    .boolean()
    .optional()
    .describe('Mount the root filesystem read-only. Default: false.'),
  privileged: z
    .boolean()
    .optional()
    .describe('All capabilities and devices, nothing masked: root on the host. Default: false.'),
  allowPrivilegeEscalation: z
    .boolean()
    .optional()
    .describe('False sets no_new_privs: setuid programs gain nothing. Default: true.'),
  capabilities: z
    .strictObject({
      add: z.array(z.string()).optional().describe('Such as `NET_ADMIN`, or `ALL`.'),
      drop: z.array(z.string()).optional().describe('Such as `CHOWN`, or `ALL`.'),
    })
    .optional()
    .describe('Changes to the default set of capabilities.'),
  procMount: z.enum(['Default', 'Unmasked']).optional().describe('Whether parts of /proc are hidden.'),
});
export type ContainerSecurityContext = z.infer<typeof containerSecurityContext>;

/** PodSecurityContext of Kubernetes. */
export const podSecurityContext = z.strictObject({
  ...sharedFields,
  supplementalGroups: z.array(id).optional().describe('Additional group ids of all processes.'),
  fsGroup: id.optional().describe('Group that owns the volumes.'),
  fsGroupChangePolicy: z
    .enum(['OnRootMismatch', 'Always'])
    .optional()
    .describe('When the group of a volume is set anew. Default: Always.'),
  sysctls: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('Such as `net.core.somaxconn`.'),
        value: z.string().describe('What it is set to.'),
      }),
    )
    .optional()
    .describe('Kernel settings of the namespaces that the pod has for itself.'),
});
export type PodSecurityContext = z.infer<typeof podSecurityContext>;
