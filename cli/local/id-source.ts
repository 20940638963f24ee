import { randomFillSync } from 'node:crypto';

const ID_BYTES = 32;

/** Ids for which the kernel is asked once. Every look at a container has one ready, and most are not used. */
const IDS_AT_ONCE = 128;

/** Gives a new id with each call: 64 hexadecimal digits, at random. */
export function createIdSource(): () => string {
  const pool = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return pool.toString('hex', used - ID_BYTES, used);
  };
}
