import { z } from 'zod';
import { containerSpec, podContainer } from '../container/container.ts';
import { metadata } from '../manifest/metadata.ts';
import { podSecurityContext } from '../container/security-context.ts';
import { volume } from '../volume/volume.ts';

/** PodSpec of Kubernetes, as far as one host has a use for it. */
export const podSpec = z.strictObject({
  containers: z.array(podContainer).min(1).describe('The containers, started together.'),
  initContainers: z
    .array(podContainer)
    .optional()
    .describe('Run to their end one after the other, before the others start.'),
  volumes: z.array(volume).optional().describe('The volumes that `volumeMounts` name.'),
  restartPolicy: z
    .enum(['Always', 'OnFailure', 'Never'])
    .default('Always')
    .describe('When a container that ended is started again.'),
  hostNetwork: containerSpec.shape.hostNetwork,
  hostPID: containerSpec.shape.hostPID,
  hostIPC: containerSpec.shape.hostIPC,
  hostUsers: z
    .boolean()
    .optional()
    .describe(
      'False: the pod has a user namespace of its own, its root is nobody on the host. Default: true.',
    ),
  hostname: containerSpec.shape.hostname.unwrap().optional().describe('Default: the name of the pod.'),
  hostAliases: containerSpec.shape.hostAliases,
  dnsConfig: containerSpec.shape.dnsConfig,
  terminationGracePeriodSeconds: z
    .number()
    .min(0)
    .default(30)
    .describe('From the stop signal to SIGKILL, in seconds.'),
  securityContext: podSecurityContext
    .optional()
    .describe('Rights and users of all containers; what a container says itself counts more.'),
});
export type PodSpec = z.infer<typeof podSpec>;

export const pod = z
  .strictObject({
    apiVersion: z.literal('v1').describe('v1, as in Kubernetes.'),
    kind: z.literal('Pod').describe('Pod.'),
    metadata: metadata.describe('Name and labels.'),
    spec: podSpec.describe('What is wanted.'),
  })
  .describe("Several containers that share network, IPC and host name, as Kubernetes' Pod.");
export type Pod = z.infer<typeof pod>;
