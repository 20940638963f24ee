import { createHash } from 'node:crypto';

/** `user:role:type:level`, selinux(8). The level is empty on a policy without MLS or MCS. */
export interface SeLinuxLabel {
  user: string;
  role: string;
  type: string;
  level: string;
}

/** What the policy of the host has for containers: `lxc_contexts`, a file of libselinux. */
export interface LabelDefaults {
  process: SeLinuxLabel;
  file: SeLinuxLabel;
  /** For a container whose first process is an init, and for one that is a virtual machine; null: as any other. */
  init: SeLinuxLabel | null;
  kvm: SeLinuxLabel | null;
}

/** What is asked of the labels of one container. */
export interface LabelRequest {
  /** The same for containers that share, and for the same container made anew: the categories come from it. */
  seed: string;
  options: Partial<SeLinuxLabel>;
  /** A privileged container, and one in the host's PID or IPC namespace, is not kept apart from the host. */
  isApart: boolean;
  runs: 'program' | 'init' | 'machine';
}

/** `processLabel` is null where the process is not confined. */
export interface ContainerLabels {
  processLabel: string | null;
  /** Of all that is the container's own. */
  mountLabel: string;
  /** Of what several containers share. */
  sharedLabel: string;
}

/** Categories that are nobody's: files that only unconfined processes make. */
const UNCONFINED_CATEGORIES = 'c1022,c1023';
const CATEGORIES = 1022;

/** The labels of a container. Pure: the same seed has the same categories for ever, so that private volumes stay readable. */
export function containerLabels(defaults: LabelDefaults, request: LabelRequest): ContainerLabels {
  const { seed, options, isApart, runs } = request;
  const shared = formatLabel(defaults.file);
  if (!isApart) {
    const mountLabel = formatLabel(withCategories(defaults.file, UNCONFINED_CATEGORIES));
    return { processLabel: null, mountLabel, sharedLabel: shared };
  }
  const categories = categoriesOf(seed);
  const base = baseFor(defaults, runs);
  const process = { ...withCategories(base, categories), ...options };
  const mount = withCategories(defaults.file, categories);
  const file = options.level === undefined ? mount : { ...mount, level: options.level };
  return { processLabel: formatLabel(process), mountLabel: formatLabel(file), sharedLabel: shared };
}

/** Reads `key = "label"` lines. Null where the policy has no labels for containers. */
export function parseLabelDefaults(text: string): LabelDefaults | null {
  const lines = text.split('\n').flatMap((line) => {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*"?([^"#\s]+)"?/.exec(line) ?? [];
    return key === '' ? [] : [[key, parseLabel(value)] as const];
  });
  const labels = new Map(lines);
  const [process, file] = [labels.get('process') ?? null, labels.get('file') ?? null];
  if (process === null || file === null) return null;
  return {
    process,
    file,
    init: labels.get('init_process') ?? null,
    kvm: labels.get('kvm_process') ?? null,
  };
}

/** Two different numbers below 1022, from the seed, the lower one first: so the kernel compares sets of categories. */
export function categoriesOf(seed: string): string {
  const digest = createHash('sha256').update(seed).digest();
  const one = digest.readUInt32BE(0) % CATEGORIES;
  // One of the others: never the same twice.
  const other = (one + 1 + (digest.readUInt32BE(4) % (CATEGORIES - 1))) % CATEGORIES;
  return `c${String(Math.min(one, other))},c${String(Math.max(one, other))}`;
}

function baseFor({ process, init, kvm }: LabelDefaults, runs: LabelRequest['runs']): SeLinuxLabel {
  if (runs === 'machine') return kvm ?? process;
  return runs === 'init' ? (init ?? process) : process;
}

/** `s0` becomes `s0:c1,c2`; a label without a level is of a policy that has none. */
function withCategories(label: SeLinuxLabel, categories: string): SeLinuxLabel {
  const [sensitivity = ''] = label.level.split(':');
  return sensitivity === '' ? label : { ...label, level: `${sensitivity}:${categories}` };
}

function parseLabel(text: string): SeLinuxLabel | null {
  const [user = '', role = '', type = '', ...level] = text.split(':');
  return type === '' ? null : { user, role, type, level: level.join(':') };
}

function formatLabel({ user, role, type, level }: SeLinuxLabel): string {
  return [user, role, type, ...(level === '' ? [] : [level])].join(':');
}
