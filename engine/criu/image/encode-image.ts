import { COMMON_MAGIC, IMAGE_KINDS, SERVICE_MAGIC } from './image-kinds.ts';
import type { ImageKind } from './image-kinds.ts';
import { imageMessage } from './image-message.ts';

/** An image file as CRIU would write it; of a `pagemap` the first entry is its head. */
export function encodeImage(kind: ImageKind, entries: readonly object[]): Buffer {
  const magics = [
    ...(kind === 'inventory' ? [] : [kind === 'stats' ? SERVICE_MAGIC : COMMON_MAGIC]),
    IMAGE_KINDS[kind].magic,
  ];
  const parts = magics.map(number);
  for (const [index, entry] of entries.entries()) {
    const isHead = kind === 'pagemap' && index === 0;
    const type = imageMessage(isHead ? 'pagemap_head' : IMAGE_KINDS[kind].message);
    const body = type.encode(type.fromObject(entry)).finish();
    parts.push(number(body.length), Buffer.from(body));
  }
  return Buffer.concat(parts);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
