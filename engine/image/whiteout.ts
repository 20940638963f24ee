import { LayerRefusal } from './layer-refusal.ts';

/**
 * What the base name of an entry says about the layers below (OCI image-spec, layer.md, "Whiteouts"): hide one name, hide all
 * of the directory, or nothing. `metadata` is what aufs leaves in old layers, and is not for us.
 */
export type Whiteout = { kind: 'hide'; name: string } | { kind: 'opaque' } | { kind: 'metadata' } | null;

const PREFIX = '.wh.';

export function whiteoutOf(entry: string, base: string): Whiteout {
  if (!base.startsWith(PREFIX)) return null;
  if (base === '.wh..wh..opq') return { kind: 'opaque' };
  if (base.startsWith('.wh..wh.')) return { kind: 'metadata' };
  const name = base.slice(PREFIX.length);
  if (name === '' || name === '.' || name === '..') {
    throw new LayerRefusal(entry, 'is a whiteout of no name');
  }
  return { kind: 'hide', name };
}
