import { realpath } from 'node:fs/promises';
import { hasErrno } from '../../native/index.ts';
import type { ExternalMount } from './external-mounts.ts';

/**
 * The same with the real paths of the host. CRIU takes a source as it is named (open_tree(2) with AT_SYMLINK_NOFOLLOW), and a link
 * cannot be mounted; runtimes follow it at creation. What is not there stays as it is named, for CRIU's error to name it.
 */
export function followLinks(externals: readonly ExternalMount[]): Promise<ExternalMount[]> {
  return Promise.all(
    externals.map(async ({ key, val }) => ({
      key,
      val: await realpath(val).catch((error: unknown) => {
        if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return val;
        throw error;
      }),
    })),
  );
}
