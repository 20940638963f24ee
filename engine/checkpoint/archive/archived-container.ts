import type { OciMount, OciProcess, OciSpec } from '../../../schemas/index.ts';

/** What other engines must be told of a container to restore it out of an archive of ours. */
export interface ArchivedContainer {
  /** 64 hexadecimal digits. */
  id: string;
  name: string;
  /** Null with a root directory: podman cannot import such a container. */
  image: { reference: string; id: string } | null;
  /** `runc` or `crun`: the images fit the one that they were made with. */
  runtime: string;
  createdAt: string;
  /** By the name of the network; null with the host's network. */
  networks: Readonly<Record<string, ArchivedNetwork>> | null;
  ports: readonly { hostIP: string; hostPort: number; containerPort: number; protocol: string }[];
  /** Number of the signal. */
  stopSignal: number;
  stopTimeoutSeconds: number;
  shmBytes: number;
  volumes: readonly ArchivedVolume[];
}

export interface ArchivedNetwork {
  /** Name of the device in the container: `eth0`. */
  device: string;
  address?: string;
  mac?: string;
}

/** A volume that is in the archive. */
export interface ArchivedVolume {
  name: string;
  /** Where it is mounted in the container. */
  destination: string;
  options: readonly string[];
}

/** `config.dump`, with the names that podman needs to import it, and no others. */
export function makeConfigDump(container: ArchivedContainer): Record<string, unknown> {
  const { image, networks } = container;
  return {
    id: container.id,
    name: container.name,
    ...(image === null
      ? {}
      : { rootfsImageID: image.id.replace(/^sha256:/, ''), rootfsImageName: image.reference }),
    runtime: container.runtime,
    createdTime: container.createdAt,
    // Else podman gives it no namespace, and the images ask for one.
    createNetNS: networks !== null,
    networkMode: networks === null ? 'host' : 'bridge',
    ...(networks === null ? {} : { newNetworks: describeNetworks(networks) }),
    newPortMappings: container.ports.map(({ hostIP, hostPort, containerPort, protocol }) => ({
      host_ip: hostIP,
      container_port: containerPort,
      host_port: hostPort,
      range: 1,
      protocol: protocol.toLowerCase(),
    })),
    namedVolumes: container.volumes.map(({ name, destination, options }) => ({
      volumeName: name,
      dest: destination,
      options,
    })),
    ShmDir: '/dev/shm',
    shmSize: container.shmBytes,
    // Missing ones count as 0: no signal at all, and no time.
    stopSignal: container.stopSignal,
    stopTimeout: container.stopTimeoutSeconds,
    logDriver: 'k8s-file',
    // No cgroupManager and no cgroupParent: those of the host that restores it are taken; with systemd it wants a slice.
    cgroupsMode: 'enabled',
  };
}

function describeNetworks(networks: Readonly<Record<string, ArchivedNetwork>>): object {
  return Object.fromEntries(
    Object.entries(networks).map(([name, { device, address, mac }]) => [
      name,
      {
        interface_name: device,
        ...(address === undefined ? {} : { static_ips: [address] }),
        ...(mac === undefined ? {} : { static_mac: mac }),
      },
    ]),
  );
}

/** Where podman has its volumes, unless told otherwise: sources of bind mounts are taken literally at import. */
const PODMAN_VOLUMES = '/var/lib/containers/storage/volumes';

/** `spec.dump`: the container's own specification, with volumes where podman will have made them. */
export function makeSpecDump(spec: OciSpec, volumes: readonly ArchivedVolume[]): OciSpec {
  const names = new Map(volumes.map(({ destination, name }) => [destination, name]));
  const mounts = spec.mounts.map((mount): OciMount => {
    const name = names.get(mount.destination);
    return name === undefined ? mount : { ...mount, source: `${PODMAN_VOLUMES}/${name}/_data` };
  });
  // Tools tell by it in which layout an archive is.
  const annotations = { ...spec.annotations, 'io.container.manager': 'libpod' };
  return { ...spec, mounts, annotations, process: withExactLimits(spec.process) };
}

const RLIM_INFINITY = 2n ** 64n - 1n;

/** RLIM_INFINITY, once it was read as a number, is one too many, which no other engine reads. */
function withExactLimits(process: OciProcess): OciProcess {
  const exact = (limit: number | bigint): number | bigint =>
    typeof limit === 'number' && limit >= 2 ** 64 ? RLIM_INFINITY : limit;
  const rlimits = (process.rlimits as OciProcess['rlimits'] | undefined) ?? [];
  return {
    ...process,
    rlimits: rlimits.map(({ type, soft, hard }) => ({ type, soft: exact(soft), hard: exact(hard) })),
  };
}
