import { isAbsolute } from 'node:path';
import type { VolumeWish } from '../../engine/index.ts';
import { CliError } from '../command-line/cli-error.ts';

/** What a volume may be called: it becomes part of paths (as `resourceName` of the schemas). */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function readVolumeName(body: unknown): string {
  const name = fieldsOf(body)['name'];
  if (typeof name === 'string' && NAME.test(name)) return name;
  const found = typeof name === 'string' ? JSON.stringify(name) : typeof name;
  throw new CliError(
    'BAD_REQUEST',
    `volume name: expected up to 63 lower-case letters, digits and \`-\`, found ${found}`,
  );
}

export function readVolumeFile(body: unknown): string {
  const file = fieldsOf(body)['file'];
  if (typeof file === 'string' && isAbsolute(file)) return file;
  throw new CliError('BAD_REQUEST', 'request: file: expected an absolute path');
}

export function readVolumeWish(body: unknown): VolumeWish {
  const { labels = {}, options = {} } = fieldsOf(body);
  return {
    name: readVolumeName(body),
    labels: texts(labels, 'labels'),
    options: texts(options, 'options', ['type', 'device', 'o']),
  };
}

function texts(value: unknown, path: string, known?: readonly string[]): Record<string, string> {
  const entries = Object.entries(fieldsOf(value)).map(([key, text]): [string, string] => {
    if (typeof text !== 'string')
      throw new CliError('BAD_REQUEST', `request: ${path}.${key}: expected a string`);
    if (known?.includes(key) === false) {
      throw new CliError('BAD_REQUEST', `request: ${path}.${key}: expected one of ${known.join(', ')}`);
    }
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new CliError('BAD_REQUEST', 'request: expected an object');
}
