import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import { parsePasswd } from '../files/passwd-file.ts';
import type { PasswdEntry } from '../files/passwd-file.ts';
import { readInRoot } from '../rootfs/read-in-root.ts';
import { isWithin } from '../spec/process.ts';
import { userRequestOf } from '../spec/user-request.ts';
import { resolveUser } from '../spec/user.ts';
import type { ResolvedUser } from '../spec/user.ts';
import { rootfsPath } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';

/** The user by the passwd and group files that the container will see, a mount over them included. */
export function lookUpUser(context: ContainerContext): ResolvedUser {
  const { request, imageConfig } = context;
  return resolveUser(
    { ...userRequestOf(request, imageConfig), hostUsers: hostUsersOf(context) },
    readAccountFile(context, '/etc/passwd'),
    readAccountFile(context, '/etc/group'),
  );
}

/** Null when the container has no such file. Links are followed within the root filesystem, or within the volume, only. */
export function readAccountFile(
  context: ContainerContext,
  file: '/etc/passwd' | '/etc/group',
): string | null {
  const { kernel } = context.parts;
  const mount = mountOver(context, file);
  if (mount === null) return readInRoot(kernel, rootfsPath(context), file);
  if (mount.inside === '')
    return readInRoot(kernel, path.dirname(mount.hostPath), path.basename(mount.hostPath));
  return readInRoot(kernel, mount.hostPath, mount.inside);
}

/** The innermost volume at or above `file`, and where in it the file is; null when it is the root filesystem's own. */
export function mountOver(
  { volumes }: ContainerContext,
  file: string,
): { hostPath: string; inside: string } | null {
  const over = volumes
    .filter(({ containerPath }) => isWithin(file, containerPath))
    .sort((one, other) => other.containerPath.length - one.containerPath.length)[0];
  if (over === undefined) return null;
  return { hostPath: over.hostPath, inside: path.posix.relative(over.containerPath, file) };
}

/** The lines of the host's passwd for `spec.hostUsers`. A home that is no mount of the container is none there. */
export function hostUsersOf({ request }: ContainerContext): PasswdEntry[] {
  const names = request.spec.hostUsers ?? [];
  if (names.length === 0) return [];
  const users = parsePasswd(readFileSync('/etc/passwd', 'utf8'));
  return names.map((name) => {
    const found = users.find((user) => user.name === name);
    if (found !== undefined) return found;
    throw new EngineError(
      'UNKNOWN_USER',
      `resolve hostUsers of container ${request.name}: no user \`${name}\` in /etc/passwd of this host`,
    );
  });
}
