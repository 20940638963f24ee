import { z } from 'zod';
import { metadata } from './metadata.ts';
import { envFromSource, envVar } from './env.ts';
import { probe } from './probe.ts';
import { resourceRequirements } from './resources.ts';
import { containerSecurityContext } from './security-context.ts';
import { volume, volumeMount } from './volume.ts';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');

/** The fields that Kubernetes gives a container: in a Pod and in our own Container they are the same. */
export const kubernetesContainerFields = {
  image: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Image reference: a name, or with a transport `docker://`, `oci:`, `oci-archive:`, `docker-archive:`, `dir:`.',
    ),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .optional()
    .describe('Default: Always for the tag `latest` or none, otherwise IfNotPresent.'),
  command: z.array(z.string()).optional().describe("Replaces the image's entrypoint, and drops its command."),
  args: z.array(z.string()).optional().describe("Replaces the image's command."),
  workingDir: absolutePath.optional().describe("Default: the image's, else `/`."),
  env: z.array(envVar).optional(),
  envFrom: z.array(envFromSource).optional(),
  ports: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        containerPort: z.int().min(1).max(65535),
        hostPort: z.int().min(1).max(65535).optional(),
        hostIP: z.string().optional(),
        protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
      }),
    )
    .optional(),
  volumeMounts: z.array(volumeMount).optional(),
  resources: resourceRequirements.optional(),
  securityContext: containerSecurityContext.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  startupProbe: probe.optional(),
  stdin: z.boolean().optional(),
  tty: z.boolean().optional(),
};

/** Containers of a Pod: Kubernetes' own fields and nothing else, so that the file runs on a cluster as well. */
export const podContainer = z.strictObject({
  name: metadata.shape.name,
  ...kubernetesContainerFields,
});
export type PodContainer = z.infer<typeof podContainer>;

/** When a container that ended is started again. `UnlessStopped` is `Always`, but a stop by hand outlives a reboot. */
export const restartPolicy = z.enum(['Always', 'OnFailure', 'Never', 'UnlessStopped']);
export type RestartPolicy = z.infer<typeof restartPolicy>;

/** What a container is wanted to be. */
export const wantedState = z.enum(['Running', 'Paused', 'Stopped', 'Checkpointed']);
export type WantedState = z.infer<typeof wantedState>;

const seconds = z.number().min(0);
const idList = z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, 'must be a list such as `0-3,6`');

/** `spec` of `kind: Container`: Kubernetes' fields, then libpod's, then ours. */
export const containerSpec = z.strictObject({
  ...kubernetesContainerFields,
  volumes: z.array(volume).optional().describe('The volumes that `volumeMounts` name.'),
  restartPolicy: restartPolicy.default('Always'),
  hostNetwork: z.boolean().optional().describe("Use the host's network namespace."),
  hostPID: z.boolean().optional().describe("Use the host's PID namespace."),
  hostIPC: z.boolean().optional().describe("Use the host's IPC namespace."),
  hostname: z.string().max(63).optional().describe('Default: the name of the container.'),
  hostAliases: z.array(z.strictObject({ ip: z.string(), hostnames: z.array(z.string()).min(1) })).optional(),
  dnsConfig: z
    .strictObject({
      nameservers: z.array(z.string()).optional(),
      searches: z.array(z.string()).optional(),
      options: z.array(z.strictObject({ name: z.string(), value: z.string().optional() })).optional(),
    })
    .optional(),
  terminationGracePeriodSeconds: seconds.default(10).describe('From the stop signal to SIGKILL, in seconds.'),

  rootfs: absolutePath
    .optional()
    .describe('A directory of the host that is the root filesystem, in place of an image.'),
  network: z
    .enum(['none', 'host'])
    .optional()
    .describe('Default: none. `hostNetwork: true` is the same as `network: host`.'),
  user: z.string().optional().describe('User, or user:group, by name or number, as in an image.'),
  groups: z.array(z.string()).optional().describe('Additional groups by name or number.'),
  umask: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be an octal mode such as 0022')
    .optional(),
  ulimits: z
    .array(
      z.strictObject({
        name: z.string(),
        soft: z.int().min(-1).describe('-1: unlimited.'),
        hard: z.int().min(-1).describe('-1: unlimited.'),
      }),
    )
    .optional(),
  sysctls: z.record(z.string(), z.string()).optional(),
  cpuset: z
    .strictObject({ cpus: idList.optional(), mems: idList.optional() })
    .optional()
    .describe('The CPUs and memory nodes that may be used, as lists such as `0-3,6`.'),
  blkioWeight: z
    .int()
    .min(10)
    .max(1000)
    .optional()
    .describe('Share of the block I/O, where the kernel has it.'),
  cgroupConf: z
    .record(z.string(), z.string())
    .optional()
    .describe('Files of the cgroup, on cgroup v2: `memory.high` → `512M`.'),
  shmSize: z.string().optional().describe('Size of /dev/shm, a quantity. Default: 64Mi.'),
  tmpfs: z
    .array(z.strictObject({ mountPath: absolutePath, options: z.array(z.string()).optional() }))
    .optional(),
  devices: z
    .array(
      z.strictObject({
        hostPath: absolutePath,
        containerPath: absolutePath.optional(),
        permissions: z
          .string()
          .regex(/^[rwm]{1,3}$/)
          .optional(),
      }),
    )
    .optional(),
  privileged: z.boolean().optional(),
  init: z
    .boolean()
    .optional()
    .describe('Run the command under a small init that reaps and forwards signals.'),
  systemd: z
    .union([z.enum(['auto', 'always']), z.literal(false)])
    .optional()
    .describe('Prepare the container for systemd as its init. Default: auto, by the command.'),
  mask: z.array(absolutePath).optional().describe('Paths to hide, beside those that are hidden in any case.'),
  unmask: z
    .array(z.string())
    .optional()
    .describe('Paths not to hide or write-protect: absolute, `*` matches within a name, or `ALL`.'),
  stopSignal: z.string().optional().describe("By name or number. Default: the image's, else SIGTERM."),
  timezone: z.string().optional().describe('A zone such as Europe/Berlin, or `local`.'),
  oomScoreAdj: z.int().min(-1000).max(1000).optional(),
  readOnlyTmpfs: z
    .boolean()
    .optional()
    .describe('With a read-only root: tmpfs on /run, /tmp and /var/tmp. Default: true.'),
  cgroupParent: z.string().optional(),
  restartBackoff: z
    .strictObject({
      initialSeconds: seconds.default(10),
      maxSeconds: seconds.default(300),
      resetAfterSeconds: seconds.default(600),
      maxRetries: z.int().min(1).optional().describe('Give up after so many tries in a row.'),
    })
    .optional(),
  dependsOn: z
    .array(metadata.shape.name)
    .optional()
    .describe('Containers that must be running before this one starts.'),
  state: wantedState.default('Running'),
});
export type ContainerSpec = z.infer<typeof containerSpec>;

export const container = z.strictObject({
  apiVersion: z.literal('tsctr.dev/v1'),
  kind: z.literal('Container'),
  metadata,
  spec: containerSpec,
});
export type Container = z.infer<typeof container>;
