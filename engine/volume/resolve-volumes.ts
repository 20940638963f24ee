import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Volume, VolumeMount } from '../../schemas/index.ts';
import { parseBytes } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { EngineError } from '../engine-error.ts';
import type { ResolvedMount } from '../spec/spec-input.ts';
import { mountTmpfs } from '../rootfs/mount-tmpfs.ts';
import { bindBeneath } from './bind-beneath.ts';

/** Finds or makes the source of every volume mount of the container. */
export async function resolveVolumes(context: ContainerContext): Promise<ResolvedMount[]> {
  const { spec } = context.request;
  const resolved: ResolvedMount[] = [];
  for (const [index, mount] of (spec.volumeMounts ?? []).entries()) {
    const volume = spec.volumes?.find((candidate) => candidate.name === mount.name);
    if (volume === undefined) {
      throw new EngineError(
        'BAD_REQUEST',
        `mount ${mount.mountPath}: there is no volume named ${mount.name}`,
      );
    }
    const source = await resolveSource(context, volume);
    resolved.push(await toMount(context, volume, mount, source, index));
  }
  return resolved;
}

async function toMount(
  context: ContainerContext,
  volume: Volume,
  mount: VolumeMount,
  source: string,
  index: number,
): Promise<ResolvedMount> {
  const hostPath =
    mount.subPath === undefined ? source : await bindBeneath(context, source, mount.subPath, index);
  // Volumes that tsctr made are nobody's way to devices or suid programs of the host; hostPath is what its owner made it.
  const hardening = volume.hostPath === undefined ? ['nosuid', 'nodev'] : [];
  return {
    containerPath: mount.mountPath,
    hostPath,
    readOnly: mount.readOnly === true || volume.persistentVolumeClaim?.readOnly === true,
    options: [PROPAGATION[mount.mountPropagation ?? 'None'], ...hardening],
  };
}

const PROPAGATION = { None: 'rprivate', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

/** The directory or file of the host that a volume stands for; made where it is ours to make. */
async function resolveSource(context: ContainerContext, volume: Volume): Promise<string> {
  if (volume.emptyDir !== undefined) return emptyDirectory(context, volume);
  if (volume.hostPath !== undefined) return hostPath(volume.hostPath);
  if (volume.persistentVolumeClaim !== undefined) {
    const directory = path.join(context.parts.paths.volumes, volume.persistentVolumeClaim.claimName, '_data');
    await mkdir(directory, { recursive: true, mode: 0o755 });
    return directory;
  }
  throw new EngineError(
    'BAD_REQUEST',
    `resolve volume ${volume.name}: it has no source that this version knows`,
  );
}

/** emptyDir lives as long as its container, or the pod that shares it. */
async function emptyDirectory(context: ContainerContext, volume: Volume): Promise<string> {
  const holder = context.pod ?? context.paths;
  const inMemory = volume.emptyDir?.medium === 'Memory';
  const directory = path.join(inMemory ? holder.memoryDirs : holder.emptyDirs, volume.name);
  await mkdir(directory, { recursive: true });
  const limit = volume.emptyDir?.sizeLimit;
  if (inMemory) {
    mountTmpfs(context.parts.kernel, directory, {
      mode: '1777',
      ...(limit === undefined ? {} : { size: String(parseBytes(limit)) }),
    });
  } else {
    // Any user of any member may write, as on a cluster.
    context.parts.kernel.fchmodat(-100, directory, 0o777);
  }
  return directory;
}

type HostPath = NonNullable<Volume['hostPath']>;

/** hostPath with the checks and creations of its type (Kubernetes: HostPathType). */
async function hostPath(source: HostPath): Promise<string> {
  const type = source.type ?? '';
  if (type === 'DirectoryOrCreate') await mkdir(source.path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') {
    await writeFile(source.path, '', { flag: 'a', mode: 0o644 });
  }
  const status = await stat(source.path).catch((error: unknown) => {
    throw new EngineError('BAD_REQUEST', `mount hostPath ${source.path}: it does not exist`, {
      cause: error,
    });
  });
  const fits = {
    '': true,
    DirectoryOrCreate: status.isDirectory(),
    Directory: status.isDirectory(),
    FileOrCreate: status.isFile(),
    File: status.isFile(),
    Socket: status.isSocket(),
    CharDevice: status.isCharacterDevice(),
    BlockDevice: status.isBlockDevice(),
  }[type];
  if (!fits)
    throw new EngineError(
      'BAD_REQUEST',
      `mount hostPath ${source.path}: expected type ${type}, found another`,
    );
  return source.path;
}
