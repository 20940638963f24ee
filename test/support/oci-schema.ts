import { z } from 'zod';

/**
 * The OCI runtime specification's config.json, as far as Linux containers go: written from config.md and config-linux.md of
 * version 1.2. Stricter than the specification's own schema in one point: a property that the specification does not
 * know is an error, because a runtime would pass over a misspelt one in silence.
 */
const uint32 = z.int().min(0).max(4_294_967_295);
const uint64 = z.union([
  z.int().min(0),
  z
    .bigint()
    .min(0n)
    .max(2n ** 64n - 1n),
]);
const int64 = z.int();
const absolutePath = z.string().regex(/^\//);
const environment = z.array(z.string().regex(/^[^=\0]+=[^\0]*$/));
const capability = z.string().regex(/^CAP_[A-Z_]+$/);
const capabilitySet = z.array(capability).optional();

const idMapping = z.strictObject({ containerID: uint32, hostID: uint32, size: uint32.min(1) });

const hook = z.strictObject({
  path: absolutePath,
  args: z.array(z.string()).optional(),
  env: environment.optional(),
  timeout: z.int().min(1).optional(),
});
const hookList = z.array(hook).optional();

const process = z.strictObject({
  terminal: z.boolean().optional(),
  consoleSize: z.strictObject({ height: uint64, width: uint64 }).optional(),
  cwd: absolutePath,
  env: environment.optional(),
  args: z.array(z.string()).min(1),
  user: z.strictObject({
    uid: uint32,
    gid: uint32,
    umask: uint32.optional(),
    additionalGids: z.array(uint32).optional(),
  }),
  rlimits: z
    .array(z.strictObject({ type: z.string().regex(/^RLIMIT_[A-Z]+$/), soft: uint64, hard: uint64 }))
    .optional(),
  capabilities: z
    .strictObject({
      bounding: capabilitySet,
      effective: capabilitySet,
      permitted: capabilitySet,
      inheritable: capabilitySet,
      ambient: capabilitySet,
    })
    .optional(),
  apparmorProfile: z.string().optional(),
  selinuxLabel: z.string().optional(),
  noNewPrivileges: z.boolean().optional(),
  oomScoreAdj: z.int().min(-1000).max(1000).optional(),
});

const mount = z.strictObject({
  destination: absolutePath,
  type: z.string().optional(),
  source: z.string().optional(),
  options: z.array(z.string()).optional(),
  uidMappings: z.array(idMapping).optional(),
  gidMappings: z.array(idMapping).optional(),
});

const deviceRule = z.strictObject({
  allow: z.boolean(),
  type: z.enum(['a', 'c', 'b']).optional(),
  major: int64.optional(),
  minor: int64.optional(),
  access: z
    .string()
    .regex(/^[rwm]{1,3}$/)
    .optional(),
});

const resources = z.strictObject({
  unified: z.record(z.string(), z.string()).optional(),
  devices: z.array(deviceRule).optional(),
  pids: z.strictObject({ limit: int64 }).optional(),
  blockIO: z.strictObject({ weight: z.int().min(10).max(1000).optional() }).optional(),
  cpu: z
    .strictObject({
      cpus: z.string().optional(),
      mems: z.string().optional(),
      period: uint64.optional(),
      quota: int64.optional(),
      burst: uint64.optional(),
      realtimePeriod: uint64.optional(),
      realtimeRuntime: int64.optional(),
      shares: uint64.optional(),
      idle: int64.optional(),
    })
    .optional(),
  hugepageLimits: z
    .array(z.strictObject({ pageSize: z.string().regex(/^[1-9][0-9]*[KMG]B$/), limit: uint64 }))
    .optional(),
  memory: z
    .strictObject({
      limit: int64.optional(),
      reservation: int64.optional(),
      swap: int64.optional(),
      swappiness: uint64.optional(),
      disableOOMKiller: z.boolean().optional(),
      checkBeforeUpdate: z.boolean().optional(),
    })
    .optional(),
});

const seccompAction = z.enum([
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
]);

const seccomp = z.strictObject({
  defaultAction: seccompAction,
  defaultErrnoRet: uint32.optional(),
  architectures: z.array(z.string().regex(/^SCMP_ARCH_[A-Z0-9_]+$/)).optional(),
  flags: z
    .array(
      z.enum([
        'SECCOMP_FILTER_FLAG_TSYNC',
        'SECCOMP_FILTER_FLAG_LOG',
        'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
        'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
      ]),
    )
    .optional(),
  listenerPath: z.string().optional(),
  listenerMetadata: z.string().optional(),
  syscalls: z
    .array(
      z.strictObject({
        names: z.array(z.string()).min(1),
        action: seccompAction,
        errnoRet: uint32.optional(),
        args: z
          .array(
            z.strictObject({
              index: uint32,
              value: uint64,
              valueTwo: uint64.optional(),
              op: z.enum([
                'SCMP_CMP_NE',
                'SCMP_CMP_LT',
                'SCMP_CMP_LE',
                'SCMP_CMP_EQ',
                'SCMP_CMP_GE',
                'SCMP_CMP_GT',
                'SCMP_CMP_MASKED_EQ',
              ]),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

const linux = z.strictObject({
  devices: z
    .array(
      z.strictObject({
        type: z.enum(['c', 'b', 'u', 'p']),
        path: absolutePath,
        fileMode: z.int().min(0).optional(),
        major: int64.optional(),
        minor: int64.optional(),
        uid: uint32.optional(),
        gid: uint32.optional(),
      }),
    )
    .optional(),
  uidMappings: z.array(idMapping).optional(),
  gidMappings: z.array(idMapping).optional(),
  namespaces: z
    .array(
      z.strictObject({
        type: z.enum(['mount', 'pid', 'network', 'uts', 'ipc', 'user', 'cgroup', 'time']),
        path: absolutePath.optional(),
      }),
    )
    .optional(),
  resources: resources.optional(),
  cgroupsPath: z.string().optional(),
  rootfsPropagation: z
    .enum(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable', 'runbindable'])
    .optional(),
  seccomp: seccomp.optional(),
  sysctl: z.record(z.string(), z.string()).optional(),
  maskedPaths: z.array(absolutePath).optional(),
  readonlyPaths: z.array(absolutePath).optional(),
  mountLabel: z.string().optional(),
});

const ociSpec = z.strictObject({
  ociVersion: z.string().regex(/^1\.\d+\.\d+$/),
  process: process.optional(),
  root: z.strictObject({ path: z.string().min(1), readonly: z.boolean().optional() }).optional(),
  hostname: z.string().optional(),
  domainname: z.string().optional(),
  mounts: z.array(mount).optional(),
  hooks: z
    .strictObject({
      prestart: hookList,
      createRuntime: hookList,
      createContainer: hookList,
      startContainer: hookList,
      poststart: hookList,
      poststop: hookList,
    })
    .optional(),
  annotations: z.record(z.string().min(1), z.string()).optional(),
  linux: linux.optional(),
});

/** What is wrong with a config.json, each as `path: message`; empty when it is valid. */
export function ociSpecErrors(spec: unknown): string[] {
  const result = ociSpec.safeParse(spec);
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return namespaceErrors(result.data.linux?.namespaces ?? []);
}

/** "The runtime MUST generate an error if there are duplicated namespaces with same type" (config-linux.md). */
function namespaceErrors(namespaces: readonly { type: string }[]): string[] {
  const types = namespaces.map(({ type }) => type);
  return types
    .filter((type, index) => types.indexOf(type) !== index)
    .map((type) => `linux.namespaces: two of ${type}`);
}
