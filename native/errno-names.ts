import { constants } from 'node:os';

/** Linux's own, which Node has no constants for: errno(3). */
const LINUX_ONLY: Readonly<Record<string, number>> = {
  ENOTBLK: 15,
  ECHRNG: 44,
  EL2NSYNC: 45,
  EBADE: 52,
  EBADR: 53,
  EBADRQC: 56,
  ENONET: 64,
  ENOPKG: 65,
  EREMOTE: 66,
  ECOMM: 70,
  ENOTUNIQ: 76,
  EBADFD: 77,
  EREMCHG: 78,
  ELIBACC: 79,
  ELIBBAD: 80,
  ELIBEXEC: 83,
  ERESTART: 85,
  EUSERS: 87,
  ESOCKTNOSUPPORT: 94,
  EPFNOSUPPORT: 96,
  ESHUTDOWN: 108,
  ETOOMANYREFS: 109,
  EHOSTDOWN: 112,
  EUCLEAN: 117,
  EREMOTEIO: 121,
  EDQUOT: 122,
  ENOMEDIUM: 123,
  EMEDIUMTYPE: 124,
  ENOKEY: 126,
  EKEYEXPIRED: 127,
  EKEYREVOKED: 128,
  EKEYREJECTED: 129,
  EOWNERDEAD: 130,
  ENOTRECOVERABLE: 131,
  ERFKILL: 132,
  EHWPOISON: 133,
};

/** Second names of a number; the first is the one that Node's own errors carry. */
const ALIASES = new Set(['EWOULDBLOCK', 'EOPNOTSUPP']);

let names: Map<number, string> | undefined;

/** The symbolic code of an errno: 2 → `ENOENT`. An unknown number gives `E<number>`. */
export function errnoName(errno: number): string {
  names ??= new Map(
    [...Object.entries(LINUX_ONLY), ...Object.entries(constants.errno)]
      .filter(([name]) => !ALIASES.has(name))
      .map(([name, number]) => [number, name]),
  );
  return names.get(errno) ?? `E${errno}`;
}
