import type { PullPolicy } from '../../engine/index.ts';
import { ALLOWANCE_FLAGS } from '../../reconciler/index.ts';
import { OVERLOOKED_REASONS } from '../../schemas/index.ts';
import { CliError } from '../command-line/cli-error.ts';
import type {
  CheckCheckpointRequest,
  CheckpointName,
  CreateCheckpointRequest,
  RestoreRequest,
} from './checkpoint-service.ts';
import type {
  ActRequest,
  ApplyRequest,
  DataName,
  DeleteRequest,
  ManifestText,
  ResourceName,
} from './service.ts';

// Only root reaches the socket, but a client of another version, or a script of root's, may send anything: each reader takes
// the fields it knows, by type, and refuses the rest with the field's path.

type Fields = Readonly<Record<string, unknown>>;

export function readApplyRequest(body: unknown): ApplyRequest {
  const fields = object(body, 'body');
  return {
    files: array(fields['files'], 'files').map((file, i) => readManifestText(file, `files[${i}]`)),
    prune: boolean(fields['prune'], 'prune'),
    waitMs: numberOrNull(fields['waitMs'], 'waitMs'),
    ...(fields['trace'] !== undefined && { trace: boolean(fields['trace'], 'trace') }),
  };
}

export function readDeleteRequest(body: unknown): DeleteRequest {
  const fields = object(body, 'body');
  return {
    names: readNames(fields['names']),
    ...(fields['data'] !== undefined && { data: array(fields['data'], 'data').map(readDataName) }),
    ignoreMissing: boolean(fields['ignoreMissing'], 'ignoreMissing'),
    force: boolean(fields['force'], 'force'),
  };
}

const VERBS = ['start', 'stop', 'restart', 'kill', 'pause', 'resume'] as const;

export function readActRequest(body: unknown): ActRequest {
  const fields = object(body, 'body');
  return {
    verb: oneOf(fields['verb'], VERBS, 'verb'),
    names: readNames(fields['names']),
    signal: stringOrNull(fields['signal'], 'signal'),
    timeoutMs: numberOrNull(fields['timeoutMs'], 'timeoutMs'),
  };
}

export function readCheckpointRequest(body: unknown): CreateCheckpointRequest {
  const fields = object(body, 'body');
  return {
    names: readNames(fields['names']),
    then: oneOf(fields['then'], ['stop', 'leave-running'] as const, 'then'),
    allowances: readAllowances(fields['allowances']),
    timeoutMs: numberOrNull(fields['timeoutMs'], 'timeoutMs'),
    pin: boolean(fields['pin'], 'pin'),
    by: oneOf(fields['by'], ['hand', 'shutdown'] as const, 'by'),
    ...(fields['preDumps'] !== undefined && { preDumps: wholeNumber(fields['preDumps'], 'preDumps') }),
    ...(fields['image'] !== undefined && { image: string(fields['image'], 'image') }),
    ...(fields['archive'] !== undefined && { archive: readArchivePlace(fields['archive']) }),
  };
}

function readArchivePlace(value: unknown): NonNullable<CreateCheckpointRequest['archive']> {
  const fields = object(value, 'archive');
  return {
    file: stringOrNull(fields['file'], 'archive.file'),
    compression: oneOf(fields['compression'], ['zstd', 'gzip', 'none'] as const, 'archive.compression'),
    leaveOut: array(fields['leaveOut'], 'archive.leaveOut').map((word) =>
      oneOf(word, ['rootfs', 'volumes'] as const, 'archive.leaveOut'),
    ),
  };
}

export function readRestoreRequest(body: unknown): RestoreRequest {
  const fields = object(body, 'body');
  const names = array(fields['names'], 'names');
  return {
    names: names.map((value, i) => {
      const path = `names[${i}]`;
      const checkpoint = object(value, path)['checkpoint'];
      const name = readName(value, path);
      return checkpoint === undefined
        ? name
        : { ...name, checkpoint: wholeNumber(checkpoint, `${path}.checkpoint`) };
    }),
    archive: stringOrNull(fields['archive'], 'archive'),
    ...(fields['image'] !== undefined && { image: string(fields['image'], 'image') }),
    ignore: array(fields['ignore'], 'ignore').map((word) => oneOf(word, OVERLOOKED_REASONS, 'ignore')),
    ...(fields['lazyPages'] !== undefined && { lazyPages: boolean(fields['lazyPages'], 'lazyPages') }),
  };
}

export function readCheckpointNames(body: unknown): CheckpointName[] {
  return array(object(body, 'body')['checkpoints'], 'checkpoints').map((value, i) => {
    const path = `checkpoints[${i}]`;
    const fields = object(value, path);
    return {
      container: string(fields['container'], `${path}.container`),
      checkpoint: wholeNumber(fields['checkpoint'], `${path}.checkpoint`),
    };
  });
}

export function readCheckRequest(body: unknown): CheckCheckpointRequest {
  const fields = object(body, 'body');
  return {
    container: string(fields['container'], 'container'),
    allowances: readAllowances(fields['allowances']),
  };
}

function readAllowances(value: unknown): CreateCheckpointRequest['allowances'] {
  const fields = object(value, 'allowances');
  const allowances: CreateCheckpointRequest['allowances'] = {};
  for (const name of ALLOWANCE_FLAGS) {
    if (fields[name] !== undefined) allowances[name] = boolean(fields[name], `allowances.${name}`);
  }
  return allowances;
}

export function readLogsRequest(body: unknown): { name: ResourceName; container: string | null } {
  const fields = object(body, 'body');
  return {
    name: readName(fields['name'], 'name'),
    container: stringOrNull(fields['container'], 'container'),
  };
}

const POLICIES = ['Always', 'IfNotPresent', 'Never'] as const satisfies readonly PullPolicy[];

export function readPullRequest(body: unknown): { reference: string; policy: PullPolicy } {
  const fields = object(body, 'body');
  return { reference: readReference(body), policy: oneOf(fields['policy'], POLICIES, 'policy') };
}

export function readImportRequest(body: unknown): { source: string; name: string | null } {
  const fields = object(body, 'body');
  return { source: string(fields['source'], 'source'), name: stringOrNull(fields['name'], 'name') };
}

export function readPushRequest(body: unknown): { reference: string; destination: string | null } {
  const { destination } = object(body, 'body');
  return { reference: readReference(body), destination: stringOrNull(destination, 'destination') };
}

export function readReference(body: unknown): string {
  return string(object(body, 'body')['reference'], 'reference');
}

function readManifestText(value: unknown, path: string): ManifestText {
  const fields = object(value, path);
  return {
    file: string(fields['file'], `${path}.file`),
    path: string(fields['path'], `${path}.path`),
    text: string(fields['text'], `${path}.text`),
  };
}

function readNames(value: unknown): ResourceName[] {
  return array(value, 'names').map((name, i) => readName(name, `names[${i}]`));
}

function readDataName(value: unknown, index: number): DataName {
  const path = `data[${index}]`;
  const fields = object(value, path);
  return {
    kind: oneOf(
      fields['kind'],
      ['ConfigMap', 'Secret', 'Volume', 'PersistentVolumeClaim', 'Checkpoint'] as const,
      `${path}.kind`,
    ),
    name: string(fields['name'], `${path}.name`),
  };
}

function readName(value: unknown, path: string): ResourceName {
  const fields = object(value, path);
  return {
    kind: oneOf(fields['kind'], ['Container', 'Pod'] as const, `${path}.kind`),
    name: string(fields['name'], `${path}.name`),
  };
}

function refuse(path: string, expected: string, found: unknown): never {
  const shown = found === null ? 'null' : Array.isArray(found) ? 'a list' : typeof found;
  throw new CliError('BAD_REQUEST', `request: ${path}: expected ${expected}, found ${shown}`);
}

function object(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(path, 'an object', value);
  return value as Fields;
}

function array(value: unknown, path: string): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(path, 'a list', value);
}

function string(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, 'a string', value);
}

function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : refuse(path, 'true or false', value);
}

function stringOrNull(value: unknown, path: string): string | null {
  return value === null ? null : string(value, path);
}

function numberOrNull(value: unknown, path: string): number | null {
  if (value === null) return null;
  return typeof value === 'number' && value >= 0
    ? value
    : refuse(path, 'a number of milliseconds or null', value);
}

function wholeNumber(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && Number(value) >= 0
    ? Number(value)
    : refuse(path, 'a whole number', value);
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], path: string): T {
  return allowed.find((word) => word === value) ?? refuse(path, `one of ${allowed.join(', ')}`, value);
}
