import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ManifestText } from './api/service.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

const MANIFEST_FILE = /\.(ya?ml|json)$/;

/**
 * Reads what `-f` names: files, directories (their *.yaml, *.yml and *.json in order of name; with `recursive` those below as
 * well), `-` for standard input. Throws `BAD_INPUT` for what cannot be read.
 */
export async function readManifestFiles(
  paths: readonly string[],
  io: Io,
  options: { recursive: boolean },
): Promise<ManifestText[]> {
  if (paths.length === 0) {
    throw new CliError('BAD_INPUT', 'no manifest was named', 'name a file, a directory or - with -f');
  }
  if (paths.filter((path) => path === '-').length > 1) {
    throw new CliError('BAD_INPUT', '-f -: standard input can be read only once');
  }
  const texts: ManifestText[] = [];
  for (const path of paths) {
    if (path === '-') texts.push({ file: '-', path: '-', text: await io.readInput() });
    else texts.push(...(await readPath(path, io.cwd, options.recursive)));
  }
  return texts;
}

async function readPath(path: string, cwd: string, recursive: boolean): Promise<ManifestText[]> {
  const absolute = resolve(cwd, path);
  try {
    if (!(await stat(absolute)).isDirectory()) {
      return [{ file: path, path: absolute, text: await readFile(absolute, 'utf8') }];
    }
    const names = (await readdir(absolute, { recursive })).filter((name) => MANIFEST_FILE.test(name)).sort();
    if (names.length === 0) throw new CliError('BAD_INPUT', `${path}: no *.yaml, *.yml or *.json in it`);
    return await Promise.all(
      names.map(async (name) => ({
        file: join(path, name),
        path: join(absolute, name),
        text: await readFile(join(absolute, name), 'utf8'),
      })),
    );
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error) || !('code' in error)) throw error;
    const why = error.code === 'ENOENT' ? 'no such file or directory' : String(error.code);
    throw new CliError('BAD_INPUT', `${path}: ${why}`);
  }
}
