import { EngineError } from '../engine-error.ts';
import { singleValue } from '../secret/plan-secret-files.ts';
import type { SpecInput } from './spec-input.ts';
import { expandVariables } from './expand-variables.ts';
import { resolveFieldReference } from './field-reference.ts';
import { resolveResourceReference } from './resource-reference.ts';
import { isSystemdContainer } from './systemd-mode.ts';
import type { EnvFromSource, EnvVar } from '../../schemas/index.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Tells programs that they are in a container, and in whose (systemd's container interface). */
const CONTAINER_MARKER = 'tsctr';

/** What the environment takes from elsewhere in the spec. */
export interface EnvironmentContext {
  hostname: string;
  variables: ReadonlyMap<string, string>;
}

/**
 * `process.env`: defaults, then the image, then the manifest, each over the one before; TERM, HOME and HOSTNAME only
 * where none of them said anything.
 */
export function buildEnvironment(input: SpecInput, context: EnvironmentContext): string[] {
  const { request, imageConfig, user } = input;
  const env = new Map<string, string>([
    ['PATH', DEFAULT_PATH],
    ['container', CONTAINER_MARKER],
  ]);
  for (const entry of imageConfig?.Env ?? []) setEntry(env, entry);
  for (const entry of input.cdi?.env ?? []) setEntry(env, entry);
  for (const [name, value] of context.variables) env.set(name, value);
  for (const [name, value] of listenVariables(input.listenSockets ?? [])) env.set(name, value);
  if (request.spec.tty === true) setDefault(env, 'TERM', 'xterm');
  if (input.providedFiles['/run/notify'] !== undefined) env.set('NOTIFY_SOCKET', '/run/notify/notify.sock');
  if (isSystemdContainer(input)) setDefault(env, 'container_uuid', request.id.slice(0, 32));
  setDefault(env, 'HOME', user.home);
  setDefault(env, 'HOSTNAME', context.hostname);
  return [...env].map(([name, value]) => `${name}=${value}`);
}

/** The variables that the manifest itself sets: `envFrom` first, then `secrets`, then `env` in its order. */
export function manifestVariables(input: SpecInput): Map<string, string> {
  const { spec } = input.request;
  const variables = new Map<string, string>();
  for (const source of spec.envFrom ?? []) addAll(variables, source, input);
  for (const used of spec.secrets ?? []) {
    if (used.env === undefined) continue;
    const data = dataOf(input, 'secret', used.name);
    if (data === undefined) throw missing(input, `secret ${used.name} for ${used.env}`);
    variables.set(used.env, singleValue(input.request.name, used, data));
  }
  for (const entry of spec.env ?? []) {
    const value = valueOf(entry, variables, input);
    if (value !== null) variables.set(entry.name, value);
  }
  return variables;
}

/** Socket activation, sd_listen_fds(3). The process is the first of its PID namespace, whatever number it has outside. */
function listenVariables(sockets: readonly string[]): [string, string][] {
  if (sockets.length === 0) return [];
  return [
    ['LISTEN_PID', '1'],
    ['LISTEN_FDS', String(sockets.length)],
    ['LISTEN_FDNAMES', sockets.join(':')],
  ];
}

function setEntry(env: Map<string, string>, entry: string): void {
  const equals = entry.indexOf('=');
  if (equals > 0) env.set(entry.slice(0, equals), entry.slice(equals + 1));
}

function setDefault(env: Map<string, string>, name: string, value: string): void {
  if (!env.has(name)) env.set(name, value);
}

function addAll(variables: Map<string, string>, source: EnvFromSource, input: SpecInput): void {
  for (const [kind, reference] of [
    ['configMap', source.configMapRef],
    ['secret', source.secretRef],
  ] as const) {
    if (reference === undefined) continue;
    const data = dataOf(input, kind, reference.name);
    if (data === undefined && reference.optional !== true) throw missing(input, `${kind} ${reference.name}`);
    for (const [key, value] of Object.entries(data ?? {}))
      variables.set(`${source.prefix ?? ''}${key}`, value);
  }
}

/** Null when the value is optional and absent. */
function valueOf(entry: EnvVar, variables: ReadonlyMap<string, string>, input: SpecInput): string | null {
  const { valueFrom } = entry;
  if (valueFrom === undefined) return expandVariables(entry.value ?? '', variables);
  if (valueFrom.fieldRef !== undefined) return resolveFieldReference(valueFrom.fieldRef.fieldPath, input);
  if (valueFrom.resourceFieldRef !== undefined) {
    return resolveResourceReference(valueFrom.resourceFieldRef, input);
  }
  for (const [kind, reference] of [
    ['configMap', valueFrom.configMapKeyRef],
    ['secret', valueFrom.secretKeyRef],
  ] as const) {
    if (reference === undefined) continue;
    const value = dataOf(input, kind, reference.name)?.[reference.key];
    if (value !== undefined) return value;
    if (reference.optional === true) return null;
    throw missing(input, `key ${reference.key} of ${kind} ${reference.name} for ${entry.name}`);
  }
  return '';
}

function dataOf(
  input: SpecInput,
  kind: 'configMap' | 'secret',
  name: string,
): Readonly<Record<string, string>> | undefined {
  return (kind === 'configMap' ? input.values?.configMaps : input.values?.secrets)?.[name];
}

function missing(input: SpecInput, what: string): EngineError {
  return new EngineError(
    'BAD_REQUEST',
    `build environment of container ${input.request.name}: ${what} is not there`,
    { hint: 'create it, or mark the reference `optional: true`' },
  );
}
