import { createPublicKey } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import type { HostPaths } from '../../host-paths.ts';
import { formatPublicKey } from './archive-signature.ts';
import { findSigningKey } from './signing-key.ts';
import type { GateFinding } from '../restore/restore-gate.ts';

/** Whose archives are restored besides our own. */
export interface ArchiveTrust {
  /** Absolute. Whatever lies in them, as long as nobody but root can write to it. */
  directories: readonly string[];
  /** Public keys of other instances: `ed25519:…`. */
  keys: readonly string[];
  /** `registry.example`, `registry.example:5000/team`: images that they have handed out under such a name. */
  registries: readonly string[];
}

export const NO_TRUST: ArchiveTrust = { directories: [], keys: [], registries: [] };

/** An archive by its real path, and the trusted directory that it lies in. */
export interface FoundArchive {
  /** Without symbolic links: what was looked at is what is read. */
  file: string;
  /** Null: in none. */
  directory: string | null;
  /** Why the place is not trusted although it is named; null where there is nothing to say. */
  doubt: string | null;
}

export async function findArchive(
  archive: string,
  trust: ArchiveTrust,
  operation: string,
): Promise<FoundArchive> {
  let file: string;
  try {
    file = await realpath(archive);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new EngineError('BAD_REQUEST', `${operation}: there is no archive ${archive}`, { cause: error });
  }
  for (const named of trust.directories) {
    const directory = await realpath(named).catch(() => null);
    if (directory === null || !file.startsWith(`${directory === '/' ? '' : directory}/`)) continue;
    const doubt = await findOthersWriting(directory, file);
    return { file, directory: doubt === null ? directory : null, doubt };
  }
  return { file, directory: null, doubt: null };
}

/** Who can write to a file, or put another one in its place, can make whatever they like of it. */
async function findOthersWriting(directory: string, file: string): Promise<string | null> {
  const within = path.relative(directory, file).split(path.sep);
  const places = within.map((_, index) => path.join(directory, ...within.slice(0, index + 1)));
  for (const place of [directory, ...places]) {
    const { uid, mode } = await stat(place);
    if (uid !== 0) return `${place} does not belong to root`;
    if ((mode & OTHERS_MAY_WRITE) !== 0) return `others than root can write to ${place}`;
  }
  return null;
}

const OTHERS_MAY_WRITE = 0o022;

/** Where an archive comes from. */
export interface ArchiveOrigin {
  /** Who has signed it, which was verified; null: nobody. */
  signer: string | null;
  /** The image that holds it, and under which name a registry has handed that out; null: it is a file. */
  image: { reference: string; pulledAs: string | null } | null;
}

/** Nothing where it may be restored, else why not. */
export async function judgeOrigin(
  parts: { archiveTrust?: ArchiveTrust; paths: Pick<HostPaths, 'root'> },
  found: FoundArchive,
  { signer, image }: ArchiveOrigin,
): Promise<GateFinding[]> {
  if (found.directory !== null) return [];
  const trust = parts.archiveTrust ?? NO_TRUST;
  const own = await findSigningKey(parts.paths.root);
  if (signer !== null && own !== null && signer === formatPublicKey(createPublicKey(own))) return [];
  if (signer !== null && trust.keys.includes(signer)) return [];
  const pulledAs = image?.pulledAs ?? null;
  if (pulledAs !== null && trust.registries.some((place) => isOf(place, pulledAs))) return [];
  const origin = signer === null ? 'it is not signed by an instance of tsctr' : `it was made by ${signer}`;
  const ways = [
    ...(signer === null ? [] : ['that key in checkpoints.trust.keys']),
    image === null
      ? 'its directory in checkpoints.trust.directories'
      : 'the registry that it is pulled from in checkpoints.trust.registries',
  ];
  return [
    {
      reason: 'foreign',
      refuses: true,
      message: `the ${image === null ? 'archive' : `image ${image.reference}`} is not of this instance: ${found.doubt ?? origin}`,
      fix: `${signer === null ? 'look into it with tsctr checkpoint inspect; ' : ''}if you trust it, name ${ways.join(', or ')} of the configuration`,
    },
  ];
}

/** `registry.example` is a host without a port; `registry.example/team` means what is below it, and not `registry.example/teamwork`. */
function isOf(place: string, name: string): boolean {
  if (!place.includes('/')) return name.startsWith(`${place}/`);
  return ['/', ':', '@'].some((end) => name.startsWith(`${place}${end}`));
}
