import { writev } from 'node:fs';
import { promisify } from 'node:util';
import {
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import type { LayerEntry } from '../../image/layer-entry.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { memberKey, memberOf } from './archive-member.ts';
import { SIGNATURE_MEMBER } from './archive-signature.ts';
import type { ArchiveDigest } from './archive-signature.ts';
import type { ArchiveMember, KnownFile } from './archive-member.ts';
import { requireSpace } from './disk-space.ts';
import type { ArchiveSink } from './read-archive.ts';

const writeAllAsync = promisify(writev);

/** Directories that the extractor writes to; they exist when it begins. */
export const EXTRACTED_DIRECTORIES = ['images', 'volumes', 'empty-dirs', 'previous'] as const;

/** Documents are read into memory afterwards. */
const DOCUMENTS: ReadonlySet<KnownFile> = new Set<KnownFile>([
  'config.dump',
  'spec.dump',
  'network.status',
  'deleted.files',
  'environment.json',
  'tsctr.signature',
  'bind.mounts',
  'status',
  'status.dump',
  'stats-dump',
]);

type Job = { kind: 'open'; path: string } | { kind: 'write'; bytes: Buffer } | { kind: 'close' };

/**
 * Puts the members of a checkpoint archive where a kept checkpoint has them, below `root`. No name of the archive is used as
 * it is: what a member is decides where it goes. Files are 0600 and belong to the caller, whatever the archive says. Parsing
 * is synchronous, writing is not: `settle` begins what parsing has found, and waits for what it has begun before.
 */
export class ArchiveExtractor implements ArchiveSink {
  /** Regular files of no interest: they were not unpacked. */
  readonly ignored: string[] = [];
  hasParent = false;
  bytes = 0;
  /** Of all members before the signature; null where that is missing, or not the last, or where nobody asks. */
  digest: Buffer | null = null;
  readonly #digest: ArchiveDigest | null;
  #isSigned = false;
  readonly #kernel: Kernel;
  readonly #root: { fd: number; path: string };
  readonly #limits: ArchiveLimits;
  readonly #operation: string;
  readonly #seen = new Set<string>();
  #jobs: Job[] = [];
  /** What was begun last. */
  #writing: Promise<void> = Promise.resolve();
  #current: number | null = null;
  #skip = false;
  #unchecked = 0;
  #pending = 0;

  constructor(
    kernel: Kernel,
    options: {
      root: { fd: number; path: string };
      limits: ArchiveLimits;
      operation: string;
      /** Null where nobody asks who has signed it. */
      digest: ArchiveDigest | null;
    },
  ) {
    this.#kernel = kernel;
    this.#root = options.root;
    this.#limits = options.limits;
    this.#operation = options.operation;
    this.#digest = options.digest;
  }

  begin(entry: LayerEntry): void {
    const member = memberOf(entry);
    this.#digestEntry(entry, member);
    const key = memberKey(member);
    if (key !== null && this.#seen.has(key)) throw new LayerRefusal(entry.name, 'is in the archive twice');
    if (key !== null) this.#seen.add(key);
    this.#checkSize(entry, member);
    const path = targetOf(member);
    this.#skip = path === null;
    if (member.kind === 'parent-link') this.hasParent = true;
    if (member.kind === 'other' && this.ignored.length < MAX_IGNORED) this.ignored.push(entry.name);
    if (path !== null) this.#jobs.push({ kind: 'open', path });
  }

  data(piece: Buffer): void {
    if (!this.#isSigned) this.#digest?.data(piece);
    if (this.#skip) return;
    this.bytes += piece.length;
    this.#unchecked += piece.length;
    this.#pending += piece.length;
    this.#jobs.push({ kind: 'write', bytes: piece });
  }

  end(): void {
    if (!this.#skip) this.#jobs.push({ kind: 'close' });
    this.#skip = true;
  }

  /** Waits until there is enough to write at once: each call of the kernel is a detour over another thread. */
  async settle(): Promise<void> {
    if (this.#pending < FLUSH_BYTES) return;
    await this.#writing;
    this.#writing = this.#flush();
    // Whoever waits for it is told; until then it must not be taken for unhandled.
    this.#writing.catch(() => undefined);
  }

  async complete(): Promise<void> {
    await this.#writing;
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const jobs = this.#jobs;
    this.#jobs = [];
    this.#pending = 0;
    if (this.#unchecked >= SPACE_CHECK_BYTES) {
      // An archive of zeros fills any disk: others still need it.
      requireSpace(this.#kernel, this.#root.path, this.#unchecked, this.#operation);
      this.#unchecked = 0;
    }
    let pieces: Buffer[] = [];
    for (const job of jobs) {
      if (job.kind === 'write') pieces.push(job.bytes);
      else {
        await this.#write(pieces);
        pieces = [];
        if (job.kind === 'open') this.#open(job.path);
        else this.#close();
      }
    }
    await this.#write(pieces);
  }

  /** Gives up what is open, once nothing is written to it any more. */
  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#close();
  }

  #close(): void {
    if (this.#current !== null) this.#kernel.close(this.#current);
    this.#current = null;
  }

  #open(path: string): void {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const how = { flags, mode: 0o600, resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    this.#current = this.#kernel.openat2(this.#root.fd, path, how);
  }

  async #write(pieces: readonly Buffer[]): Promise<void> {
    const fd = this.#current;
    if (fd === null) return;
    let rest = [...pieces];
    while (rest.length > 0) {
      const { bytesWritten } = await writeAllAsync(fd, rest.slice(0, MAX_PIECES));
      rest = withoutFirst(rest, bytesWritten);
    }
  }

  #digestEntry({ name, type, size, linkTarget }: LayerEntry, member: ArchiveMember): void {
    if (this.#isSigned) {
      // Nobody has signed what comes behind.
      this.digest = null;
    } else if (member.kind === 'file' && member.name === SIGNATURE_MEMBER) {
      this.#isSigned = true;
      this.digest = this.#digest?.end() ?? null;
    } else {
      this.#digest?.begin({ name, type, size, linkTarget: type === 'symlink' ? linkTarget : '' });
    }
  }

  #checkSize({ name, size }: LayerEntry, member: ArchiveMember): void {
    const isDocument =
      (member.kind === 'file' && DOCUMENTS.has(member.name)) ||
      (member.kind === 'image' && member.name === 'descriptors.json');
    const limit = isDocument ? this.#limits.maxDocumentBytes : this.#limits.maxBytes;
    if (size <= limit) return;
    throw new LayerRefusal(name, `has ${String(size)} bytes, more than the limit of ${String(limit)}`);
  }
}

const MAX_IGNORED = 1000;
const SPACE_CHECK_BYTES = 16 << 20;
const FLUSH_BYTES = 1 << 20;
/** Of one writev(2): IOV_MAX. */
const MAX_PIECES = 1024;

function withoutFirst(pieces: Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  let index = 0;
  for (; index < pieces.length; index++) {
    const { length } = pieces[index] ?? Buffer.alloc(0);
    if (left < length) break;
    left -= length;
  }
  const [first, ...others] = pieces.slice(index);
  return first === undefined ? [] : [first.subarray(left), ...others];
}

/** Where a member goes; null for what is not unpacked. */
function targetOf(member: ArchiveMember): string | null {
  switch (member.kind) {
    case 'image':
      return `images/${member.name}`;
    case 'previous-image':
      return `previous/${member.name}`;
    case 'file':
      return member.name;
    case 'volume':
      return `volumes/${member.name}.tar`;
    case 'empty-dir':
      return `empty-dirs/${member.name}.tar`;
    case 'directory':
    case 'parent-link':
    case 'other':
      return null;
  }
}
