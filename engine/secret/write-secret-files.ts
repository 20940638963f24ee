import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { SecretFile } from './plan-secret-files.ts';
import { SECRETS_DIRECTORY } from './plan-secret-files.ts';

/** Directory of the host that is mounted at /run/secrets, below that of all secret files. */
export const RUN_SECRETS = 'run-secrets';

/**
 * Writes the files below `directory`, which is in memory, and says what is to be mounted where: path in the container → on the
 * host. What has a place of its own is a file that is written in place, since that very file is mounted; all else is replaced as
 * a whole. May be called again with other values while containers have them mounted. Resolves with whether anything changed.
 */
export async function writeSecretFiles(
  directory: string,
  files: readonly SecretFile[],
  toHost: (owner: { uid: number; gid: number }) => { uid: number; gid: number },
): Promise<{ mounts: Record<string, string>; changed: boolean }> {
  const mounts: Record<string, string> = {};
  let changed = false;
  for (const file of files) {
    const inside = path.posix.relative(SECRETS_DIRECTORY, file.target);
    const isBelow = !inside.startsWith('..');
    // A name of its own: the path in the container may have any length.
    const ownName = createHash('sha256').update(file.target).digest('hex').slice(0, 16);
    const place = isBelow ? path.join(directory, RUN_SECRETS, inside) : path.join(directory, 'own', ownName);
    await mkdir(path.dirname(place), { recursive: true, mode: 0o755 });
    if (await isWritten(place, file.data)) {
      if (!isBelow) mounts[file.target] = place;
      continue;
    }
    changed = true;
    await (isBelow ? replaceFile(place, file, toHost(file)) : overwriteFile(place, file, toHost(file)));
    if (!isBelow) mounts[file.target] = place;
  }
  return { mounts, changed };
}

async function isWritten(place: string, data: Uint8Array): Promise<boolean> {
  try {
    return (await readFile(place)).equals(data);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function replaceFile(
  place: string,
  file: SecretFile,
  owner: { uid: number; gid: number },
): Promise<void> {
  const fresh = path.join(path.dirname(place), `..${path.basename(place)}.new`);
  await rm(fresh, { force: true });
  await overwriteFile(fresh, file, owner);
  await rename(fresh, place);
}

async function overwriteFile(
  place: string,
  { data, mode }: SecretFile,
  owner: { uid: number; gid: number },
): Promise<void> {
  await writeFile(place, data, { mode: 0o600 });
  await chown(place, owner.uid, owner.gid);
  await chmod(place, mode);
}
