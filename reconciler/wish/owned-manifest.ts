import type { Manifest, Ownership } from '../../schemas/index.ts';

/** A manifest, and the file of its source that it stands in. */
export interface OwnedManifest {
  manifest: Manifest;
  /** An absolute path, `-` for standard input. */
  file: string;
}

export interface AcceptOptions {
  source: Ownership['source'];
  /** Delete what this source made before and what is no longer there: from these files, or from all but these. */
  prune: ReadonlySet<string> | { allBut: ReadonlySet<string> } | null;
  /** What belongs to another source: refuse everything, or leave that one out and go on. */
  conflicts: 'refuse' | 'skip';
}
