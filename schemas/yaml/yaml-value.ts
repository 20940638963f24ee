import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import { YAML_LIMITS } from './yaml-document.ts';
import type { YamlFault } from './yaml-fault.ts';

/** How many nodes the aliases of one document may stand for, all together: what stops `a: &a [*b, *b, …]` towers. */
export const ALIAS_BUDGET_NODES = 10_000;

const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Which node each alias stands for. */
export type AliasTargets = ReadonlyMap<Alias, Node>;

export interface YamlValue {
  /** Plain data: objects, arrays, strings, numbers, booleans, null. */
  value: unknown;
  aliases: AliasTargets;
  faults: YamlFault[];
}

/**
 * Makes plain data of a document: aliases and merge keys (`<<`) resolved, within limits of depth and of work. We do this
 * ourselves because the library's own conversion gives circular objects, counts aliases in place of the work they make, and
 * has no positions in its errors.
 */
export function valueOfDocument(document: Document.Parsed): YamlValue {
  const reader = new ValueReader();
  const value = document.contents === null ? null : reader.read(document.contents, 1);
  return { value, aliases: reader.aliases, faults: reader.faults };
}

/** True for the key of a merge: a plain `<<`, not a quoted one. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === 'PLAIN' || key.type === undefined);
}

class ValueReader {
  readonly faults: YamlFault[] = [];
  readonly aliases = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #insideAliases = 0;
  #aliasedNodes = 0;

  read(node: Node, depth: number): unknown {
    if (this.#isBeyondLimits(node, depth)) return null;
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag)) {
      this.#fault(
        node,
        `the tag ${node.tag.replace('tag:yaml.org,2002:', '!!')} is not supported: remove it`,
        'tag',
      );
      return null;
    }
    const anchor = 'anchor' in node ? node.anchor : undefined;
    // Within an alias everything has been bound already, when it was read where it stands.
    if (anchor !== undefined && this.#insideAliases === 0) this.#anchors.set(anchor, node);
    if (isScalar(node)) return exactScalar(node);
    this.#open.add(node);
    const value = isMap(node)
      ? this.#readMap(node, depth)
      : isSeq(node)
        ? node.items.map((item) => this.read(item as Node, depth + 1))
        : null;
    this.#open.delete(node);
    return value;
  }

  #isBeyondLimits(node: Node, depth: number): boolean {
    if (depth > YAML_LIMITS.depth) {
      this.#fault(node, `nested too deeply: expected at most ${String(YAML_LIMITS.depth)} levels`, 'limit');
      return true;
    }
    if (this.#insideAliases === 0) return false;
    this.#aliasedNodes += 1;
    if (this.#aliasedNodes === ALIAS_BUDGET_NODES + 1) {
      const limit = `expected them to stand for at most ${String(ALIAS_BUDGET_NODES)} values`;
      this.#fault(node, `the aliases of this document make it too large: ${limit}`, 'limit');
    }
    return this.#aliasedNodes > ALIAS_BUDGET_NODES;
  }

  #readAlias(alias: Alias, depth: number): unknown {
    const target = this.#targetOf(alias);
    if (target === undefined) return null;
    this.#insideAliases += 1;
    const value = this.read(target, depth);
    this.#insideAliases -= 1;
    return value;
  }

  #targetOf(alias: Alias): Node | undefined {
    const target = this.aliases.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#fault(alias, `the alias *${alias.source} names no anchor above it`, 'alias');
    } else if (this.#open.has(target)) {
      this.#fault(alias, `the alias *${alias.source} stands inside of what it names`, 'alias');
      return undefined;
    } else {
      this.aliases.set(alias, target);
    }
    return target;
  }

  #readMap(map: YAMLMap, depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const merged: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const name = this.#nameOf(pair.key, seen);
      if (name === null) continue;
      if (isMergeKey(pair.key)) this.#merge(pair.value, merged, depth);
      else value[name] = pair.value === null ? null : this.read(pair.value, depth + 1);
    }
    return { ...merged, ...value };
  }

  #nameOf(key: Node, seen: Set<string>): string | null {
    // Other keys have been reported by the parser.
    if (!isScalar(key) || typeof key.value !== 'string') return null;
    const name = key.value;
    if (name === '__proto__') {
      this.#fault(key, 'a field cannot be named __proto__', 'unknown-field');
    } else if (seen.has(name)) {
      // Once for each place where it stands, not for each alias.
      if (this.#insideAliases === 0)
        this.#fault(key, `the field \`${name}\` stands here a second time`, 'duplicate');
    } else if (name === '' && key.source === '') {
      this.#fault(key, 'the name of a field is missing before `:`', 'non-string-key');
    } else {
      seen.add(name);
      return name;
    }
    return null;
  }

  /** https://yaml.org/type/merge.html: a mapping or a list of mappings; the first one that has a field gives its value. */
  #merge(node: Node | null, into: Record<string, unknown>, depth: number): void {
    const target = isAlias(node) ? this.#targetOf(node) : node;
    const sources = isSeq(target) ? (target.items as Node[]) : [node];
    const isAliasedList = isAlias(node) && isSeq(target);
    for (const source of sources) {
      this.#insideAliases += isAliasedList ? 1 : 0;
      const mapping = source === null ? null : this.read(source, depth + 1);
      this.#insideAliases -= isAliasedList ? 1 : 0;
      if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) {
        if (source !== null && this.faults.length === 0)
          this.#fault(source, '`<<` must name a mapping, or a list of mappings', 'merge');
        continue;
      }
      for (const [name, value] of Object.entries(mapping)) if (!Object.hasOwn(into, name)) into[name] = value;
    }
  }

  #fault(node: Node, message: string, code: string): void {
    if (this.faults.length >= 20) return;
    const [start, end] = node.range ?? [0, 1];
    this.faults.push({ start, end: Math.max(end, start + 1), message, code });
  }
}

/** Whole numbers that a double cannot hold stay text, so that a quantity is what was written. */
function exactScalar(node: Scalar): unknown {
  const { value, source } = node;
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    source !== undefined
  )
    return source;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
}
