import { z } from 'zod';
import { anyManifest, manifestSchemas } from '../manifest/manifest.ts';
import type { ManifestKind } from '../manifest/manifest.ts';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of one kind, or of any manifest, for editors: it describes what may be written, so that fields with a default
 * are optional. What fields say about each other is not in it; `loadManifests` checks more.
 */
export function jsonSchema(kind: ManifestKind | null): JsonSchema {
  const schema = kind === null ? anyManifest() : manifestSchemas[kind];
  const title = kind === null ? 'A manifest of tsctr' : `${kind} of tsctr`;
  const generated = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', override: clarify });
  return { title, ...generated };
}

/** Says as a pattern what zod keeps in checks, and leaves out what editors would only repeat. */
function clarify({ jsonSchema: node }: { jsonSchema: Record<string, unknown> }): void {
  if (node['maximum'] === Number.MAX_SAFE_INTEGER) delete node['maximum'];
  if (node['minimum'] === Number.MIN_SAFE_INTEGER) delete node['minimum'];
}
