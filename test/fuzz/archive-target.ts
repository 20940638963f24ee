import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { applyRootfsChanges, unpackInto } from '../../engine/checkpoint/archive/apply-archive.ts';
import { DEFAULT_ARCHIVE_LIMITS } from '../../engine/checkpoint/archive/archive-limits.ts';
import { importArchive } from '../../engine/checkpoint/archive/import-archive.ts';
import { checkRights } from '../../engine/checkpoint/restore/check-rights.ts';
import { readCheckpointRecord } from '../../engine/checkpoint/kept/checkpoint-record.ts';
import { inspectCheckpoint } from '../../engine/checkpoint/inspect/inspect-checkpoint.ts';
import { CheckpointImages } from '../../engine/criu/image/checkpoint-images.ts';
import { openImageDirectory } from '../../engine/criu/image/directory-images.ts';
import { createLinuxKernel } from '../../native/index.ts';
import type { OciSpec } from '../../schemas/index.ts';
import { SAMPLES } from '../support/checkpoint-sample.ts';
import { goodMembers, hostileArchives } from '../support/hostile-archives.ts';
import { buildTar } from '../support/tar-builder.ts';
import type { TarEntry } from '../support/tar-builder.ts';
import { refusing } from './image-target.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const kernel = createLinuxKernel();
const operation = 'fuzz';
const limits = { ...DEFAULT_ARCHIVE_LIMITS, maxBytes: 64 << 20 };

/**
 * Archives that are nearly good, or nearly hostile, are inspected and imported; those within them are unpacked. What is accepted goes the
 * way of a restore, up to CRIU: its images are read for rights, and its changes come to a root filesystem.
 */
export function archiveTarget(sample: string, directory: string): FuzzTarget {
  const good = goodMembers(sample);
  const outside = path.join(directory, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'victim'), 'unharmed');
  const hostile = hostileArchives(good, outside).map(({ archive }) => archive);
  const spec = JSON.parse(readFileSync(path.join(SAMPLES, 'podman-spec.dump.json'), 'utf8')) as OciSpec;
  const work = path.join(directory, 'work');
  mkdirSync(work);
  return {
    name: 'archives',
    async run(random) {
      const archive = path.join(work, 'fuzz.tar');
      const target = path.join(work, 'target');
      const root = path.join(work, 'root');
      mkdirSync(root);
      try {
        writeFileSync(archive, compress(makeArchive(good, hostile, random), random));
        await refusing(() => inspectCheckpoint(kernel, archive));
        const imported = await refusing(() => importArchive(kernel, { operation, archive, target, limits }));
        if (imported === null && existsSync(target)) throw new Error('a refused archive has left its target');
        if (imported !== null && (await readCheckpointRecord(target)) === null) {
          throw new Error('an accepted archive is not complete');
        }
        if (imported !== null) await refusing(() => beginRestore(target, root, spec));
        await refusing(() => unpackInto(kernel, archive, root, { operation }));
        checkOutside(directory, work, outside);
      } finally {
        rmSync(target, { recursive: true, force: true });
        rmSync(root, { recursive: true, force: true });
      }
    },
  };
}

async function beginRestore(target: string, root: string, spec: OciSpec): Promise<void> {
  await checkRights(new CheckpointImages(await openImageDirectory(path.join(target, 'images'))), spec);
  await applyRootfsChanges(kernel, target, root, { operation });
}

function makeArchive(good: readonly TarEntry[], hostile: readonly Buffer[], random: Random): Buffer {
  if (random.below(4) === 0) return mutate(hostile[random.below(hostile.length)] ?? Buffer.alloc(0), random);
  const entries = good.map((entry) => (random.below(12) === 0 ? mutateEntry(entry, random) : entry));
  const archive = buildTar(entries);
  return random.below(2) === 0 ? archive : mutate(archive, random);
}

function mutateEntry(entry: TarEntry, random: Random): TarEntry {
  switch (random.below(4)) {
    case 0:
      return { ...entry, name: mutate(Buffer.from(entry.name), random).subarray(0, 2000) };
    case 1:
      return {
        ...entry,
        type: random.pick(['0', '1', '2', '3', '4', '5', '6', '7', 'S', 'x', 'g', 'L']),
        linkTarget: '../x',
      };
    case 2:
      return {
        ...entry,
        patch: (block) => {
          mutate(block, random).copy(block);
        },
      };
    default:
      return { ...entry, content: mutate(Buffer.from(entry.content ?? ''), random) };
  }
}

function compress(archive: Buffer, random: Random): Buffer {
  const choice = random.below(20);
  if (choice > 2) return archive;
  const packed = choice === 0 ? gzipSync(archive) : execFileSync('zstd', ['-c', '-q'], { input: archive });
  return random.below(2) === 0 ? packed : mutate(packed, random);
}

function checkOutside(directory: string, work: string, outside: string): void {
  const found = [readdirSync(directory), readdirSync(work), readdirSync(outside)].map((names) =>
    names.sort().join(' '),
  );
  for (const [index, expected] of [
    'outside sample work',
    /^fuzz\.tar root(?: target)?$/,
    'victim',
  ].entries()) {
    const names = found[index] ?? '';
    if (typeof expected === 'string' ? names !== expected : !expected.test(names)) {
      throw new Error(`something was written outside of the target: ${names}`);
    }
  }
  if (readFileSync(path.join(outside, 'victim'), 'utf8') !== 'unharmed')
    throw new Error('a file outside was changed');
}
