import { closeSync, fstatSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, O_APPEND, O_NONBLOCK, O_WRONLY } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { passwdAdditions } from '../files/passwd-additions.ts';
import type { PasswdAdditions } from '../files/passwd-additions.ts';
import { openInRoot } from '../rootfs/read-in-root.ts';
import { isWithin, workingDirectory } from '../spec/process.ts';
import { rootfsPath } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';
import { hostUsersOf, lookUpUser, mountOver, readAccountFile } from './look-up-user.ts';

/**
 * Lets the container's passwd and group know the user that it runs as, and those of the host that it asks for. Where the root
 * can be written to, lines are appended to its own files, so that useradd still works; in a read-only container a completed
 * copy is mounted over them. What the manifest mounts there is never touched, and `passwd: false` turns all of it off.
 */
export async function providePasswd(context: ContainerContext): Promise<void> {
  const { request } = context;
  if (request.spec.passwd === false) return;
  const texts = {
    passwd: readAccountFile(context, '/etc/passwd'),
    group: readAccountFile(context, '/etc/group'),
  };
  const additions = additionsTo(context, texts);
  const readOnly = request.spec.securityContext?.readOnlyRootFilesystem === true;
  for (const name of ['passwd', 'group'] as const) {
    const [text, addition, file] = [texts[name], additions[name], `/etc/${name}`];
    if (text === null || addition === '' || mountOver(context, file) !== null) continue;
    if (readOnly) {
      const copy = path.join(context.paths.files, `etc-${name}`);
      await writeFile(copy, text + addition, { mode: 0o644 });
      context.providedFiles[file] = copy;
    } else {
      append(context, file, addition);
    }
  }
}

function additionsTo(
  context: ContainerContext,
  texts: { passwd: string | null; group: string | null },
): PasswdAdditions {
  const { request, volumes } = context;
  const user = lookUpUser(context);
  const home = workingDirectory(context);
  const isMounted = (directory: string): boolean =>
    volumes.some(({ containerPath }) => isWithin(directory, containerPath));
  return passwdAdditions(
    {
      container: request.name,
      uid: user.uid,
      gid: user.gid,
      home,
      passwdEntry: request.spec.passwdEntry ?? null,
      groupEntry: request.spec.groupEntry ?? null,
      // The home of the host is there only where it is mounted.
      hostUsers: hostUsersOf(context).map((entry) => ({
        ...entry,
        home: isMounted(entry.home) ? entry.home : home,
      })),
    },
    texts.passwd,
    texts.group,
  );
}

function append(context: ContainerContext, file: string, text: string): void {
  const root = rootfsPath(context);
  let fd: number;
  try {
    fd = openInRoot(context.parts.kernel, root, file, O_WRONLY | O_APPEND | O_NONBLOCK);
  } catch (error) {
    // A directory that the manifest gave as root filesystem may be read-only.
    if (hasErrno(error, 'EROFS')) return;
    throw error;
  }
  try {
    // It was a regular file when it was read; with a root filesystem of the host's somebody may have changed it since.
    if (!fstatSync(fd).isFile()) {
      throw new EngineError('UNSAFE_PATH', `append to ${file} in ${root}: not a regular file`);
    }
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
