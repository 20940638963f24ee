import { checkSet, loadManifests, type LoadedManifest, type ManifestProblem } from '../../schemas/index.ts';
import type { OwnedManifest } from '../wish/owned-manifest.ts';
import type { DirectoryScan, ScannedFile } from './scan-directory.ts';

/** What a directory of manifests wants. */
export interface DirectoryWish {
  manifests: readonly OwnedManifest[];
  /** Why files, or all of them, are not as they should be. */
  problems: readonly ManifestProblem[];
  /** What came from these files stays as it is, although they do not say so now. `all`: the directory itself cannot be used. */
  keep: ReadonlySet<string> | 'all';
}

interface FileState {
  version: string;
  /** What the file says in this version. */
  manifests: readonly LoadedManifest[];
  problems: readonly ManifestProblem[];
  /** What it said when it was last taken as good: this is what counts until a change is believed. */
  good: readonly LoadedManifest[] | null;
  /** When this version was first seen, in milliseconds since 1970; what takes something away has to last. */
  seenAt: number;
}

/**
 * The files of a directory over time. A file that turned bad, or that was found half-written, or that vanished for a moment, leaves
 * what it made before untouched: what would take something away is believed only when it has lasted `settleMs`.
 */
export class ManifestFiles {
  readonly #settleMs: number;
  readonly #root: string;
  #files = new Map<string, FileState>();
  readonly #missingSince = new Map<string, number>();

  constructor(root: string, settleMs: number) {
    this.#root = root;
    this.#settleMs = settleMs;
  }

  /** Versions that need not be read again. */
  known(): Map<string, string> {
    return new Map([...this.#files].map(([file, { version }]) => [file, version]));
  }

  /** Takes a scan in. `lookAgainInMs`: a file is not believed yet; null: all are. */
  update(scan: DirectoryScan, now: number): { wish: DirectoryWish; lookAgainInMs: number | null } {
    if (scan.refusal !== null) {
      const problem = problemOf(this.#root, scan.refusal.code, scan.refusal.message);
      return { wish: { manifests: [], problems: [problem], keep: 'all' }, lookAgainInMs: null };
    }
    for (const [file, scanned] of scan.files) this.#note(file, scanned, now);
    this.#noteMissing(scan, now);
    return this.#wish(now);
  }

  #note(file: string, scanned: ScannedFile, now: number): void {
    this.#missingSince.delete(file);
    const before = this.#files.get(file);
    if (scanned.kind === 'unchanged' || before?.version === scanned.version) return;
    const read =
      scanned.kind === 'text'
        ? loadManifests(scanned.text, file)
        : { manifests: [], problems: [problemOf(file, scanned.code, scanned.message)] };
    this.#files.set(file, { ...read, version: scanned.version, good: before?.good ?? null, seenAt: now });
  }

  #noteMissing(scan: DirectoryScan, now: number): void {
    for (const file of [...this.#files.keys()].filter((known) => !scan.files.has(known))) {
      const since = this.#missingSince.get(file) ?? now;
      this.#missingSince.set(file, since);
      if (now - since < this.#settleMs) continue;
      this.#files.delete(file);
      this.#missingSince.delete(file);
    }
  }

  #wish(now: number): { wish: DirectoryWish; lookAgainInMs: number | null } {
    const keep = new Set<string>();
    const problems: ManifestProblem[] = [];
    const good = new Map<string, readonly LoadedManifest[]>();
    const waits: number[] = [];
    for (const [file, state] of this.#files) {
      const missingSince = this.#missingSince.get(file) ?? null;
      const waitMs = (missingSince ?? state.seenAt) + this.#settleMs - now;
      const isBelieved =
        waitMs <= 0 || (missingSince === null && state.problems.length === 0 && !losesSomething(state));
      if (!isBelieved) waits.push(waitMs);
      if (isBelieved && state.problems.length === 0) good.set(file, state.manifests);
      else {
        keep.add(file);
        if (state.good !== null) good.set(file, state.good);
        if (isBelieved) problems.push(...state.problems);
      }
    }
    problems.push(...this.#takeOutClashes(good, keep));
    for (const [file, manifests] of good) {
      const state = this.#files.get(file);
      if (state !== undefined) state.good = manifests;
    }
    const manifests = [...good].flatMap(([file, loaded]) =>
      loaded.map(({ manifest }) => ({ manifest, file })),
    );
    return {
      wish: { manifests, problems, keep },
      lookAgainInMs: waits.length === 0 ? null : Math.max(1, Math.min(...waits)),
    };
  }

  /** Files that cannot stand beside the others: two of the same name, a circle of dependencies. Their last good version may. */
  #takeOutClashes(good: Map<string, readonly LoadedManifest[]>, keep: Set<string>): ManifestProblem[] {
    const problems: ManifestProblem[] = [];
    for (let clashes = checkSet(inOrder(good)); clashes.length > 0; clashes = checkSet(inOrder(good))) {
      problems.push(...clashes);
      const first = clashes[0]?.file ?? '';
      keep.add(first);
      // Whatever the file said before is on record, and stays there.
      if (!good.delete(first)) return problems;
    }
    return problems;
  }
}

function inOrder(good: ReadonlyMap<string, readonly LoadedManifest[]>): LoadedManifest[] {
  return [...good].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, loaded]) => loaded);
}

function losesSomething({ manifests, good }: FileState): boolean {
  const names = new Set(manifests.map(({ manifest }) => `${manifest.kind}/${manifest.metadata.name}`));
  return (good ?? []).some(({ manifest }) => !names.has(`${manifest.kind}/${manifest.metadata.name}`));
}

function problemOf(file: string, code: string, message: string): ManifestProblem {
  return { file, line: 1, column: 1, length: 1, field: '', message, code, excerpt: null };
}
