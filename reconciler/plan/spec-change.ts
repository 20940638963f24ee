import microdiff from 'microdiff';
import type { ContainerSpec } from '../../schemas/index.ts';
import { hasNamedItems, keyedField, type Keyed } from './keyed-spec.ts';
import { differingItems, showDifference } from './show-difference.ts';

/** What a changed field asks for, from the least to the most. `none`: it is read from the manifest whenever it is needed. */
export type ChangeEffect = 'none' | 'in place' | 'restart' | 'recreate';

/** One difference between the manifest and what runs. */
export interface FieldChange {
  /** `spec.env[LOG_LEVEL]`. */
  path: string;
  /** As people read it; `(hidden)` where it may be a secret, `(unset)` where there was nothing. */
  from: string;
  to: string;
  effect: ChangeEffect;
}

/**
 * What a change of each field asks for. A restart makes the container anew around its writable layer; only what the layer rests
 * on asks for a new one. The type makes sure that a new field gets its line here.
 */
const EFFECT: Readonly<Record<keyof ContainerSpec, ChangeEffect>> = {
  image: 'recreate',
  rootfs: 'recreate',
  resources: 'in place',
  imagePullPolicy: 'none',
  restartPolicy: 'none',
  restartBackoff: 'none',
  terminationGracePeriodSeconds: 'none',
  stopSignal: 'none',
  dependsOn: 'none',
  state: 'none',
  checkpoint: 'none',
  restore: 'none',
  livenessProbe: 'none',
  readinessProbe: 'none',
  startupProbe: 'none',
  command: 'restart',
  args: 'restart',
  workingDir: 'restart',
  env: 'restart',
  envFrom: 'restart',
  ports: 'restart',
  volumeMounts: 'restart',
  securityContext: 'restart',
  stdin: 'restart',
  tty: 'restart',
  volumes: 'restart',
  fsGroup: 'restart',
  fsGroupChangePolicy: 'restart',
  // The writable layer belongs to the ids of the range.
  userns: 'recreate',
  hostNetwork: 'restart',
  hostPID: 'restart',
  hostIPC: 'restart',
  hostname: 'restart',
  hostAliases: 'restart',
  dnsConfig: 'in place',
  network: 'restart',
  user: 'restart',
  groups: 'restart',
  umask: 'restart',
  ulimits: 'restart',
  sysctls: 'restart',
  shmSize: 'restart',
  tmpfs: 'restart',
  devices: 'restart',
  privileged: 'restart',
  init: 'restart',
  timezone: 'restart',
  oomScoreAdj: 'restart',
  readOnlyTmpfs: 'restart',
  cgroupParent: 'restart',
  cpuset: 'in place',
  blkioWeight: 'in place',
  cgroupConf: 'in place',
  systemd: 'restart',
  mask: 'restart',
  unmask: 'restart',
  hostUsers: 'restart',
  passwd: 'restart',
  passwdEntry: 'restart',
  groupEntry: 'restart',
  baseHostsFile: 'restart',
  useImageHosts: 'restart',
  useImageResolvConf: 'restart',
  chrootDirs: 'restart',
  secrets: 'restart',
  cdiDevices: 'restart',
  hooksDirs: 'restart',
  sdNotify: 'restart',
  listenFdNames: 'restart',
};

const RANK: Readonly<Record<ChangeEffect, number>> = { none: 0, 'in place': 1, restart: 2, recreate: 3 };

/** Every field that differs, in the order of the fields' names. */
export function compareSpecs(present: ContainerSpec, desired: ContainerSpec): FieldChange[] {
  const fields = [...new Set([...Object.keys(present), ...Object.keys(desired)])].sort();
  return fields.filter(isSpecField).flatMap((field) => compareField(field, present[field], desired[field]));
}

/** The fields that differ and ask for nothing to be done to what runs: they count from now on. */
export function silentChanges(present: ContainerSpec, desired: ContainerSpec): FieldChange[] {
  return compareSpecs(present, desired).filter(({ effect }) => effect === 'none');
}

/** Annotations go into the OCI spec, and so are only read when the container is made. */
export function compareAnnotations(
  present: Readonly<Record<string, string>>,
  desired: Readonly<Record<string, string>>,
): FieldChange[] {
  return differences(present, desired).map(({ path, from, to }) => ({
    path: `metadata.annotations${path.map((key) => `[${String(key)}]`).join('')}`,
    ...showDifference(from, to),
    effect: 'restart' as const,
  }));
}

/** The most that any of the changes asks for. */
export function strongestEffect(changes: readonly FieldChange[]): ChangeEffect {
  return changes.reduce<ChangeEffect>(
    (most, change) => (RANK[change.effect] > RANK[most] ? change.effect : most),
    'none',
  );
}

function isSpecField(field: string): field is keyof ContainerSpec {
  return Object.hasOwn(EFFECT, field);
}

function compareField(field: keyof ContainerSpec, present: unknown, desired: unknown): FieldChange[] {
  return differences(topLevel(field, present), topLevel(field, desired)).flatMap(({ path, from, to }) => {
    const place = `spec.${field}${placeWithin(field, path)}`;
    const effect = EFFECT[field];
    if (mayBeSecret(field, path, [from, to])) return [{ path: place, ...hidden(from, to), effect }];
    // A list of texts is compared as one value; shown are its members.
    const items = path.length === 0 ? differingItems(present, desired) : null;
    if (items === null) return [{ path: place, ...showDifference(from, to), effect }];
    return items.map(({ index, ...texts }) => ({
      path: `${place}[${String(index)}]`,
      ...showDifference(texts.from, texts.to),
      effect,
    }));
  });
}

function hidden(from: unknown, to: unknown): { from: string; to: string } {
  const word = (value: unknown): string => (value === null ? '(unset)' : '(hidden)');
  return { from: word(from), to: word(to) };
}

/** A list of named items that is not there says the same as an empty one, and so do objects. */
function topLevel(field: keyof ContainerSpec, value: unknown): Keyed {
  const keyed = keyedField(field, value);
  if (hasNamedItems(field)) return keyed ?? {};
  return keyed !== null && typeof keyed === 'object' && Object.keys(keyed).length === 0 ? null : keyed;
}

interface Difference {
  path: readonly (string | number)[];
  from: unknown;
  to: unknown;
}

function differences(present: Keyed, desired: Keyed): Difference[] {
  return microdiff({ value: present }, { value: desired }).map((difference) => ({
    path: difference.path.slice(1),
    from: difference.type === 'CREATE' ? null : (difference.oldValue as unknown),
    to: difference.type === 'REMOVE' ? null : (difference.value as unknown),
  }));
}

/** `[LOG_LEVEL]` for an item of a named list, `.limits.memory` for the fields of an object. */
function placeWithin(field: keyof ContainerSpec, path: readonly (string | number)[]): string {
  const isName = (index: number): boolean => index === 0 && hasNamedItems(field);
  return path.map((part, index) => (isName(index) ? `[${String(part)}]` : `.${String(part)}`)).join('');
}

/** Values of variables with such names are never shown, wherever they came from. */
const SECRET_NAME = /pass(word|wd|phrase)?|secret|token|credential|private|api_?key|auth|_key\b|^key$/i;

function mayBeSecret(
  field: keyof ContainerSpec,
  path: readonly (string | number)[],
  values: readonly unknown[],
): boolean {
  // A list of variables that is compared as one value (see keyed-spec.ts) would show all of them.
  if (field === 'env') return path.length === 0 || SECRET_NAME.test(String(path[0]));
  if (field !== 'command' && field !== 'args') return false;
  return values.some((value) => typeof value === 'string' && SECRET_NAME.test(value));
}
