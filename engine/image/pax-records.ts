import { LayerRefusal } from './layer-refusal.ts';

/**
 * The records of a pax extended header (pax(1), "pax Header Block"): `<length> <key>=<value>\n`. In their order, as the
 * oldest sparse format repeats keys; values as bytes, as extended attributes are binary.
 */
export function parsePaxRecords(body: Buffer, entry: string | null): [key: string, value: Buffer][] {
  const records: [string, Buffer][] = [];
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const digits = space === -1 ? '' : body.toString('latin1', at, space);
    const length = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = body.indexOf(0x3d, space + 1);
    if (length === 0 || end > body.length || body[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw new LayerRefusal(entry, 'a pax header is damaged');
    }
    records.push([body.toString('utf8', space + 1, equals), body.subarray(equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** Seconds since the epoch with a fraction, `1700000000.123456789`, in nanoseconds. */
export function parsePaxTime(text: string): bigint | null {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) return null;
  const [, sign, seconds = '0', fraction = ''] = match;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -ns : ns;
}
