import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_ARCHIVE_LIMITS } from '../../../../engine/checkpoint/archive/archive-limits.ts';
import { writeArchiveFile } from '../../../../engine/checkpoint/archive/archive-output.ts';
import { importArchive } from '../../../../engine/checkpoint/archive/import-archive.ts';
import { TarWriter } from '../../../../engine/checkpoint/archive/tar-writer.ts';
import { inspectCheckpoint } from '../../../../engine/checkpoint/inspect/inspect-checkpoint.ts';
import { EngineError } from '../../../../engine/engine-error.ts';
import { createLinuxKernel } from '../../../../native/index.ts';
import { unpackSample } from '../../../support/checkpoint-sample.ts';
import { goodMembers, hostileArchives } from '../../../support/hostile-archives.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';
import { buildTar } from '../../../support/tar-builder.ts';

const kernel = createLinuxKernel();
const operation = 'test';
const REFUSALS = ['CHECKPOINT_INVALID', 'CHECKPOINT_INCOMPLETE'];

test('the archive that the hostile ones are made of is accepted', () =>
  withDirectory(async (directory) => {
    const archive = path.join(directory, 'good.tar');
    writeFileSync(archive, buildTar(goodMembers(unpackSample(directory))));
    await importArchive(kernel, { operation, archive, target: path.join(directory, 'target') });
  }));

test('at least 60 hostile archives are refused, each for its reason, and nothing is written outside', () =>
  withDirectory(async (directory) => {
    const outside = path.join(directory, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'victim'), 'unharmed');
    const archives = hostileArchives(goodMembers(unpackSample(directory)), outside);
    assert.ok(archives.length >= 60, String(archives.length));
    const work = path.join(directory, 'work');
    mkdirSync(work);
    const archive = path.join(work, 'hostile.tar');
    const target = path.join(work, 'target');
    for (const { what, archive: bytes, reason } of archives) {
      writeFileSync(archive, bytes);
      const error = await rejectionOf(importArchive(kernel, { operation, archive, target })).catch(
        (accepted: unknown) => {
          throw new Error(`${what}: ${String(accepted)}`);
        },
      );
      assert.ok(REFUSALS.includes(String(error.code)), `${what}: ${String(error.stack)}`);
      assert.match(error.message.replaceAll('\n', ' '), reason, what);
      assert.equal(readdirSync(work), ['hostile.tar'], what);
      assert.equal(readdirSync(outside), ['victim'], what);
      assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'unharmed', what);
      // Looking at it may be possible; it must not be the end of tsctr.
      await inspectCheckpoint(kernel, archive).catch((refusal: unknown) => {
        assert.instance(refusal, EngineError, what);
      });
    }
    assert.equal(
      readdirSync(directory).filter((name) => name.includes('escaped')),
      [],
    );
  }));

/** A small file that stands for `bytes` bytes of memory pages. */
async function writeBomb(file: string, bytes: number): Promise<void> {
  const piece = Buffer.alloc(1 << 20);
  await writeArchiveFile(file, { compression: 'zstd', operation }, async (output) => {
    const header = {
      name: 'checkpoint/pages-1.img',
      type: 'file' as const,
      linkTarget: '',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      size: bytes,
      device: { major: 0, minor: 0 },
      xattrs: [],
    };
    await new TarWriter(output).add(header);
    for (let done = 0; done < bytes; done += piece.length) await output.write(piece);
  });
}

test('an archive that stands for more than the limit is given up on the way, and costs no memory', () =>
  withDirectory(async (directory) => {
    const archive = path.join(directory, 'bomb.tar');
    const target = path.join(directory, 'target');
    await writeBomb(archive, 512 << 20);
    const limits = { ...DEFAULT_ARCHIVE_LIMITS, maxBytes: 64 << 20 };
    const before = process.memoryUsage().rss;
    const refusal = await rejectionOf(importArchive(kernel, { operation, archive, target, limits }));
    assert.is(refusal.code, 'CHECKPOINT_INVALID');
    assert.not(existsSync(`${target}.importing`));
    // All of it is looked at, and none of it is kept.
    assert.is((await rejectionOf(inspectCheckpoint(kernel, archive))).code, 'CHECKPOINT_INCOMPLETE');
    const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grownMiB < 150, `${String(grownMiB)} MiB`);
  }));

test('a disk that others need is not filled', () =>
  withDirectory(async (directory) => {
    const archive = path.join(directory, 'bomb.tar');
    await writeBomb(archive, 256 << 20);
    // What was there before the import is used up by it.
    let freeBytes = 200n << 20n;
    const shrinking = {
      ...kernel,
      statfs: () => {
        freeBytes -= 16n << 20n;
        return { type: 0, freeBytes, totalBytes: 1n << 30n };
      },
    };
    const target = path.join(directory, 'target');
    assert.is((await rejectionOf(importArchive(shrinking, { operation, archive, target }))).code, 'NO_SPACE');
    assert.equal(readdirSync(directory), ['bomb.tar']);
  }));

test.run();
