import { join, resolve } from 'node:path';
import type { ManifestText } from '../api/service.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Io } from '../command-line/io.ts';

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
  const texts = new Map<string, ManifestText[]>();
  // Standard input last: it can be read only once, and what cannot be read is better told before.
  for (const path of paths.filter((each) => each !== '-')) {
    texts.set(path, await readPath(path, io, options.recursive));
  }
  if (paths.includes('-')) texts.set('-', [{ file: '-', path: '-', text: await io.readInput() }]);
  return paths.flatMap((path) => texts.get(path) ?? []);
}

async function readPath(path: string, { cwd, files }: Io, recursive: boolean): Promise<ManifestText[]> {
  const absolute = resolve(cwd, path);
  try {
    if (!(await files.isDirectory(absolute))) {
      return [{ file: path, path: absolute, text: await files.read(absolute) }];
    }
    const names = (await files.list(absolute, { recursive }))
      .filter((name) => MANIFEST_FILE.test(name))
      .sort();
    if (names.length === 0) throw new CliError('BAD_INPUT', `${path}: no *.yaml, *.yml or *.json in it`);
    return await Promise.all(
      names.map(async (name) => ({
        file: join(path, name),
        path: join(absolute, name),
        text: await files.read(join(absolute, name)),
      })),
    );
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error) || !('code' in error)) throw error;
    const why = error.code === 'ENOENT' ? 'no such file or directory' : String(error.code);
    throw new CliError('BAD_INPUT', `${path}: ${why}`);
  }
}
