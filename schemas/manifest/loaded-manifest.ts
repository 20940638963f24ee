import type { FieldIssue } from '../issue/field-issue.ts';
import { formatFieldPath } from '../issue/field-path.ts';
import type { FieldPath } from '../issue/field-path.ts';
import type { ManifestProblem } from './manifest-error.ts';
import type { Manifest } from './manifest.ts';

/** A manifest that is valid by itself, and where it begins. */
export interface LoadedManifest {
  manifest: Manifest;
  file: string;
  /** Where the document's first field stands, from 1. */
  line: number;
  column: number;
  /** Position among the documents of its file, from 0; empty documents count. */
  index: number;
  /** Where in its document it stands: empty, or `items[2]` of a List. */
  prefix: FieldPath;
}

/** Turns an issue into a problem with its place. */
export type ProblemMaker = (issue: FieldIssue) => ManifestProblem;

/** How to find the fields of a manifest in its file again. Held weakly: it lives no longer than the manifest itself. */
const makers = new WeakMap<LoadedManifest, ProblemMaker>();

/** Remembers the way back into the file. */
export function rememberPlaces(loaded: LoadedManifest, maker: ProblemMaker): void {
  makers.set(loaded, maker);
}

/** A problem of a manifest that was loaded before; one that did not come from a text is reported where it says to begin. */
export function problemOf(loaded: LoadedManifest, issue: FieldIssue): ManifestProblem {
  const { file, line, column } = loaded;
  const { message, code } = issue;
  const field = formatFieldPath(issue.path);
  return (
    makers.get(loaded)?.(issue) ?? { file, line, column, length: 1, field, message, code, excerpt: null }
  );
}
