import type { Random } from './random.ts';

/** Numbers at which code breaks. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff] as const;
const TEXTS = ['..', '/', '../', '\0', '"', '[', '{', '-1', '1e999', '99999999999999999999', '%n'] as const;
const MAX_BYTES = 1 << 20;

/** One to a few changes: bits, edge numbers, pieces that are doubled, left out or put elsewhere. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) changed = mutateOnce(changed, random);
  return changed.subarray(0, MAX_BYTES);
}

function mutateOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random.below(random.pick([4, 64, 4096])));
  const piece = bytes.subarray(at, at + length);
  switch (random.below(7)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
    case 1: {
      const edged = Buffer.from(bytes);
      if (at + 4 <= edged.length) edged.writeUInt32LE(random.pick(EDGES), at);
      return edged;
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at + length), piece, bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(TEXTS)), bytes.subarray(at)]);
    case 5:
      return bytes.subarray(0, at);
    default: {
      const filled = Buffer.from(bytes);
      for (let index = at; index < at + length; index++) filled[index] = random.below(256);
      return filled;
    }
  }
}
