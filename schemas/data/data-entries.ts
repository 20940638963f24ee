import { z } from 'zod';

/** Keys become file names and, with `envFrom`, names of variables. */
const key = z
  .string()
  .max(253, 'must be at most 253 characters long')
  .regex(
    /^(?!\.\.)(?!\.$)[A-Za-z0-9._-]+$/,
    'must be letters, digits, `-`, `_` and `.`, and not begin with `..`',
  );

const base64 = z
  .string()
  .regex(/^([A-Za-z0-9+/]{4}|\s)*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/, 'must be base64');

/** As on a cluster, where such objects live in etcd: larger things are files. */
export const MAX_DATA_BYTES = 1 << 20;

export const textEntries = z.record(key, z.string());
export const base64Entries = z.record(key, base64);
export const dataKey = key;

/** Key → bytes of what a ConfigMap or Secret says in its manifest. */
export function decodeEntries(
  text: Readonly<Record<string, string>> = {},
  encoded: Readonly<Record<string, string>> = {},
): Record<string, Uint8Array> {
  return Object.fromEntries([
    ...Object.entries(encoded).map(([name, value]): [string, Uint8Array] => [
      name,
      Buffer.from(value, 'base64'),
    ]),
    ...Object.entries(text).map(([name, value]): [string, Uint8Array] => [name, Buffer.from(value)]),
  ]);
}
