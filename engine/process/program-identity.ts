import { statSync } from 'node:fs';

/** Says of two looks at a program whether it was the same file both times; throws ENOENT when it is not there. */
export function programIdentity(file: string): string {
  const { dev, ino, size, mtimeMs } = statSync(file);
  return [file, dev, ino, size, mtimeMs].join(' ');
}
