/** What an OCI runtime's command line may say before the verb, and of `checkpoint` and `restore` behind it; as runc and crun have it. */
type Kind = 'text' | 'flag';

const GLOBAL: Readonly<Record<string, Kind>> = {
  root: 'text',
  log: 'text',
  'log-format': 'text',
  'log-level': 'text',
  criu: 'text',
  rootless: 'text',
  'cgroup-manager': 'text',
  debug: 'flag',
  'systemd-cgroup': 'flag',
};

const BOTH: Readonly<Record<string, Kind>> = {
  'image-path': 'text',
  'work-path': 'text',
  'tcp-established': 'flag',
  'tcp-close': 'flag',
  'tcp-skip-in-flight': 'flag',
  'ext-unix-sk': 'flag',
  'shell-job': 'flag',
  'file-locks': 'flag',
  'manage-cgroups-mode': 'text',
  'empty-ns': 'text',
  'auto-dedup': 'flag',
  'lazy-pages': 'flag',
};

const VERBS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  checkpoint: {
    ...BOTH,
    'parent-path': 'text',
    'leave-running': 'flag',
    'pre-dump': 'flag',
    'status-fd': 'text',
    'page-server': 'text',
    'network-lock': 'text',
  },
  restore: {
    ...BOTH,
    bundle: 'text',
    b: 'text',
    detach: 'flag',
    d: 'flag',
    'pid-file': 'text',
    'console-socket': 'text',
    'lsm-profile': 'text',
    'lsm-mount-context': 'text',
    // How the first process is made, which CRIU does in its own way.
    'no-pivot': 'flag',
    'no-subreaper': 'flag',
  },
};

/** What a command line says: options by name without dashes, a flag as `true`. */
export interface OciArguments {
  global: ReadonlyMap<string, string>;
  verb: string;
  options: ReadonlyMap<string, string>;
  id: string;
}

/** Throws with what was expected and what was found. */
export function readArguments(words: readonly string[]): OciArguments {
  const global = readOptions(words, GLOBAL);
  const [verb = '', ...behind] = global.rest;
  const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (known === undefined) throw new Error(`expected checkpoint or restore, found ${verb}`);
  const { options, rest } = readOptions(behind, known);
  const [id, ...others] = rest;
  if (id === undefined || others.length > 0) {
    throw new Error(`${verb}: expected the id of one container, found ${String(rest.length)} words`);
  }
  // It becomes the name of a directory.
  if (!/^[A-Za-z0-9_+.-]+$/.test(id) || id === '.' || id === '..')
    throw new Error(`${verb}: invalid id: ${id}`);
  return { global: global.options, verb, options, id };
}

/** Up to the first word that is no option. One dash is as good as two, as Go's programs have it. */
function readOptions(
  words: readonly string[],
  known: Readonly<Record<string, Kind>>,
): { options: Map<string, string>; rest: readonly string[] } {
  const options = new Map<string, string>();
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return { options, rest: words.slice(at + 1) };
    const match = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(word);
    if (match === null) break;
    const [, name = '', value] = match;
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw new Error(`unknown option ${word}`);
    if (kind === 'flag') {
      options.set(name, value ?? 'true');
      continue;
    }
    const given = value ?? words[++at];
    if (given === undefined) throw new Error(`option --${name}: expected a value`);
    options.set(name, given);
  }
  return { options, rest: words.slice(at) };
}
