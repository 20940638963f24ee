import { existsSync } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CheckpointEnvironment, OciSpec } from '../../../schemas/index.ts';
import type { Kernel } from '../../../native/index.ts';
import type { FileChange } from '../../access.ts';
import { EngineError } from '../../engine-error.ts';
import { serializeSpec } from '../../spec/serialize-spec.ts';
import { CHECKPOINT_FILES, readCheckpointRecord } from '../kept/checkpoint-record.ts';
import { temporaryBeside, writeArchiveFile } from './archive-output.ts';
import { ArchiveDigest, SIGNATURE_MEMBER } from './archive-signature.ts';
import type { ArchiveSigner, DigestedMember } from './archive-signature.ts';
import { makeConfigDump, makeSpecDump } from './archived-container.ts';
import type { ArchivedContainer } from './archived-container.ts';
import type { WrittenCompression } from './compression.ts';
import { requireSpace } from './disk-space.ts';
import { FilePacker } from './pack-files.ts';
import { deletedPaths, packRootfsDiff } from './rootfs-diff.ts';
import { TarWriter } from './tar-writer.ts';

/** A kept checkpoint that is to become one file. */
export interface ExportRequest {
  /** `export container/web`, for errors. */
  operation: string;
  /** Directory of a complete checkpoint. */
  checkpoint: string;
  /** Path of the archive; its name ends as one likes. */
  file: string;
  /** Default: zstd. */
  compression?: WrittenCompression;
  container: ArchivedContainer;
  spec: OciSpec;
  environment: CheckpointEnvironment;
  /** netavark's answer by the name of the network; null without one. */
  networkStatus: unknown;
  /** Path of the log, in the form of conmon's k8s-file; null to leave it out. */
  log: string | null;
  /** The upper directory, and what it changes; null to leave it out. */
  rootfs: { directory: string; changes: readonly FileChange[] } | null;
  /** Directories of the volumes of `container.volumes`, or archives of them, by name. Those that are not here are left out. */
  volumes: Readonly<Record<string, string>>;
  /** Directories of emptyDir volumes that are not in the checkpoint, by name. Default: none. */
  emptyDirs?: Readonly<Record<string, string>>;
  /** Says who has made it, so that whoever trusts that one need not trust its place. Default: nobody says. */
  signer?: ArchiveSigner;
  /** Bytes that have been written of how many, uncompressed. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface ExportedArchive {
  file: string;
  /** Of the file. */
  bytes: number;
  uncompressedBytes: number;
}

/** Writes a checkpoint as one archive in podman's layout. Appears under its name when it is complete, or not at all. */
export async function exportArchive(kernel: Kernel, request: ExportRequest): Promise<ExportedArchive> {
  const { operation, checkpoint, file, compression = 'zstd' } = request;
  if ((await readCheckpointRecord(checkpoint)) === null) {
    throw new EngineError(
      'CHECKPOINT_INCOMPLETE',
      `${operation}: a complete checkpoint cannot be found in ${checkpoint}`,
    );
  }
  const staging = `${temporaryBeside(file)}.parts`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { mode: 0o700 });
  try {
    const members = await gatherMembers(kernel, request, staging);
    const total = members.reduce((sum, { size }) => sum + size, 0);
    requireSpace(kernel, path.dirname(file), leastBytes(total, compression), operation);
    let uncompressedBytes = 0;
    await writeArchiveFile(file, { compression, operation }, async (output) => {
      const digest = new ArchiveDigest();
      let isSigned = false;
      const writer = new TarWriter(
        {
          async write(bytes) {
            if (request.signal?.aborted === true) throw new EngineError('ABORTED', `${operation}: given up`);
            await output.write(bytes);
            request.onProgress?.(Math.min(writer.bytes, total), total);
          },
        },
        (piece) => {
          if (!isSigned) digest.data(piece);
        },
      );
      for (const member of members) {
        digest.begin(describeMember(member));
        await writeMember(writer, member, operation);
      }
      if (request.signer !== undefined) {
        isSigned = true;
        const signature = request.signer.sign(digest.end());
        await writeMember(writer, jsonMember(SIGNATURE_MEMBER, signature), operation);
      }
      await writer.finish();
      uncompressedBytes = writer.bytes;
    });
    return { file, bytes: (await lstat(file)).size, uncompressedBytes };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What memory shrinks to nobody knows before; what certainly will not fit is not begun. */
function leastBytes(total: number, compression: WrittenCompression): number {
  return compression === 'none' ? total : Math.ceil(total / 8);
}

/** One entry of the archive: bytes, a file of the host, a link, or a directory. */
interface Member {
  name: string;
  size: number;
  content: { bytes: Buffer } | { file: string } | { link: string } | 'directory';
}

function describeMember({ name, size, content }: Member): DigestedMember {
  if (content === 'directory') return { name, type: 'directory', size: 0, linkTarget: '' };
  if ('link' in content) return { name, type: 'symlink', size: 0, linkTarget: content.link };
  return { name, type: 'file', size, linkTarget: '' };
}

async function gatherMembers(kernel: Kernel, request: ExportRequest, staging: string): Promise<Member[]> {
  const { checkpoint, container, spec, rootfs } = request;
  return [
    jsonMember('config.dump', makeConfigDump(container)),
    bytesMember('spec.dump', Buffer.from(serializeSpec(makeSpecDump(spec, container.volumes)))),
    jsonMember('network.status', request.networkStatus),
    jsonMember('environment.json', request.environment),
    { name: 'artifacts/', size: 0, content: 'directory' },
    ...(await fileMember('stats-dump', path.join(checkpoint, 'stats-dump'))),
    ...(request.log === null ? [] : await fileMember('ctr.log', request.log)),
    ...(await fileMember('devshm-checkpoint.tar', path.join(checkpoint, CHECKPOINT_FILES.sharedMemory))),
    ...(await emptyDirMembers(path.join(checkpoint, CHECKPOINT_FILES.emptyDirs))),
    ...(await packedMembers(kernel, request.emptyDirs ?? {}, { staging, prefix: 'empty-dirs' })),
    ...(rootfs === null ? [] : await rootfsMembers(kernel, rootfs, staging)),
    ...(await volumeMembers(kernel, request, staging)),
    ...(await imageMembers(path.join(checkpoint, CHECKPOINT_FILES.images), request.operation)),
  ];
}

function jsonMember(name: string, value: unknown): Member {
  return bytesMember(name, Buffer.from(JSON.stringify(value, null, 2)));
}

function bytesMember(name: string, bytes: Buffer): Member {
  return { name, size: bytes.length, content: { bytes } };
}

async function fileMember(name: string, file: string): Promise<Member[]> {
  if (!existsSync(file)) return [];
  return [{ name, size: (await lstat(file)).size, content: { file } }];
}

async function emptyDirMembers(directory: string): Promise<Member[]> {
  const names = existsSync(directory) ? await readdir(directory) : [];
  return (
    await Promise.all(names.map((name) => fileMember(`empty-dirs/${name}`, path.join(directory, name))))
  ).flat();
}

async function rootfsMembers(
  kernel: Kernel,
  rootfs: NonNullable<ExportRequest['rootfs']>,
  staging: string,
): Promise<Member[]> {
  const deleted = deletedPaths(rootfs.changes);
  const members: Member[] = deleted.length === 0 ? [] : [jsonMember('deleted.files', deleted)];
  if (rootfs.changes.length === deleted.length) return members;
  const file = path.join(staging, 'rootfs-diff.tar');
  await stage(file, (writer) => packRootfsDiff(kernel, writer, rootfs));
  return [...members, ...(await fileMember('rootfs-diff.tar', file))];
}

function volumeMembers(kernel: Kernel, request: ExportRequest, staging: string): Promise<Member[]> {
  const names = new Set(request.container.volumes.map(({ name }) => name));
  const volumes = Object.entries(request.volumes).filter(([name]) => names.has(name));
  return packedMembers(kernel, Object.fromEntries(volumes), { staging, prefix: 'volumes' });
}

/** Directories as archives of their own; what is packed already is taken as it is. */
async function packedMembers(
  kernel: Kernel,
  places: Readonly<Record<string, string>>,
  { staging, prefix }: { staging: string; prefix: 'volumes' | 'empty-dirs' },
): Promise<Member[]> {
  const members: Member[] = [];
  for (const [name, place] of Object.entries(places)) {
    const member = `${prefix}/${name}.tar`;
    if ((await lstat(place)).isFile()) {
      members.push(...(await fileMember(member, place)));
      continue;
    }
    const file = path.join(staging, `${prefix}-${String(members.length)}.tar`);
    await stage(file, async (writer) => {
      const packer = new FilePacker(kernel, place, writer);
      try {
        await packer.packAll();
        await writer.finish();
      } finally {
        packer.close();
      }
    });
    members.push(...(await fileMember(member, file)));
  }
  return members;
}

/** An archive within the archive: its size must be known before it is written, and what it is of may be changing. */
async function stage(file: string, pack: (writer: TarWriter) => Promise<void>): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'wx', 0o600);
  try {
    await pack(
      new TarWriter({
        async write(bytes) {
          for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
        },
      }),
    );
  } finally {
    await handle.close();
  }
}

async function imageMembers(images: string, operation: string): Promise<Member[]> {
  const members = await imagesOf(images, 'checkpoint');
  const parent = path.join(images, 'parent');
  if (!existsSync(parent)) return members;
  const previous = await realpath(parent);
  if (existsSync(path.join(previous, 'parent'))) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: it builds on more than one earlier checkpoint, which one archive cannot hold`,
      { hint: 'make one without pre-dumps, and export that' },
    );
  }
  return [
    ...(await imagesOf(previous, 'pre-checkpoint')),
    ...members,
    { name: 'checkpoint/parent', size: 0, content: { link: '../pre-checkpoint' } },
  ];
}

async function imagesOf(directory: string, name: string): Promise<Member[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const members = await Promise.all(
    files.sort().map((file) => fileMember(`${name}/${file}`, path.join(directory, file))),
  );
  return [{ name: `${name}/`, size: 0, content: 'directory' }, ...members.flat()];
}

async function writeMember(
  writer: TarWriter,
  { name, size, content }: Member,
  operation: string,
): Promise<void> {
  const header = {
    name,
    linkTarget: '',
    uid: 0,
    gid: 0,
    mtimeNs: BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n,
    device: { major: 0, minor: 0 },
    xattrs: [],
  };
  if (content === 'directory') await writer.add({ ...header, type: 'directory', mode: 0o700, size: 0 });
  else if ('link' in content) {
    await writer.add({ ...header, type: 'symlink', linkTarget: content.link, mode: 0o777, size: 0 });
  } else if ('bytes' in content) {
    await writer.addBytes({ ...header, type: 'file', mode: 0o600, size }, content.bytes);
  } else {
    const handle = await open(content.file, 'r');
    try {
      if ((await handle.stat()).size < size) {
        throw new EngineError(
          'CHECKPOINT_INCOMPLETE',
          `${operation}: ${content.file} has become smaller meanwhile`,
        );
      }
      await writer.addFile({ ...header, type: 'file', mode: 0o600, size }, handle.fd);
    } finally {
      await handle.close();
    }
  }
}
