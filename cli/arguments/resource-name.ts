import type { DataName, ResourceName, ResourceView } from '../api/service.ts';
import { CliError } from '../command-line/cli-error.ts';

type Kind = ResourceName['kind'];

/** The words for each kind; the first is the one that tsctr prints. */
export const KIND_WORDS: Readonly<Record<Kind, readonly string[]>> = {
  Container: ['container', 'containers', 'c', 'ctr'],
  Pod: ['pod', 'pods', 'po'],
};

/** A name as it was typed: the kind is null where only a bare name stands. */
export interface TypedName {
  kind: Kind | null;
  name: string;
}

/** The kind that `word` means, or null. */
export function kindOf(word: string): Kind | null {
  const lower = word.toLowerCase();
  for (const kind of ['Container', 'Pod'] as const) if (KIND_WORDS[kind].includes(lower)) return kind;
  return null;
}

/** `container/web`: how tsctr prints a resource. */
export function formatName(resource: ResourceName | DataName): string {
  return `${resource.kind.toLowerCase()}/${resource.name}`;
}

/**
 * Reads names as kubectl does: `container web api`, `container/web pod/db`, `container,pod` (all of these kinds) and, beyond
 * kubectl, a bare `web`. `kinds` is what was named without a name behind it.
 */
export function parseNames(words: readonly string[]): { kinds: Kind[]; names: TypedName[] } {
  const [first, ...rest] = words;
  if (first === undefined) return { kinds: [], names: [] };
  const kinds = first.split(',').map(kindOf);
  if (kinds.every((kind) => kind !== null)) {
    if (rest.length === 0) return { kinds, names: [] };
    const [kind] = kinds;
    if (kinds.length === 1 && kind !== undefined && rest.every((word) => !word.includes('/'))) {
      return { kinds: [], names: rest.map((name) => ({ kind, name })) };
    }
    throw new CliError('BAD_INPUT', `'${words.join(' ')}': a kind and names with kinds cannot be mixed`);
  }
  return { kinds: [], names: words.map(parseName) };
}

function parseName(word: string): TypedName {
  const slash = word.indexOf('/');
  if (slash < 0) return { kind: null, name: word };
  const kind = kindOf(word.slice(0, slash));
  if (kind === null) {
    throw new CliError(
      'BAD_INPUT',
      `'${word}': unknown kind '${word.slice(0, slash)}'`,
      'the kinds are container, pod, configmap, secret, volume and checkpoint',
    );
  }
  const name = word.slice(slash + 1);
  if (name === '') throw new CliError('BAD_INPUT', `'${word}': the name is missing`);
  return { kind, name };
}

const DATA_WORDS: Readonly<Record<DataName['kind'], readonly string[]>> = {
  ConfigMap: ['configmap', 'configmaps', 'cm'],
  Secret: ['secret', 'secrets'],
  Volume: ['volume', 'volumes', 'vol'],
  PersistentVolumeClaim: ['persistentvolumeclaim', 'persistentvolumeclaims', 'pvc'],
  Checkpoint: ['checkpoint', 'checkpoints', 'ckpt'],
};

/** `secret/db`, `configmap/web` or `volume/data`; null for any other word. */
export function parseDataName(word: string): DataName | null {
  const slash = word.indexOf('/');
  const kind = dataKindOf(word.slice(0, slash));
  const name = word.slice(slash + 1);
  return slash < 0 || kind === null || name === '' ? null : { kind, name };
}

/** `secret db cache`, `secrets`, `secret/db secret/cache`: names of one kind of data; null for anything else. */
export function parseDataNames(words: readonly string[]): { kind: DataName['kind']; names: string[] } | null {
  const [first = '', ...rest] = words;
  const kind = dataKindOf(first);
  if (kind !== null && rest.every((word) => !word.includes('/'))) return { kind, names: rest };
  const parsed = words.map(parseDataName);
  const [head] = parsed;
  if (head === undefined || head === null) return null;
  const names = parsed.flatMap((each) => (each?.kind === head.kind ? [each.name] : []));
  return names.length === words.length ? { kind: head.kind, names } : null;
}

/** The kind of data that `word` means, or null. */
function dataKindOf(word: string): DataName['kind'] | null {
  const lower = word.toLowerCase();
  const kinds = Object.keys(DATA_WORDS) as DataName['kind'][];
  return kinds.find((kind) => DATA_WORDS[kind].includes(lower)) ?? null;
}

/** Finds the one resource that a typed name means; throws `NOT_FOUND` or `AMBIGUOUS`. */
export function resolveName(typed: TypedName, views: readonly ResourceView[]): ResourceView {
  const found = views.filter(
    ({ resource }) => resource.name === typed.name && (typed.kind === null || resource.kind === typed.kind),
  );
  const [view, second] = found;
  const shown = typed.kind === null ? typed.name : formatName({ kind: typed.kind, name: typed.name });
  if (view === undefined) {
    throw new CliError('NOT_FOUND', `${shown}: not found`, hintFor(typed, views));
  }
  if (second !== undefined) {
    const names = found.map(({ resource }) => formatName(resource)).join(' or ');
    throw new CliError('AMBIGUOUS', `'${typed.name}' is the name of several resources`, `say ${names}`);
  }
  return view;
}

function hintFor({ name }: TypedName, views: readonly ResourceView[]): string {
  const pod = views.find(({ members }) => members.some((member) => member.name === name))?.resource;
  if (pod !== undefined) {
    const member = name.slice(pod.name.length + 1);
    return `it is of ${formatName(pod)}: say that, with -c ${member} where a command takes it`;
  }
  const near = nearest(name, views);
  return near === null ? 'see what there is with: tsctr get' : `did you mean ${near}?`;
}

/** The resource whose name differs least, when it differs little. */
function nearest(name: string, views: readonly ResourceView[]): string | null {
  let best: { distance: number; shown: string } | null = null;
  for (const { resource } of views) {
    const distance = editDistance(name, resource.name);
    if (distance <= Math.max(1, Math.floor(name.length / 3)) && (best === null || distance < best.distance)) {
      best = { distance, shown: formatName(resource) };
    }
  }
  return best?.shown ?? null;
}

/** Levenshtein's distance. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
