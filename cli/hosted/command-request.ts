import { readlinkSync, statSync } from 'node:fs';
import path from 'node:path';

/** Who asks for a command, and for which. */
export interface CommandRequest {
  /** What must be the same on both sides; see `ownPlace`. */
  place: Place;
  args: string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  columns: number | null;
}

/**
 * A command may run in the daemon only where nobody could tell the difference: the same program, the same user, the same files
 * under the same names.
 */
export interface Place {
  /** Device, inode, size and time of change of dist/main.js: another build answers differently. */
  program: string;
  /** The effective user id. */
  user: string;
  /** The namespaces of mounts and users, as /proc names them. */
  mounts: string;
  users: string;
  /** Device and inode of `/`: a changed root has other files. */
  slash: string;
}

/** The place of this process; null when it does not run from the bundle, so that there is no program to compare. */
export function ownPlace(): Place | null {
  try {
    const program = statSync(path.join(import.meta.dirname, '../dist/main.js'), { bigint: true });
    const slash = statSync('/', { bigint: true });
    return {
      program: [program.dev, program.ino, program.size, program.mtimeNs].join(':'),
      user: String(process.geteuid?.() ?? ''),
      mounts: readlinkSync('/proc/self/ns/mnt'),
      users: readlinkSync('/proc/self/ns/user'),
      slash: `${slash.dev}:${slash.ino}`,
    };
  } catch {
    return null;
  }
}

export function isSamePlace(one: Place, other: Place): boolean {
  return (
    one.program === other.program &&
    one.user === other.user &&
    one.mounts === other.mounts &&
    one.users === other.users &&
    one.slash === other.slash
  );
}

/** Fields `name=value`, each with a NUL behind it. Null when it is not understood. */
export function readCommandRequest(payload: Buffer): CommandRequest | null {
  const request: CommandRequest = {
    place: { program: '', user: '', mounts: '', users: '', slash: '' },
    args: [],
    cwd: '',
    env: {},
    outIsTerminal: false,
    errIsTerminal: false,
    columns: null,
  };
  const env: Record<string, string> = {};
  for (const field of payload.toString('utf8').split('\0').slice(0, -1)) {
    const [name, value] = splitAt(field, '=');
    if (value === null || !take(request, env, name, value)) return null;
  }
  return request.cwd === '' ? null : { ...request, env };
}

function take(request: CommandRequest, env: Record<string, string>, name: string, value: string): boolean {
  switch (name) {
    case 'program':
    case 'user':
    case 'mounts':
    case 'users':
    case 'slash':
      request.place[name] = value;
      return true;
    case 'cwd':
      request.cwd = value;
      return true;
    case 'arg':
      request.args.push(value);
      return true;
    case 'env': {
      const [variable, content] = splitAt(value, '=');
      env[variable] = content ?? '';
      return true;
    }
    case 'terminals':
      request.outIsTerminal = value.includes('1');
      request.errIsTerminal = value.includes('2');
      return true;
    case 'columns':
      request.columns = Number(value);
      return Number.isInteger(request.columns);
    default:
      return false;
  }
}

function splitAt(text: string, separator: string): [before: string, after: string | null] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}
