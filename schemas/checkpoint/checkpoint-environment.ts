import { z } from 'zod';

const text = z.string().max(4096);

/**
 * `environment.json`, beside the images of a checkpoint: what its processes relied on where they were saved. A restore compares it
 * with where they are to go on, and refuses before anything is created.
 */
export const checkpointEnvironment = z.object({
  version: z.literal(1),
  container: z.object({ id: text, name: text }),
  /** `x86_64`. */
  architecture: text,
  /** As in uname(2): `6.1.0-18-amd64`. */
  kernel: text,
  /** `4.1.1`. */
  criu: text,
  runtime: z.object({ name: text, version: text }),
  cgroups: z.enum(['v1', 'v2', 'hybrid']),
  /** Features of the processor as /proc/cpuinfo names them. */
  cpu: z.object({ vendor: text, model: text, features: z.array(text).max(4096) }),
  /** Null with a root directory. */
  image: z.object({ reference: text, id: text }).nullable(),
  /** Mounts that come from the host, and must be there again. */
  mounts: z
    .array(
      z.object({
        destination: text,
        /** Files and directories do not fit each other. */
        kind: z.enum(['file', 'directory', 'other']),
      }),
    )
    .max(100_000),
  ports: z
    .array(
      z.object({
        hostIP: text,
        hostPort: z.int().min(0).max(65_535),
        containerPort: z.int().min(0).max(65_535),
        protocol: z.enum(['TCP', 'UDP', 'SCTP']),
      }),
    )
    .max(100_000),
  /** Addresses of established connections, and those that a process listens on by name, must exist again. */
  addresses: z.array(text).max(100_000),
});
export type CheckpointEnvironment = z.infer<typeof checkpointEnvironment>;
