import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import type { ContainerRequest, OciIdMapping } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { openProcess } from '../container/container-process.ts';
import { EngineError } from '../engine-error.ts';
import type { HostPaths } from '../host-paths.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import { attachTree, cloneTree } from '../rootfs/id-mapped-mount.ts';
import { readInRoot } from '../rootfs/read-in-root.ts';
import { autoSize, checkMappings } from '../spec/id-mapping.ts';
import type { IdRange } from '../spec/id-mapping.ts';
import type { ContainerUserNamespace } from './container-user-namespace.ts';
import type { IdMaps } from './id-translation.ts';

/** Ids of a pod's user namespace: as many as on a cluster. */
export const POD_RANGE_SIZE = 65_536;

/** The user namespace that the manifest asks for, with a file of it that lasts as long as the bundle; null for the host's. */
export async function resolveUserNamespace(
  context: ContainerContext,
): Promise<ContainerUserNamespace | null> {
  const { request, pod, paths, parts } = context;
  const { userns } = request.spec;
  if (userns === undefined || userns.mode === 'host') return null;
  if (request.pod !== null && pod !== null) {
    const range = await parts.idRanges.allocate(request.pod.id, POD_RANGE_SIZE);
    return { ...mapsOfRange(range), file: pod.user, joined: true };
  }
  if (userns.mode === 'container') return joinContainer(context, userns.container ?? '');
  const maps = userns.mode === 'auto' ? await autoMaps(context) : givenMaps(request);
  const file = path.join(paths.bundle, 'user-namespace');
  await pinUserNamespace(parts.kernel, file, maps);
  const note = noteOf(parts.paths, request.name);
  await mkdir(path.dirname(note), { recursive: true, mode: 0o700 });
  await writeFile(note, request.id);
  return { ...maps, file, joined: false };
}

/** Others can no longer join the container's user namespace. */
export async function forgetUserNamespace({ parts, request }: ContainerContext): Promise<void> {
  const note = noteOf(parts.paths, request.name);
  const id = await readFile(note, 'utf8').catch(() => null);
  if (id === request.id) await rm(note, { force: true });
}

/** Makes a user namespace and binds it to `file`. Does nothing when one is there. */
export async function pinUserNamespace(kernel: Kernel, file: string, maps: IdMaps): Promise<void> {
  if (isMountPoint(file)) return;
  await writeFile(file, '', { mode: 0o600 });
  await kernel.pinNamespaces({ user: { path: file, ...mapTexts(maps) } });
}

/** As /proc/<pid>/uid_map and gid_map want them. */
export function mapTexts({ uidMappings, gidMappings }: IdMaps): { uidMap: string; gidMap: string } {
  const text = (mappings: readonly OciIdMapping[]): string =>
    mappings.map((map) => `${String(map.containerID)} ${String(map.hostID)} ${String(map.size)}\n`).join('');
  return { uidMap: text(uidMappings), gidMap: text(gidMappings) };
}

/** The container's ids from 0 on are those of the range. */
export function mapsOfRange({ start, size }: IdRange): IdMaps {
  const mappings = [{ containerID: 0, hostID: start, size }];
  return { uidMappings: mappings, gidMappings: mappings };
}

/** Which container of that name has a user namespace at present. */
function noteOf(paths: HostPaths, name: string): string {
  return path.join(paths.run, 'user-namespaces', name);
}

async function autoMaps(context: ContainerContext): Promise<IdMaps> {
  const { request, parts } = context;
  const size = request.spec.userns?.size ?? (await sizeFromImage(context));
  return mapsOfRange(await parts.idRanges.allocate(request.id, size));
}

/** Enough for the users and groups of the image, and for those that the manifest names by number. */
async function sizeFromImage({ request, parts }: ContainerContext): Promise<number> {
  const { spec, image } = request;
  const layers = image === null ? [spec.rootfs ?? '/'] : await parts.images.layerPaths(image.id);
  const config = image === null ? null : await parts.images.config(image.id);
  const named = [config?.User, spec.user, ...(spec.groups ?? [])].flatMap((text) => (text ?? '').split(':'));
  const numbers = [
    ...named.filter((text) => /^\d+$/.test(text)).map(Number),
    spec.securityContext?.runAsUser,
    spec.securityContext?.runAsGroup,
    spec.fsGroup,
  ].filter((id) => id !== undefined);
  return autoSize(
    topmost(parts.kernel, layers, '/etc/passwd'),
    topmost(parts.kernel, layers, '/etc/group'),
    ...numbers,
  );
}

/** The file of the highest layer that has one. */
function topmost(kernel: Kernel, layers: readonly string[], file: string): string | null {
  for (const layer of layers.toReversed()) {
    const text = readInRoot(kernel, layer, file);
    if (text !== null) return text;
  }
  return null;
}

function givenMaps({ name, spec }: ContainerRequest): IdMaps {
  const uidMappings = spec.userns?.uidMappings ?? [];
  const gidMappings = spec.userns?.gidMappings ?? uidMappings;
  checkMappings(uidMappings, `uidMappings of container ${name}`);
  checkMappings(gidMappings, `gidMappings of container ${name}`);
  return { uidMappings, gidMappings };
}

async function joinContainer(context: ContainerContext, other: string): Promise<ContainerUserNamespace> {
  const { parts, paths, request } = context;
  const operation = `join the user namespace of container/${other} for container/${request.name}`;
  const id = await readFile(noteOf(parts.paths, other), 'utf8').catch(() => null);
  const found =
    id === null ? null : await openProcess(parts.kernel, parts.paths.container(id), parts.facts.bootId);
  if (found === null) {
    throw new EngineError('BAD_REQUEST', `${operation}: it does not run with a user namespace of its own`, {
      hint: `start container/${other} first: name it in spec.dependsOn`,
    });
  }
  try {
    const maps = {
      uidMappings: parseMap(await readFile(`/proc/${String(found.pid)}/uid_map`, 'utf8')),
      gidMappings: parseMap(await readFile(`/proc/${String(found.pid)}/gid_map`, 'utf8')),
    };
    const file = path.join(paths.bundle, 'user-namespace');
    await writeFile(file, '', { mode: 0o600 });
    const tree = cloneTree(parts.kernel, `/proc/${String(found.pid)}/ns/user`);
    try {
      attachTree(parts.kernel, tree, file);
    } finally {
      parts.kernel.close(tree);
    }
    return { ...maps, file, joined: true };
  } finally {
    parts.kernel.close(found.pidfd);
  }
}

function parseMap(text: string): OciIdMapping[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [containerID = 0, hostID = 0, size = 0] = line.trim().split(/\s+/).map(Number);
      return { containerID, hostID, size };
    });
}
