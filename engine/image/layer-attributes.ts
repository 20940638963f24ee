import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { LayerEntry } from './layer-entry.ts';
import { LayerRefusal } from './layer-refusal.ts';

/** Sets the extended attributes that an entry carries. `path` must not follow anything but its last component's directory. */
export function setLayerAttributes(
  kernel: Kernel,
  entry: LayerEntry,
  path: string,
  privileged: boolean,
): void {
  for (const [name, value] of entry.xattrs) {
    if (isForeignAttribute(name)) continue;
    try {
      kernel.lsetxattr(path, name, value, 0);
    } catch (error) {
      if (mayLackAttribute(name, error, privileged)) continue;
      throw new LayerRefusal(entry.name, `cannot have the attribute ${JSON.stringify(name)} here`, {
        cause: error,
      });
    }
  }
}

/**
 * Attributes that are not the image's to set: those of overlayfs would turn a file into something else (a redirection, a
 * whiteout), labels of SELinux are the policy's of this host.
 */
function isForeignAttribute(name: string): boolean {
  return /^(?:trusted|user)\.overlay\./.test(name) || name === 'security.selinux';
}

/** A file system without such attributes is no reason to do without the image, unless programs break without them. */
function mayLackAttribute(name: string, error: unknown, privileged: boolean): boolean {
  if (!privileged && !name.startsWith('user.')) return true;
  return name !== 'security.capability' && hasErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM');
}
