import { EngineError } from '../../engine-error.ts';

/**
 * The paths of `deleted.files`, relative to the root filesystem. Refuses what leads elsewhere, and the root itself. They are
 * resolved beneath the root when they are removed; this tells of a bad archive before anything is done.
 */
export function checkDeletedPaths(paths: readonly string[], operation: string): string[] {
  return paths.map((text) => {
    const parts = text.split('/').filter((part) => part !== '' && part !== '.');
    const bad = !text.startsWith('/')
      ? 'it is not absolute'
      : text.includes('\0')
        ? 'it holds a zero byte'
        : parts.includes('..')
          ? 'it leads upwards by ".."'
          : parts.length === 0
            ? 'it is the root itself'
            : parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)
              ? 'a name in it is too long'
              : null;
    if (bad === null) return parts.join('/');
    const shown = JSON.stringify(text.slice(0, SHOWN_LENGTH));
    throw new EngineError('CHECKPOINT_INVALID', `${operation}: deleted.files: ${shown}: ${bad}`);
  });
}

const MAX_NAME_BYTES = 255;
const SHOWN_LENGTH = 160;
