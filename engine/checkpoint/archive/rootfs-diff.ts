import type { FileChange } from '../../access.ts';
import type { Kernel } from '../../../native/index.ts';
import { FilePacker } from './pack-files.ts';
import type { TarWriter } from './tar-writer.ts';

/** What every engine provides anew; podman leaves out the same paths, which other archives may lack. */
const PROVIDED: ReadonlySet<string> = new Set([
  '/dev',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/mtab',
  '/etc/resolv.conf',
  '/proc',
  '/run',
  '/run/.containerenv',
  '/run/notify',
  '/run/podman-init',
  '/run/secrets',
  '/sys',
]);

/**
 * Packs what was added or changed in a root filesystem, `rootfs-diff.tar` of a checkpoint: names without a leading slash, no
 * whiteouts. All of it: podman forgets what was changed, unless the host has a file of the same path.
 */
export async function packRootfsDiff(
  kernel: Kernel,
  writer: TarWriter,
  { directory, changes }: { directory: string; changes: readonly FileChange[] },
): Promise<void> {
  const packer = new FilePacker(kernel, directory, writer);
  try {
    for (const { kind, path } of changes) {
      if (kind !== 'deleted' && !PROVIDED.has(path)) await packer.pack(path.slice(1));
    }
    await writer.finish();
  } finally {
    packer.close();
  }
}

/** `deleted.files`; what is in a directory that is gone as a whole needs no line of its own. */
export function deletedPaths(changes: readonly FileChange[]): string[] {
  const deleted = changes.filter(({ kind, path }) => kind === 'deleted' && !PROVIDED.has(path));
  return deleted.map(({ path }) => path).sort();
}
