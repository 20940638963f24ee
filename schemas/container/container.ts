import { z } from 'zod';
import { metadata } from '../manifest/metadata.ts';
import { envFromSource, envVar } from './env.ts';
import { checkpointPolicy, restorePolicy } from '../checkpoint/checkpoint.ts';
import { probe } from './probe.ts';
import { providedFields } from './provided-fields.ts';
import { dnsConfig, hostAliases, hostname } from './host-names.ts';
import { quantity } from '../value/quantity.ts';
import { resourceRequirements } from './resources.ts';
import { containerSecurityContext } from './security-context.ts';
import { userNamespace } from './user-namespace.ts';
import { containerVolumeMount, volume, volumeMount } from '../volume/volume.ts';

const portNumber = z.int().min(1).max(65535);
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
  env: z.array(envVar).optional().describe("Environment variables, added to the image's."),
  envFrom: z
    .array(envFromSource)
    .optional()
    .describe('Config maps and secrets whose entries become variables.'),
  ports: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(
            /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/,
            'must be up to 15 lower-case letters, digits and `-`',
          )
          .optional()
          .describe('What probes call it.'),
        containerPort: portNumber.describe('Port on which the process listens.'),
        hostPort: portNumber.optional().describe('Port of the host on which it is published. Default: none.'),
        hostIP: z.string().optional().describe('Address of the host on which it is published. Default: all.'),
        protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP').describe('Transport protocol.'),
      }),
    )
    .optional()
    .describe('Ports that the container listens on.'),
  volumeMounts: z.array(volumeMount).optional().describe('Volumes, and where they appear.'),
  resources: resourceRequirements.optional().describe('Limits and weights of CPU, memory and processes.'),
  securityContext: containerSecurityContext.optional().describe('Rights and user of the process.'),
  livenessProbe: probe.optional().describe('When it fails, the container is restarted.'),
  readinessProbe: probe.optional().describe('Says whether the container is ready to be used.'),
  startupProbe: probe.optional().describe('The other probes wait until it has succeeded.'),
  stdin: z.boolean().optional().describe('Keep standard input open, for attach. Default: false.'),
  tty: z.boolean().optional().describe('Give the process a terminal. Default: false.'),
};

/** Containers of a Pod: Kubernetes' own fields and nothing else, so that the file runs on a cluster as well. */
export const podContainer = z.strictObject({
  name: metadata.shape.name.describe('Name of the container, unique in its pod.'),
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
  volumeMounts: z.array(containerVolumeMount).optional().describe('Volumes, and where they appear.'),
  volumes: z.array(volume).optional().describe('The volumes that `volumeMounts` name.'),
  fsGroup: z
    .int()
    .min(0)
    .max(4_294_967_294)
    .optional()
    .describe('Group that owns the volumes that tsctr made, and that the processes are in.'),
  fsGroupChangePolicy: z
    .enum(['OnRootMismatch', 'Always'])
    .optional()
    .describe('When the group of a volume is set anew. Default: Always.'),
  userns: userNamespace.optional().describe('User namespace. Default: none of its own.'),
  restartPolicy: restartPolicy
    .default('Always')
    .describe(
      'When it is started again after its end. UnlessStopped: as Always, but a stop by hand outlives a reboot.',
    ),
  hostNetwork: z.boolean().optional().describe("Use the host's network namespace."),
  hostPID: z.boolean().optional().describe("Use the host's PID namespace."),
  hostIPC: z.boolean().optional().describe("Use the host's IPC namespace."),
  hostname: hostname.optional().describe('Default: the name of the container.'),
  hostAliases: hostAliases.optional().describe('Lines added to /etc/hosts.'),
  dnsConfig: dnsConfig.optional().describe('What stands in /etc/resolv.conf.'),
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
    .regex(/^0?[0-7]{3}$/, 'must be an octal mode such as "0022"')
    .optional()
    .describe('File mode bits that new files do not get, octal, in quotes. Default: "0022".'),
  ulimits: z
    .array(
      z.strictObject({
        name: z.string().describe('Such as `nofile`.'),
        soft: z.int().min(-1).describe('What counts until the process changes it; -1: unlimited.'),
        hard: z.int().min(-1).describe('Up to where it can change it; -1: unlimited.'),
      }),
    )
    .optional()
    .describe('Resource limits of the process, see getrlimit(2).'),
  sysctls: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Kernel settings of the namespaces that the container has for itself: `net.*`, `kernel.shm*` and so on.',
    ),
  cpuset: z
    .strictObject({
      cpus: idList.optional().describe('CPUs, such as `0-3,6`. Default: all.'),
      mems: idList.optional().describe('Memory nodes, such as `0`. Default: all.'),
    })
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
  shmSize: quantity.optional().describe('Size of /dev/shm, a quantity. Default: 64Mi.'),
  tmpfs: z
    .array(
      z.strictObject({
        mountPath: absolutePath.describe('Where it appears in the container.'),
        options: z.array(z.string()).optional().describe('Mount options such as `size=16m`, `mode=1777`.'),
      }),
    )
    .optional()
    .describe('Filesystems in memory.'),
  devices: z
    .array(
      z.strictObject({
        hostPath: absolutePath.describe('Path on the host.'),
        containerPath: absolutePath.optional().describe('Path in the container. Default: the same.'),
        permissions: z
          .string()
          .regex(/^(?!.*(.).*\1)[rwm]{1,3}$/, 'must be some of the letters r, w and m')
          .optional()
          .describe('Read, write, mknod. Default: rwm.'),
      }),
    )
    .optional()
    .describe('Devices of the host.'),
  privileged: z
    .boolean()
    .optional()
    .describe('The same as securityContext.privileged: root on the host. Default: false.'),
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
  oomScoreAdj: z
    .int()
    .min(-1000)
    .max(1000)
    .optional()
    .describe('The higher, the sooner the kernel kills it when memory runs out.'),
  readOnlyTmpfs: z
    .boolean()
    .optional()
    .describe('With a read-only root: tmpfs on /run, /tmp and /var/tmp. Default: true.'),
  cgroupParent: z.string().min(1).optional().describe('Cgroup under which the container gets its own.'),
  ...providedFields,
  restartBackoff: z
    .strictObject({
      initialSeconds: seconds
        .default(10)
        .describe('Wait before the first restart; doubled for each one after it.'),
      maxSeconds: seconds.default(300).describe('Longest wait.'),
      resetAfterSeconds: seconds.default(600).describe('After running so long the waits begin anew.'),
      maxRetries: z.int().min(1).optional().describe('Give up after so many tries in a row. Default: never.'),
    })
    .optional()
    .describe('How long to wait before a restart.'),
  dependsOn: z
    .array(metadata.shape.name)
    .optional()
    .describe('Containers that must be running before this one starts.'),
  checkpoint: checkpointPolicy.optional().describe('When it is saved, memory and all, without being asked.'),
  restore: restorePolicy
    .optional()
    .describe('When it goes on from its last checkpoint where it would have begun anew.'),
  state: wantedState.default('Running').describe('What the container is wanted to be.'),
});
export type ContainerSpec = z.infer<typeof containerSpec>;

export const container = z
  .strictObject({
    apiVersion: z.literal('tsctr.dev/v1').describe('tsctr.dev/v1.'),
    kind: z.literal('Container').describe('Container.'),
    metadata: metadata.describe('Name and labels.'),
    spec: containerSpec.describe('What is wanted.'),
  })
  .describe('One container.');
export type Container = z.infer<typeof container>;
