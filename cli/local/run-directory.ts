import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const BOOT_ID_FILE = 'boot-id';

/** What of the run directory describes a boot that is over: everything but the socket and the cache of versions. */
const OF_THE_BOOT = ['oci', 'containers', 'pods', 'exits', 'memory-dirs', 'volumes', 'user-namespaces'];

/** True when the run directory is not of this boot: there is nothing in it yet, or /run outlived a reboot. */
export async function isOfEarlierBoot(run: string, bootId: string): Promise<boolean> {
  try {
    return (await readFile(path.join(run, BOOT_ID_FILE), 'utf8')).trim() !== bootId;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/** Empties the run directory of what an earlier boot left, and notes the present one. Records were reset before. */
export async function beginBoot(run: string, bootId: string): Promise<void> {
  await mkdir(run, { recursive: true, mode: 0o711 });
  // Without a note nobody knows whether what is there still lives; an empty directory needs no clearing.
  if (await isNoted(run)) {
    for (const name of OF_THE_BOOT) await rm(path.join(run, name), { recursive: true, force: true });
  }
  await writeFile(path.join(run, BOOT_ID_FILE), `${bootId}\n`, { mode: 0o600 });
}

async function isNoted(run: string): Promise<boolean> {
  return readFile(path.join(run, BOOT_ID_FILE)).then(
    () => true,
    () => false,
  );
}
