import { mkdir, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ContainerContext } from '../container/container-context.ts';
import { usesHostIpc } from '../container/container-context.ts';
import type { ArchivePlace } from '../contract/checkpoint-archive.ts';
import { EngineError } from '../engine-error.ts';
import { findProgram } from '../host.ts';
import { CHECKPOINT_FILES } from './kept/checkpoint-record.ts';
import { namedVolumesOf } from './named-volumes.ts';
import { setUpperAside } from './restore/upper-aside.ts';

/** A directory of the container that CRIU does not save, since it is mounted there from the host. */
interface SavedDirectory {
  /** On the host. */
  directory: string;
  /** Below the directory of the checkpoint. */
  archive: string;
  /** It is gone, or changed, when the container is restored; else only when the container has gone on in between. */
  volatile: boolean;
}

/** Saves what is not in CRIU's images, while the processes stand still. */
export async function saveFiles(
  context: ContainerContext,
  target: string,
  { withLayer }: { withLayer: boolean },
): Promise<void> {
  const saved = savedDirectories(context).filter(({ volatile }) => volatile || withLayer);
  for (const { directory, archive } of saved)
    await packDirectory(context, directory, path.join(target, archive));
  if (withLayer && context.request.spec.rootfs === undefined) {
    await copyTree(context, context.paths.upper, path.join(target, CHECKPOINT_FILES.upper));
  }
}

/** Saves the named volumes of a container that goes on: others find in its archive what was there at this instant. */
export async function saveVolumes(
  context: ContainerContext,
  target: string,
  { leaveOut }: Pick<ArchivePlace, 'leaveOut'>,
): Promise<void> {
  if (leaveOut.includes('volumes')) return;
  for (const name of new Set(namedVolumesOf(context.request).map(({ claim }) => claim))) {
    const { data } = context.parts.volumes.pathsOf(name);
    await packDirectory(context, data, path.join(target, CHECKPOINT_FILES.volumes, `${name}.tar`));
  }
}

/** The emptyDir volumes on disk that a checkpoint leaves where they are, by name: only an archive has to take them along. */
export function emptyDirsOnDisk(context: ContainerContext): Record<string, string> {
  const onDisk = savedDirectories(context).filter(({ volatile }) => !volatile);
  return Object.fromEntries(
    onDisk.map(({ directory, archive }) => [path.basename(archive, '.tar'), directory]),
  );
}

/** Puts the writable layer back as it was at a checkpoint after which the container had gone on. Before the root is mounted. */
export async function restoreUpper(context: ContainerContext, source: string): Promise<void> {
  const saved = path.join(source, CHECKPOINT_FILES.upper);
  if (!existsSync(saved)) return;
  await setUpperAside(context.parts.kernel, context.paths);
  await copyTree(context, saved, context.paths.upper);
}

/** Fills /dev/shm and the emptyDir volumes again, after they were made and before the processes come back. */
export async function restoreFiles(context: ContainerContext, source: string): Promise<void> {
  for (const { directory, archive, volatile } of savedDirectories(context)) {
    const file = path.join(source, archive);
    const exists = existsSync(file);
    // Without an archive a volatile directory was empty, and one on disk was left as it is.
    if (!exists && !volatile) continue;
    for (const name of await readdir(directory)) {
      await context.parts.kernel.removeTree(path.join(directory, name));
    }
    if (exists) await unpackDirectory(context, file, directory);
  }
}

/** Of the container alone: what a pod's members share goes on living with the others. */
function savedDirectories({ request, paths, providedFiles }: ContainerContext): SavedDirectory[] {
  const saved: SavedDirectory[] = [];
  const ownShm =
    providedFiles['/dev/shm'] === paths.shm ||
    (!usesHostIpc(request) &&
      request.pod?.shared.includes('ipc') !== true &&
      request.spec.volumeMounts?.some(({ mountPath }) => mountPath === '/dev/shm') !== true);
  if (ownShm) saved.push({ directory: paths.shm, archive: CHECKPOINT_FILES.sharedMemory, volatile: true });
  if (request.pod !== null) return saved;
  for (const { name, emptyDir } of request.spec.volumes ?? []) {
    if (emptyDir === undefined) continue;
    const inMemory = emptyDir.medium === 'Memory';
    saved.push({
      directory: path.join(inMemory ? paths.memoryDirs : paths.emptyDirs, name),
      archive: path.join(CHECKPOINT_FILES.emptyDirs, `${name}.tar`),
      volatile: inMemory,
    });
  }
  return saved;
}

async function packDirectory(context: ContainerContext, directory: string, archive: string): Promise<void> {
  if (!existsSync(directory) || (await readdir(directory)).length === 0) return;
  await mkdir(path.dirname(archive), { recursive: true, mode: 0o700 });
  const names = ['--create', '--file', archive, '--directory', directory];
  await run(context, 'tar', [...TAR_OPTIONS, '--sparse', ...names, '.']);
}

async function unpackDirectory(context: ContainerContext, archive: string, directory: string): Promise<void> {
  await run(context, 'tar', [...TAR_OPTIONS, '--extract', '--file', archive, '--directory', directory]);
}

const TAR_OPTIONS = ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '--preserve-permissions'];

/** With whiteouts, holes and attributes, sharing the data where the file system can. */
async function copyTree(context: ContainerContext, source: string, target: string): Promise<void> {
  await run(context, 'cp', [
    '--archive',
    '--sparse=auto',
    '--reflink=auto',
    '--no-target-directory',
    source,
    target,
  ]);
}

async function run(context: ContainerContext, program: string, args: string[]): Promise<void> {
  const file = program === 'tar' ? context.parts.facts.tools.tar : findProgram(program);
  if (file === null) throw new EngineError('TOOL_MISSING', `find ${program}: it is not installed`);
  const result = await context.parts.runCommand({ file, args });
  if (result.exitCode === 0) return;
  throw new EngineError('COMMAND_FAILED', `save or restore files with ${program}: ${result.stderr.trim()}`);
}
