import { isAlias, isCollection, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import type { FieldIssue } from '../issue/field-issue.ts';
import { isMergeKey } from './yaml-value.ts';
import type { AliasTargets } from './yaml-value.ts';

/** The text that is to be marked for an issue. Offsets; the end is exclusive. */
export interface FieldRange {
  start: number;
  end: number;
}

interface Found {
  /** Name of the innermost field that exists, null for the root and for entries of lists. */
  key: Node | null;
  value: Node | null;
  /** True when the whole path exists. */
  isExact: boolean;
}

/** Where the field of an issue stands; for one that is missing, the nearest field around it. */
export function locateField(
  document: Document.Parsed,
  aliases: AliasTargets,
  issue: Pick<FieldIssue, 'path' | 'mark'>,
): FieldRange {
  const found = follow(document, aliases, issue);
  const onName = issue.mark === 'name' || (!found.isExact && found.key !== null);
  const node = onName ? (found.key ?? found.value) : found.value;
  if (node === null) return rangeOf(found.key ?? document.contents);
  if (onName || isScalar(node) || isAlias(node)) {
    const range = rangeOf(node);
    // A value that is not there has no text: its name is marked in its place.
    return range.end > range.start || found.key === null ? range : rangeOf(found.key);
  }
  if (isCollection(node) && node.flow !== true && found.key !== null) return rangeOf(found.key);
  return rangeOf(firstLeaf(node));
}

function follow(document: Document.Parsed, aliases: AliasTargets, issue: Pick<FieldIssue, 'path'>): Found {
  let found: Found = { key: null, value: document.contents, isExact: true };
  for (const part of issue.path) {
    const container = dereference(found.value, aliases);
    if (isMap(container)) {
      const pair = findPair(container as YAMLMap<Node, Node | null>, String(part), aliases);
      if (pair === null) return { ...found, isExact: false };
      found = { key: pair.key, value: pair.value, isExact: true };
    } else if (isSeq(container) && typeof part === 'number' && container.items[part] !== undefined) {
      found = { key: null, value: container.items[part] as Node, isExact: true };
    } else {
      return { ...found, isExact: false };
    }
  }
  return found;
}

function dereference(node: Node | null, aliases: AliasTargets): Node | null {
  return isAlias(node) ? (aliases.get(node) ?? null) : node;
}

function findPair(
  map: YAMLMap<Node, Node | null>,
  name: string,
  aliases: AliasTargets,
): Pair<Node, Node | null> | null {
  const own = map.items.find(({ key }) => isScalar(key) && key.value === name && !isMergeKey(key));
  if (own !== undefined) return own;
  for (const { key, value } of map.items) {
    if (!isMergeKey(key)) continue;
    const target = dereference(value, aliases);
    for (const source of isSeq(target) ? target.items : [target]) {
      const mapping = dereference(source as Node | null, aliases);
      const pair = isMap(mapping) ? findPair(mapping as YAMLMap<Node, Node | null>, name, aliases) : null;
      if (pair !== null) return pair;
    }
  }
  return null;
}

/** Of a collection, what stands first in it: the name of its first field. */
function firstLeaf(node: Node): Node {
  if (isMap(node) && node.flow !== true) return (node.items[0]?.key as Node | undefined) ?? node;
  return node;
}

function rangeOf(node: Node | null): FieldRange {
  const [start, end] = node?.range ?? [0, 0];
  return { start, end };
}
