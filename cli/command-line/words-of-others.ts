const BY_MANIFEST = 'tsctr apply -f <file>, with a manifest of it; see: tsctr explain container';

/** Commands of podman, docker, docker compose and kubectl that tsctr calls otherwise, and what stands for them here. */
const ROWS: readonly (readonly [words: readonly string[], use: string])[] = [
  [['run', 'create', 'up'], BY_MANIFEST],
  [['container run', 'container create', 'pod create', 'compose up', 'kube play', 'play kube'], BY_MANIFEST],
  [
    ['edit', 'patch', 'replace', 'update', 'scale', 'set'],
    'tsctr apply -f <file>, with the manifest changed',
  ],
  [['ps', 'ls', 'list', 'compose ps'], 'tsctr get'],
  [['container', 'containers'], 'tsctr get containers'],
  [['pod', 'pods'], 'tsctr get pods'],
  [['volumes'], 'tsctr get volumes'],
  [['secret', 'secrets'], 'tsctr get secrets'],
  [['inspect', 'container inspect', 'pod inspect'], 'tsctr describe <name>, or tsctr get <name> -o yaml'],
  [['generate', 'kube generate'], 'tsctr get <name> -o yaml'],
  [['rm', 'remove', 'container rm', 'pod rm'], 'tsctr delete <name>'],
  [['down', 'compose down', 'kube down'], 'tsctr delete -f <file>'],
  [['unpause', 'container unpause', 'pod unpause'], 'tsctr resume <name>'],
  [['rollout restart'], 'tsctr restart <name>'],
  [['api-resources'], 'tsctr explain'],
  [['info', 'system info'], 'tsctr doctor'],
  [['images', 'image ls'], 'tsctr image list'],
  [['pull'], 'tsctr image pull <reference>'],
  [['push'], 'tsctr image push <reference>'],
  [['load', 'import', 'image load'], 'tsctr image import <source>'],
  [['save', 'image save'], 'tsctr image push <reference> oci-archive:<file>'],
  [['rmi', 'image rm', 'image rmi', 'image delete'], 'tsctr image remove <reference>'],
  [['login'], 'skopeo login <registry>, whose credentials count here'],
  [['volume ls'], 'tsctr volume list'],
  [['volume rm', 'volume delete'], 'tsctr volume remove <name>'],
];

/** The same by the words as they are typed, parted by one space. */
export const WORDS_OF_OTHERS: ReadonlyMap<string, string> = new Map(
  ROWS.flatMap(([words, use]) => words.map((word) => [word, use] as const)),
);

/** What to use in place of the first words of a command line, of which tsctr knows `known`; null for what nobody else has either. */
export function useInstead(words: readonly string[], known: number): string | null {
  // `container rm` says more than `container`.
  const longer = WORDS_OF_OTHERS.get(words.slice(0, known + 2).join(' '));
  return longer ?? WORDS_OF_OTHERS.get(words.slice(0, known + 1).join(' ')) ?? null;
}
