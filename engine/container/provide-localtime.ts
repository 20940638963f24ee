import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_RDONLY, RESOLVE_IN_ROOT } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { zoneFile } from '../files/localtime.ts';
import type { ContainerContext } from './container-context.ts';

/** /etc/localtime for `spec.timezone`: a copy of the host's zone file. */
export async function provideLocaltime(context: ContainerContext): Promise<void> {
  const { request, parts, paths } = context;
  if (request.spec.timezone === undefined) return;
  const { directory, name } = zoneFile(request.spec.timezone, request.name);
  const target = path.join(paths.files, 'etc-localtime');
  const directoryFd = parts.kernel.openat2(AT_FDCWD, directory, { flags: O_PATH | O_DIRECTORY });
  try {
    const zone = parts.kernel.openat2(directoryFd, name, { flags: O_RDONLY, resolve: RESOLVE_IN_ROOT });
    try {
      await copyFile(`/proc/self/fd/${String(zone)}`, target);
    } finally {
      parts.kernel.close(zone);
    }
  } catch (error) {
    throw new EngineError(
      'BAD_REQUEST',
      `set time zone of container/${request.name}: ${request.spec.timezone} is no zone file of this host`,
      { cause: error, hint: 'name one below /usr/share/zoneinfo, and install tzdata if there is none' },
    );
  } finally {
    parts.kernel.close(directoryFd);
  }
  context.providedFiles['/etc/localtime'] = target;
}
