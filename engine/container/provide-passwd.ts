import { closeSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, O_APPEND, O_NONBLOCK, O_WRONLY } from '../../native/index.ts';
import { passwdAdditions } from '../files/passwd-additions.ts';
import { openInRoot, readInRoot } from '../rootfs/read-in-root.ts';
import { workingDirectory } from '../spec/process.ts';
import { rootfsPath } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';
import { lookUpUser } from './gather-spec-input.ts';

/**
 * Lets the container's passwd and group know the user that it runs as. Where the root can be written to, lines are appended
 * to its own files, so that useradd still works; in a read-only container a completed copy is mounted over them.
 */
export async function providePasswd(context: ContainerContext): Promise<void> {
  const { request, parts } = context;
  const root = rootfsPath(context);
  const texts = {
    passwd: readInRoot(parts.kernel, root, '/etc/passwd'),
    group: readInRoot(parts.kernel, root, '/etc/group'),
  };
  const user = lookUpUser(context);
  const additions = passwdAdditions(
    {
      container: request.name,
      uid: user.uid,
      gid: user.gid,
      home: workingDirectory(context),
      passwdEntry: null,
      groupEntry: null,
      hostUsers: [],
    },
    texts.passwd,
    texts.group,
  );
  const readOnly = request.spec.securityContext?.readOnlyRootFilesystem === true;
  for (const name of ['passwd', 'group'] as const) {
    const [text, addition, file] = [texts[name], additions[name], `/etc/${name}`];
    const mounted = request.spec.volumeMounts?.some(
      ({ mountPath }) => mountPath === file || mountPath === '/etc',
    );
    if (text === null || addition === '' || mounted === true) continue;
    if (readOnly) {
      const copy = path.join(context.paths.files, `etc-${name}`);
      await writeFile(copy, text + addition, { mode: 0o644 });
      context.providedFiles[file] = copy;
    } else {
      append(context, root, file, addition);
    }
  }
}

function append({ parts }: ContainerContext, root: string, file: string, text: string): void {
  let fd: number;
  try {
    fd = openInRoot(parts.kernel, root, file, O_WRONLY | O_APPEND | O_NONBLOCK);
  } catch (error) {
    // A directory that the manifest gave as root filesystem may be read-only.
    if (hasErrno(error, 'EROFS')) return;
    throw error;
  }
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
