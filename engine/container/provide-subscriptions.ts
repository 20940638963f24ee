import { cp, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import { HOST_FILES } from '../host-files.ts';
import { parseMountsConf } from '../files/mounts-conf.ts';
import type { DefaultMount } from '../files/mounts-conf.ts';
import type { ContainerContext } from './container-context.ts';
import { readAtOnce } from '../read-at-once.ts';

/** What the distribution's default mounts file names: the container gets copies, as it must not change the host's. */
export async function provideSubscriptions(context: ContainerContext): Promise<void> {
  const { parts, paths } = context;
  const lists = (parts.hostFiles ?? HOST_FILES).mountsConf;
  for (const [index, { source, destination }] of (await readDefaultMounts(lists)).entries()) {
    const status = await stat(source).catch((error: unknown) => {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
      throw error;
    });
    // A list that names what is not installed is no reason to start nothing.
    if (status === null) {
      parts.notice?.(context.request.name, `default mount ${source} is not there and was left out`);
      continue;
    }
    const copy = path.join(paths.files, `default-mount-${String(index)}`);
    if (status.isDirectory()) await mkdir(copy, { mode: 0o755 });
    await cp(source, copy, { recursive: true, dereference: true });
    context.providedFiles[destination] = copy;
  }
}

async function readDefaultMounts(lists: readonly string[]): Promise<DefaultMount[]> {
  for (const list of lists) {
    try {
      return parseMountsConf(await readAtOnce(list));
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return [];
}
