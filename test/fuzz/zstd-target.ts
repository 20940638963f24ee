import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { readZstd } from '../../engine/zstd/read-zstd.ts';
import { compressZstd, ZstdError } from '../../native/index.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const MAX_OUTPUT_BYTES = 64 << 20;

/** zstd files of one frame or several, damaged or not, of ours and of zstd(1): it and we must read the same, or refuse both. */
export function zstdTarget(directory: string): FuzzTarget {
  const file = path.join(directory, 'fuzz.zst');
  return {
    name: 'zstd',
    async run(random) {
      const bytes = await makeFile(random);
      writeFileSync(file, bytes);
      const ours = await readByUs(file).finally(() => {
        rmSync(file);
      });
      const theirs = readByProgram(bytes);
      if ((ours === null) !== (theirs === null)) {
        throw new Error(`${ours === null ? 'zstd(1)' : 'tsctr'} reads what the other one refuses`);
      }
      if (ours !== null && theirs !== null && !ours.equals(theirs)) {
        throw new Error('zstd(1) reads something else');
      }
    },
  };
}

async function makeFile(random: Random): Promise<Buffer> {
  const frames: Buffer[] = [];
  for (let count = 1 + random.below(4); count > 0; count--) frames.push(await makeFrame(random));
  const whole = Buffer.concat(frames);
  if (random.below(3) === 0) return whole;
  // Without its magic number it is no zstd file, and zstd(1) might know what else it is.
  return Buffer.concat([whole.subarray(0, 4), mutate(whole.subarray(4), random)]);
}

async function makeFrame(random: Random): Promise<Buffer> {
  const content = Buffer.alloc(random.below(300_000));
  for (let at = random.below(5000); at < content.length; at += 1 + random.below(5000)) {
    content.writeUInt8(random.below(256), at);
  }
  if (random.below(2) === 0) return compressZstd([content], 1 + random.below(5));
  const args = ['-q', '-c', ...random.pick([[], ['--no-check'], ['--long=24'], ['-5']])];
  return execFileSync('zstd', args, { input: content, maxBuffer: MAX_OUTPUT_BYTES });
}

async function readByUs(file: string): Promise<Buffer | null> {
  const handle = await open(file);
  const pieces: Buffer[] = [];
  let left = MAX_OUTPUT_BYTES;
  try {
    for await (const piece of readZstd(handle)) {
      left -= piece.length;
      if (left < 0) return null;
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (error instanceof ZstdError) return null;
    throw error;
  } finally {
    await handle.close();
  }
}

function readByProgram(input: Buffer): Buffer | null {
  const { status, stdout } = spawnSync('zstd', ['-d', '-q', '-c'], { input, maxBuffer: MAX_OUTPUT_BYTES });
  return status === 0 ? stdout : null;
}
