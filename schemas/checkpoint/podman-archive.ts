import { z } from 'zod';

/**
 * The documents in a checkpoint archive, as far as tsctr reads them: podman's names, and those of CRI-O and containerd where
 * they differ. They are somebody else's word: what is read is checked, all else is dropped.
 */
const text = z.string().max(4096);
const time = text.nullish();

/** `config.dump`: libpod's ContainerConfig, and the few names that checkpointctl reads of the others. */
export const configDump = z.object({
  id: text.nullish(),
  name: text.nullish(),
  /** `localhost/demo:latest`. */
  rootfsImageName: text.nullish(),
  /** Digest of the image's configuration, without `sha256:`. */
  rootfsImageID: text.nullish(),
  rootfsImage: text.nullish(),
  rootfsImageRef: text.nullish(),
  /** `runc` or `crun`. */
  runtime: text.nullish(),
  createdTime: time,
  checkpointedTime: time,
  stopSignal: z.number().nullish(),
  /** Seconds. */
  stopTimeout: z.number().nullish(),
  shmSize: z.number().nullish(),
  networkMode: text.nullish(),
  privileged: z.boolean().nullish(),
  newPortMappings: z
    .array(
      z.object({
        host_ip: text.nullish(),
        container_port: z.number(),
        host_port: z.number(),
        range: z.number().nullish(),
        protocol: text.nullish(),
      }),
    )
    .max(10_000)
    .nullish(),
  namedVolumes: z
    .array(z.object({ volumeName: text, dest: text, options: z.array(text).max(100).nullish() }))
    .max(10_000)
    .nullish(),
});
export type ConfigDump = z.infer<typeof configDump>;

const long = z.string().max(256 * 1024);
const longList = z.array(long).max(100_000);

/** `spec.dump`: the OCI configuration. It is shown, and never carried out. */
export const specDump = z.object({
  hostname: text.nullish(),
  annotations: z.record(text, long).nullish(),
  process: z
    .object({
      terminal: z.boolean().nullish(),
      args: longList.nullish(),
      env: longList.nullish(),
      cwd: text.nullish(),
      user: z.object({ uid: z.number().nullish(), gid: z.number().nullish() }).nullish(),
    })
    .nullish(),
  root: z.object({ path: text.nullish(), readonly: z.boolean().nullish() }).nullish(),
  mounts: z
    .array(
      z.object({
        destination: text,
        type: text.nullish(),
        source: text.nullish(),
        options: z.array(text).max(1000).nullish(),
      }),
    )
    .max(100_000)
    .nullish(),
  linux: z
    .object({
      namespaces: z
        .array(z.object({ type: text, path: text.nullish() }))
        .max(100)
        .nullish(),
      resources: z
        .object({
          memory: z.object({ limit: z.number().nullish() }).nullish(),
          cpu: z.object({ quota: z.number().nullish(), period: z.number().nullish() }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
export type SpecDump = z.infer<typeof specDump>;

/** `network.status`: netavark's answer, by the name of the network. */
export const networkStatus = z
  .record(
    text,
    z.object({
      interfaces: z
        .record(
          text,
          z.object({
            mac_address: text.nullish(),
            subnets: z
              .array(z.object({ ipnet: text, gateway: text.nullish() }))
              .max(1000)
              .nullish(),
          }),
        )
        .nullish(),
    }),
  )
  .nullable();
export type NetworkStatus = z.infer<typeof networkStatus>;

/** `deleted.files`: absolute paths in the container. */
export const deletedFiles = z.array(z.string().min(2).max(4096)).max(1_000_000);

/** `descriptors.json`, beside the images: what was open as 0, 1 and 2. */
export const descriptors = z.array(z.string().max(4096)).max(1024);
