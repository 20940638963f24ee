import { entryPath } from '../../image/entry-path.ts';
import type { LayerEntry } from '../../image/layer-entry.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';

/**
 * What an entry of a checkpoint archive is, in podman's layout, in CRI-O's and in containerd's. The names that are known are few,
 * and an archive can say no others: nothing of it is put anywhere by a name that it chose.
 */
export type ArchiveMember =
  | { kind: 'image'; name: string }
  /** Of an earlier dump, which the images build on. */
  | { kind: 'previous-image'; name: string }
  | { kind: 'file'; name: KnownFile }
  /** The content of a volume, by the name of the volume. */
  | { kind: 'volume'; name: string }
  | { kind: 'empty-dir'; name: string }
  | { kind: 'directory' }
  | { kind: 'parent-link' }
  /** A file of no interest. */
  | { kind: 'other' };

const KNOWN_FILES = [
  'config.dump',
  'spec.dump',
  'network.status',
  'stats-dump',
  'ctr.log',
  'dump.log',
  'devshm-checkpoint.tar',
  'rootfs-diff.tar',
  'deleted.files',
  'environment.json',
  'tsctr.signature',
  // CRI-O
  'bind.mounts',
  // containerd
  'status',
  'status.dump',
] as const;
export type KnownFile = (typeof KNOWN_FILES)[number];

const IMAGE_DIRECTORIES = { checkpoint: 'image', 'pre-checkpoint': 'previous-image' } as const;
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

/** Says what the entry is; throws LayerRefusal for one that no engine writes. */
export function memberOf(entry: LayerEntry): ArchiveMember {
  const path = entryPath(entry.name);
  if (entry.type === 'directory') return directoryMember(path);
  if (path === 'checkpoint/parent' && entry.type === 'symlink') return parentLink(entry);
  if (entry.type !== 'file') {
    throw new LayerRefusal(entry.name, `is a ${TYPE_NAMES[entry.type]}, which has no place in a checkpoint`);
  }
  if (entry.sparse !== null) throw new LayerRefusal(entry.name, 'has holes, which no engine writes');
  return fileMember(entry, path);
}

const TYPE_NAMES = {
  hardlink: 'hard link',
  symlink: 'symbolic link',
  character: 'device node',
  block: 'device node',
  fifo: 'fifo',
} as const;

function directoryMember(path: string): ArchiveMember {
  const directories = ['', 'checkpoint', 'pre-checkpoint', 'artifacts', 'volumes', 'empty-dirs'];
  return directories.includes(path) ? { kind: 'directory' } : { kind: 'other' };
}

function parentLink(entry: LayerEntry): ArchiveMember {
  if (/^\.\.\/pre-checkpoint\/?$/.test(entry.linkTarget)) return { kind: 'parent-link' };
  throw new LayerRefusal(entry.name, 'leads somewhere else than to ../pre-checkpoint');
}

function fileMember(entry: LayerEntry, path: string): ArchiveMember {
  const [first = '', second, ...more] = path.split('/');
  if (second === undefined) {
    const known = KNOWN_FILES.find((name) => name === path);
    return known === undefined ? { kind: 'other' } : { kind: 'file', name: known };
  }
  if (first === 'checkpoint' || first === 'pre-checkpoint') {
    if (more.length > 0 || !PLAIN_NAME.test(second)) {
      throw new LayerRefusal(entry.name, 'is not a name that CRIU gives to an image');
    }
    return { kind: IMAGE_DIRECTORIES[first], name: second };
  }
  if (first === 'volumes' || first === 'empty-dirs') {
    const name = second.endsWith('.tar') ? second.slice(0, -'.tar'.length) : '';
    if (more.length > 0 || !PLAIN_NAME.test(name)) {
      throw new LayerRefusal(entry.name, 'is not the archive of a volume');
    }
    return { kind: first === 'volumes' ? 'volume' : 'empty-dir', name };
  }
  return { kind: 'other' };
}

/** What an entry is known by in an archive; null for what may be there more than once. */
export function memberKey(member: ArchiveMember): string | null {
  return 'name' in member ? `${member.kind}/${member.name}` : null;
}
