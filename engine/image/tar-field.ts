import { isUtf8 } from 'node:buffer';
import { LayerRefusal } from './layer-refusal.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/** The bytes of a field up to its first zero byte. */
export function textField(block: Buffer, start: number, length: number): Buffer {
  const end = block.indexOf(0, start);
  return block.subarray(start, end === -1 || end > start + length ? start + length : end);
}

/**
 * A number in octal digits, or, with the highest bit of the first byte set, in base 256 (GNU). NaN when it is neither, or
 * too large to be exact.
 */
export function numberField(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) return base256(block.subarray(start, start + length));
  let value = 0;
  let at = start;
  const end = start + length;
  while (at < end && block[at] === SPACE) at++;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte === 0 || byte === SPACE) break;
    if (byte < ZERO || byte > SEVEN) return Number.NaN;
    value = value * 8 + (byte - ZERO);
  }
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

function base256(field: Buffer): number {
  const negative = (field[0] ?? 0) === 0xff;
  let value = negative ? -1n : BigInt((field[0] ?? 0) & 0x7f);
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

/** Names go to the kernel as text, so that other bytes than UTF-8 would come out as another name. */
export function decodeName(bytes: Buffer): string {
  const name = bytes.toString('utf8');
  if (!isUtf8(bytes)) throw new LayerRefusal(name, 'its name or link target is not UTF-8');
  if (name.includes('\0')) throw new LayerRefusal(name, 'its name or link target holds a zero byte');
  return name;
}

/** True when the checksum of a header block is right: unsigned, or signed as old archives have it. */
export function hasValidChecksum(block: Buffer): boolean {
  const stored = numberField(block, 148, 8);
  let unsigned = 8 * SPACE;
  let signed = 8 * SPACE;
  for (let i = 0; i < 512; i++) {
    if (i === 148) i = 156;
    const byte = block[i] ?? 0;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return stored === unsigned || stored === signed;
}
