import { z } from 'zod';
import { quantity } from '../value/quantity.ts';

const resourceList = z.strictObject({
  cpu: quantity.optional().describe('Cores: 500m is half of one.'),
  memory: quantity.optional().describe('Bytes: 64Mi.'),
  pids: quantity.optional().describe('Number of processes (ours; Kubernetes sets it per node).'),
});

/** ResourceRequirements of Kubernetes; requests and limits map onto cgroup weights and limits. */
export const resourceRequirements = z.strictObject({
  requests: resourceList
    .optional()
    .describe('What the container is weighted with against others. Default: the limits.'),
  limits: resourceList.optional().describe('What the container can use at most.'),
});
export type ResourceRequirements = z.infer<typeof resourceRequirements>;
