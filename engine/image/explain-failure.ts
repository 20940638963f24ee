import { hasErrno } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { LayerRefusal } from './layer-refusal.ts';

const REASONS: Readonly<Record<string, string>> = {
  EXDEV: 'its path leads out of the layer',
  ELOOP: 'its path goes in a circle of symbolic links',
  ENOTDIR: 'its path goes through something that is not a directory',
  EPERM: 'is not permitted here',
  EACCES: 'is not permitted here',
  ENAMETOOLONG: 'a name in it is too long',
  EFBIG: 'is larger than this file system can hold',
  EINVAL: 'is not possible on this file system',
};

/** Turns what the kernel said to one entry into an error that names the entry. */
export function explainFailure(entry: string, error: unknown): Error {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new EngineError('NO_SPACE', `write ${JSON.stringify(entry)}: no space is left on the device`, {
      cause: error,
      hint: 'free space, or remove unused images with `tsctr image prune`',
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  const reason = code === null ? 'cannot be made' : (REASONS[code] ?? 'cannot be made');
  const detail = error instanceof Error ? error.message : String(error);
  return new LayerRefusal(entry, `${reason} (${detail})`, { cause: error });
}
