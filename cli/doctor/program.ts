import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';

// As root by `su` without a login, PATH may lack the sbin directories.
const USUAL = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The executable called `name`: in one of `first` (full paths), then in PATH and the usual directories. */
export async function findProgram(name: string, first: readonly string[] = []): Promise<string | null> {
  const directories = new Set([...(process.env['PATH'] ?? '').split(':'), ...USUAL]);
  const inPath = [...directories].filter((d) => d.startsWith('/')).map((d) => join(d, name));
  for (const candidate of [...first, ...inPath]) if (await isExecutable(candidate)) return candidate;
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

export interface ProgramResult {
  /** Null when it did not end by itself. */
  code: number | null;
  output: string;
}

/** Runs a program for its answer, for at most ten seconds; never throws. */
export function runProgram(path: string, args: readonly string[]): Promise<ProgramResult> {
  return new Promise((resolve) => {
    execFile(path, args, { timeout: 10_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, output: (stdout + stderr).trim() });
    });
  });
}

/** The first number with dots that `<program> --version` prints, or null. */
export async function versionOf(path: string): Promise<string | null> {
  const { output } = await runProgram(path, ['--version']);
  return /\d+\.\d+(\.\d+)*/.exec(output)?.[0] ?? null;
}
