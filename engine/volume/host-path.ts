import { mkdir, stat, writeFile } from 'node:fs/promises';
import { hasErrno } from '../../native/index.ts';
import type { Volume } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';

type HostPath = NonNullable<Volume['hostPath']>;

/** hostPath with the checks and creations of its type (Kubernetes: HostPathType). */
export async function openHostPath(source: HostPath): Promise<string> {
  const type = source.type ?? '';
  if (type === 'DirectoryOrCreate') await mkdir(source.path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') {
    await writeFile(source.path, '', { flag: 'a', mode: 0o644 });
  }
  const status = await stat(source.path).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT')) throw error;
    throw new EngineError('BAD_REQUEST', `mount hostPath ${source.path}: it does not exist`, {
      cause: error,
      hint: 'make it, or say type: DirectoryOrCreate (FileOrCreate for a file)',
    });
  });
  const fits = {
    '': true,
    DirectoryOrCreate: status.isDirectory(),
    Directory: status.isDirectory(),
    FileOrCreate: status.isFile(),
    File: status.isFile(),
    Socket: status.isSocket(),
    CharDevice: status.isCharacterDevice(),
    BlockDevice: status.isBlockDevice(),
  }[type];
  if (fits) return source.path;
  throw new EngineError('BAD_REQUEST', `mount hostPath ${source.path}: expected type ${type}, found another`);
}
