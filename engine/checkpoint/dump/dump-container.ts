import { readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CriuNetworkLock, OciSpec } from '../../../schemas/index.ts';
import { containerCgroup } from '../../cgroup/cgroup-path.ts';
import { freezerDirectory } from '../../cgroup/freezer.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import { rootfsPath } from '../../container/container-context.ts';
import { cgroupYard } from '../../criu/cgroup-yard.ts';
import type { DumpRequest } from '../../criu/dump.ts';
import { chooseConfigFile } from '../../criu/config-file.ts';
import { DUMP_LOG, networkLock } from '../../criu/options.ts';
import type { CheckpointAllowances } from '../../contract/checkpoint-allowances.ts';
import { findProgram } from '../../host.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { dumpedExternals } from '../external-mounts.ts';
import { readMountInfo } from '../mount-info.ts';
import { describeRuntime } from '../parked-runtime.ts';
import type { ParkedRuntime } from '../parked-runtime.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** The name under which OCI runtimes keep a network namespace that is not in the images. */
export const NETWORK_NAMESPACE = 'extRootNetNS';

export interface ContainerDump {
  dump: DumpedContainer;
  /** Name of the network namespace in the images; null when the container has the host's. */
  networkNamespace: string | null;
  runtime: ParkedRuntime;
}

/** What of a dump depends on the container alone. */
type DumpedContainer = Pick<
  DumpRequest,
  | 'pid'
  | 'imagesDirectory'
  | 'workDirectory'
  | 'keptLogFile'
  | 'rootfs'
  | 'externalMounts'
  | 'externalNamespaces'
  | 'freezerDirectory'
  | 'networkLock'
  | 'allowances'
  | 'cgroupYard'
>;

/** Looks at the running container: its mounts as they are, its namespaces, its cgroup. */
export async function describeDump(
  context: ContainerContext,
  target: {
    pid: number;
    directory: string;
    allowances: CheckpointAllowances;
    /** Default: what the host has. */
    networkLock?: CriuNetworkLock | undefined;
  },
): Promise<ContainerDump> {
  const { parts, request, paths } = context;
  const [config, mounts] = await Promise.all([readAtOnce(paths.config), readMountInfo(target.pid)]);
  const spec = JSON.parse(config) as OciSpec;
  // The namespace itself is made, or found, by whoever restores: the container's addresses are none of CRIU's business, and
  // the images fit podman, which wants to bring its own.
  const ownNetwork = spec.linux.namespaces.some(({ type }) => type === 'network');
  const inode = ownNetwork ? (await stat(`/proc/${String(target.pid)}/ns/net`)).ino : 0;
  const dump: DumpedContainer = {
    pid: target.pid,
    imagesDirectory: path.join(target.directory, CHECKPOINT_FILES.images),
    workDirectory: target.directory,
    keptLogFile: path.join(paths.logs, DUMP_LOG),
    rootfs: rootfsPath(context),
    externalMounts: dumpedExternals(spec, mounts, parts.runtime.programOf(request.id)),
    externalNamespaces: ownNetwork ? [`net[${String(inode)}]:${NETWORK_NAMESPACE}`] : [],
    freezerDirectory: freezerDirectory(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request)),
    networkLock:
      target.networkLock ??
      networkLock(target.allowances, {
        nft: findProgram('nft'),
        iptablesRestore: findProgram('iptables-restore'),
      }),
    cgroupYard: cgroupYard(parts.cgroupLayout),
    allowances: { ...target.allowances, ...chooseConfigFile(spec, parts.runtime.programOf(request.id)) },
  };
  const runtime = await describeRuntime(context, { pid: target.pid, config, mounts });
  return { dump, networkNamespace: ownNetwork ? NETWORK_NAMESPACE : null, runtime };
}

/** Notes which pipes the container has as standard streams: the monitor's new ones take their places at restore. */
export async function saveDescriptors(pid: number, directory: string): Promise<void> {
  const links = await Promise.all(
    [0, 1, 2].map((fd) => readlink(`/proc/${String(pid)}/fd/${String(fd)}`).catch(() => '')),
  );
  await writeFile(path.join(directory, CHECKPOINT_FILES.descriptors), JSON.stringify(links), { mode: 0o600 });
}
