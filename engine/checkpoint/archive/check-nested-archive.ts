import type { Kernel } from '../../../native/index.ts';
import { entryPath, hardLinkPath } from '../../image/entry-path.ts';
import type { LayerEntry } from '../../image/layer-entry.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';
import { readArchive } from './read-archive.ts';

/** What may be in an archive of files that will be put into a directory of a container. */
export interface NestedRules {
  /** Device nodes give whoever opens them the device, unless the cgroup forbids it. */
  devices: 'refuse' | 'allow';
  maxEntries: number;
  maxBytes: number;
}

/**
 * Reads an archive within a checkpoint from beginning to end before anything is made of it: names beneath the directory, known
 * types, no content through a symbolic link that the archive itself has brought. Throws CHECKPOINT_INVALID.
 */
export async function checkNestedArchive(
  kernel: Kernel,
  file: string,
  options: NestedRules & { operation: string; signal?: AbortSignal },
): Promise<void> {
  const links = new Set<string>();
  let nameBytes = 0;
  const sink = {
    begin(entry: LayerEntry): void {
      checkEntry(entry, options, links);
      if (entry.type === 'symlink') nameBytes += entry.name.length;
      if (nameBytes > MAX_NAME_BYTES)
        throw new LayerRefusal(entry.name, 'the names of its links take too much memory');
    },
    data: () => undefined,
    end: () => undefined,
  };
  const { operation, maxEntries, maxBytes, signal } = options;
  await readArchive(kernel, file, sink, {
    operation,
    maxEntries,
    maxBytes,
    ...(signal === undefined ? {} : { signal }),
  });
}

const MAX_NAME_BYTES = 64 << 20;
const MAX_ID = 0xffff_fffe;

function checkEntry(entry: LayerEntry, rules: NestedRules, links: Set<string>): void {
  const path = entryPath(entry.name);
  if (entry.size > rules.maxBytes) throw new LayerRefusal(entry.name, 'is larger than the limit');
  if (entry.uid < 0 || entry.gid < 0 || entry.uid > MAX_ID || entry.gid > MAX_ID) {
    throw new LayerRefusal(entry.name, 'belongs to no user or group');
  }
  if (path === '' && entry.type !== 'directory')
    throw new LayerRefusal(entry.name, 'would replace the directory itself');
  if (entry.type === 'hardlink') checkAncestors(entry, hardLinkPath(entry.name, entry.linkTarget), links);
  checkAncestors(entry, path, links);
  if (entry.type === 'symlink') links.add(path);
  else links.delete(path);
  if (entry.type === 'character' || entry.type === 'block') checkDevice(entry, rules);
}

function checkAncestors(entry: LayerEntry, path: string, links: ReadonlySet<string>): void {
  if (links.size === 0) return;
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (links.has(path.slice(0, slash))) {
      throw new LayerRefusal(entry.name, 'goes through a symbolic link that the archive has brought');
    }
  }
}

function checkDevice({ name, device }: LayerEntry, { devices }: NestedRules): void {
  if (device.major === 0 && device.minor === 0) {
    throw new LayerRefusal(name, 'is a whiteout, which has no place here');
  }
  if (devices === 'refuse') throw new LayerRefusal(name, 'is a device node, which is not allowed here');
}
