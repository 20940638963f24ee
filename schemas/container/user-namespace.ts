import { z } from 'zod';

const id = z.int().min(0).max(4_294_967_294);

const idMapping = z.strictObject({
  containerID: id.describe('First id in the container.'),
  hostID: id.describe('First id on the host.'),
  size: z.int().min(1).max(4_294_967_295).describe('How many.'),
});

/** User namespace of a Container, see user_namespaces(7). */
export const userNamespace = z.strictObject({
  mode: z
    .enum(['host', 'auto', 'map', 'container'])
    .describe(
      "host: none of its own; auto: a range of ids that no other container has; map: the given one; container: another container's.",
    ),
  size: z
    .int()
    .min(1)
    .max(4_294_967_294)
    .optional()
    .describe('How many ids, for auto. Default: enough for the users and groups of the image.'),
  uidMappings: z.array(idMapping).optional().describe('User ids, for map.'),
  gidMappings: z.array(idMapping).optional().describe('Group ids, for map. Default: as uidMappings.'),
  container: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the running container whose user namespace is joined, for container.'),
});
export type UserNamespace = z.infer<typeof userNamespace>;
