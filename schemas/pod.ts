import { z } from 'zod';
import { containerSpec, podContainer } from './container.ts';
import { metadata } from './metadata.ts';
import { podSecurityContext } from './security-context.ts';
import { volume } from './volume.ts';

/** PodSpec of Kubernetes, as far as one host has a use for it. */
export const podSpec = z.strictObject({
  containers: z.array(podContainer).min(1),
  initContainers: z.array(podContainer).optional(),
  volumes: z.array(volume).optional(),
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  hostIPC: z.boolean().optional(),
  hostname: z.string().max(63).optional().describe('Default: the name of the pod.'),
  hostAliases: containerSpec.shape.hostAliases,
  dnsConfig: containerSpec.shape.dnsConfig,
  terminationGracePeriodSeconds: z.number().min(0).default(30),
  securityContext: podSecurityContext.optional(),
});
export type PodSpec = z.infer<typeof podSpec>;

export const pod = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata,
  spec: podSpec,
});
export type Pod = z.infer<typeof pod>;
