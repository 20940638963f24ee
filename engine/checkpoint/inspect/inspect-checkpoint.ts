import { stat } from 'node:fs/promises';
import type { ConfigDump, NetworkStatus } from '../../../schemas/index.ts';
import { hasErrno } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { CheckpointImages, decodeStatistics } from '../../criu/image/checkpoint-images.ts';
import type { FileEntry, InventoryEntry, MountEntry } from '../../criu/image/image-entry.ts';
import { podmanStatistics } from '../../criu/image/podman-statistics.ts';
import { describeInetSocket, describeUnixSocket } from '../../criu/image/socket-address.ts';
import { EngineError } from '../../engine-error.ts';
import type { KnownFile } from '../archive/archive-member.ts';
import type { CheckpointContents } from './checkpoint-contents.ts';
import type { CheckpointDocuments } from './checkpoint-documents.ts';
import { readDocuments } from './checkpoint-documents.ts';
import { inspectProcesses } from './inspect-processes.ts';
import type {
  InspectedContainer,
  InspectedHost,
  InspectedMount,
  InspectedSocket,
  Inspection,
} from './inspection.ts';
import { DEFAULT_CAPABILITIES } from '../../spec/capabilities.ts';
import { namesOf } from '../restore/check-rights.ts';
import { openArchive } from './open-archive.ts';
import { openDirectory } from './open-directory.ts';
import { suggestManifest } from './suggest-manifest.ts';
import type { SuggestedManifest } from './suggest-manifest.ts';

export interface InspectOptions {
  /** Show the values of environment variables, which may be secrets. */
  environmentValues?: boolean;
  signal?: AbortSignal;
}

/**
 * Looks into the checkpoint at `path`: an archive of tsctr, podman, CRI-O or containerd, a kept checkpoint, or a directory of
 * images. Nothing is restored and nothing is written. Throws CHECKPOINT_INVALID for what is damaged, CHECKPOINT_INCOMPLETE when
 * there is no checkpoint in it.
 */
export async function inspectCheckpoint(
  kernel: Kernel,
  path: string,
  options: InspectOptions = {},
): Promise<Inspection> {
  return inspectContents(await openCheckpoint(kernel, path, options), options);
}

/** A manifest that fits the checkpoint at `path`, for a person to look through. */
export async function suggestManifestFor(
  kernel: Kernel,
  path: string,
  options: InspectOptions = {},
): Promise<SuggestedManifest> {
  const contents = await openCheckpoint(kernel, path, options);
  const inspection = await inspectContents(contents, options);
  return suggestManifest(inspection, await readDocuments(contents), {
    extraCapabilities: await extraCapabilities(new CheckpointImages(contents.images)),
  });
}

/** What the first process may have beyond what a container gets that asks for nothing. */
async function extraCapabilities(images: CheckpointImages): Promise<string[]> {
  const [first] = await images.processes();
  const creds = first === undefined ? undefined : (await images.core(first.pid)).thread_core?.creds;
  return namesOf(creds?.cap_bnd).filter((name) => !DEFAULT_CAPABILITIES.includes(name));
}

export async function openCheckpoint(
  kernel: Kernel,
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<CheckpointContents> {
  const { isDirectory } = await lookAt(path);
  const contents = isDirectory ? await openDirectory(path) : await openArchive(kernel, path, options);
  if (contents.images.sizes.has('inventory.img')) return contents;
  throw new EngineError(
    'CHECKPOINT_INCOMPLETE',
    `inspect checkpoint ${path}: a complete checkpoint cannot be found, there is no inventory.img`,
  );
}

async function lookAt(path: string): Promise<{ isDirectory: boolean }> {
  try {
    return { isDirectory: (await stat(path)).isDirectory() };
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    throw new EngineError('BAD_REQUEST', `inspect checkpoint ${path}: no such file or directory`);
  }
}

export async function inspectContents(
  contents: CheckpointContents,
  options: InspectOptions = {},
): Promise<Inspection> {
  const images = new CheckpointImages(contents.images);
  const documents = await readDocuments(contents);
  const inventory = await images.inventory();
  const files = await images.files();
  const processes = await inspectProcesses(images, {
    files,
    memfds: await images.memfds(),
    environmentValues: options.environmentValues === true,
  });
  const locks = (await images.locks()).length;
  const sockets = inspectSockets(files);
  const statistics = contents.documents.get('stats-dump');
  return {
    path: contents.path,
    layout: contents.layout,
    engine: engineOf(contents.documents, documents),
    madeAt: contents.madeAt?.toISOString() ?? null,
    container: describeContainer(documents, (await images.utsNamespace())?.names.nodename ?? null),
    host: await describeHost(images, inventory, documents),
    sizes: contents.sizes,
    statistics:
      statistics === undefined ? null : podmanStatistics(decodeStatistics('stats-dump', statistics)),
    processes,
    mounts: (await images.mounts()).map(describeMount).sort(byDestination),
    sockets,
    locks,
    rootfsChanges: contents.rootfsChanges,
    deletedFiles: documents.deletedFiles,
    needs: {
      tcpEstablished: images.hasEstablishedTcp(),
      fileLocks: locks > 0,
      externalUnixSockets: sockets.some((socket) => socket.family === 'unix' && socket.external),
      terminal: documents.spec?.process?.terminal === true,
    },
  };
}

function engineOf(
  found: ReadonlyMap<KnownFile, Buffer>,
  { spec, environment }: CheckpointDocuments,
): Inspection['engine'] {
  if (environment !== null) return 'tsctr';
  const manager = spec?.annotations?.['io.container.manager'];
  if (manager === 'libpod') return 'podman';
  if (manager === 'cri-o') return 'CRI-O';
  return found.has('status.dump') ? 'containerd' : 'unknown';
}

function describeContainer(
  { config, spec, network, environment }: CheckpointDocuments,
  hostname: string | null,
): InspectedContainer {
  const id = config?.rootfsImageID ?? null;
  return {
    id: config?.id ?? environment?.container.id ?? null,
    name: config?.name ?? environment?.container.name ?? null,
    image: imageName(config) ?? environment?.image?.reference ?? null,
    imageId: id !== null ? withAlgorithm(id) : (environment?.image?.id ?? null),
    runtime: config?.runtime ?? environment?.runtime.name ?? null,
    createdAt: config?.createdTime ?? null,
    hostname: hostname ?? spec?.hostname ?? null,
    addresses: describeAddresses(network),
  };
}

function imageName(config: ConfigDump | null): string | null {
  return config?.rootfsImageName ?? config?.rootfsImage ?? config?.rootfsImageRef ?? null;
}

function withAlgorithm(id: string): string {
  return id.includes(':') ? id : `sha256:${id}`;
}

function describeAddresses(network: NetworkStatus): InspectedContainer['addresses'] {
  return Object.entries(network ?? {}).flatMap(([name, { interfaces }]) =>
    Object.entries(interfaces ?? {}).flatMap(([device, { subnets, mac_address }]) =>
      (subnets ?? []).map(({ ipnet }) => ({
        network: name,
        interface: device,
        address: ipnet,
        mac: mac_address ?? null,
      })),
    ),
  );
}

async function describeHost(
  images: CheckpointImages,
  inventory: InventoryEntry,
  { environment }: CheckpointDocuments,
): Promise<InspectedHost> {
  const [first] = await images.processes();
  const machine = first === undefined ? null : (await images.core(first.pid)).mtype;
  return {
    architecture: machine === null ? null : String(machine),
    kernel: environment?.kernel ?? null,
    // From 4.1 on every dump has an identifier of its own.
    criu: environment?.criu ?? (inventory.dump_criu_run_id === undefined ? null : '4.1 or newer'),
    imageVersion: inventory.img_version,
  };
}

function describeMount(mount: MountEntry): InspectedMount {
  const known = typeof mount.fstype === 'string' && !['UNSUPPORTED', 'AUTO'].includes(mount.fstype);
  return {
    destination: mount.mountpoint.startsWith('./') ? mount.mountpoint.slice(1) : mount.mountpoint,
    type: known ? String(mount.fstype).toLowerCase() : (mount.fsname ?? 'bind'),
    source: mount.source,
    external: mount.ext_key ?? (mount.ext_mount === true ? mount.root : null),
  };
}

function byDestination(one: InspectedMount, other: InspectedMount): number {
  return one.destination < other.destination ? -1 : 1;
}

function inspectSockets(files: ReadonlyMap<number, FileEntry>): InspectedSocket[] {
  const sockets: InspectedSocket[] = [];
  for (const { isk, usk } of files.values()) {
    if (isk !== undefined) sockets.push({ family: 'inet', ...describeInetSocket(isk) });
    if (usk !== undefined) sockets.push({ family: 'unix', ...describeUnixSocket(usk) });
  }
  return sockets;
}
