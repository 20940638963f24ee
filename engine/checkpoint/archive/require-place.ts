import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../../engine-error.ts';
import { requireReplaceable } from '../../store/replace-file.ts';

/** Refuses, with BAD_REQUEST, what is not an absolute path in a directory that can be written to, with at most a file there to replace. */
export async function requirePlace(file: string, operation: string): Promise<void> {
  const refuse = (reason: string, options: { cause?: unknown; hint?: string } = {}): never => {
    throw new EngineError('BAD_REQUEST', `${operation}: write ${file}: ${reason}`, options);
  };
  if (!path.isAbsolute(file)) refuse('expected an absolute path');
  const directory = path.dirname(file);
  try {
    if (!(await stat(directory)).isDirectory()) refuse(`${directory} is no directory`);
    await access(directory, constants.W_OK);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const { found, hint } = NOT_WRITABLE[code] ?? { found: message, hint: ANOTHER };
    refuse(`expected a directory that can be written to at ${directory}, found ${found}`, {
      cause: error,
      hint,
    });
  }
  const present = await lstat(file).catch(() => null);
  if (present === null) return;
  if (!present.isFile()) refuse('there is something that is no regular file');
  await requireReplaceable(file, operation);
}

const ANOTHER = 'name a file in another directory';

/** What keeps even root from a directory, by the error of access(2). */
const NOT_WRITABLE: Readonly<Record<string, { found: string; hint: string }>> = {
  ENOENT: { found: 'none', hint: `make it with mkdir, or ${ANOTHER}` },
  EPERM: { found: 'an immutable one', hint: `take that away with chattr -i, or ${ANOTHER}` },
  EROFS: { found: 'one on a read-only file system', hint: ANOTHER },
};
