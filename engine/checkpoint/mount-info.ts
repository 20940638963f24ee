import { unescapeOctal } from '../cgroup/cgroup-layout.ts';
import { readAtOnce } from '../read-at-once.ts';

/** One line of proc_pid_mountinfo(5). */
export interface MountInfo {
  id: number;
  parentId: number;
  /** `major:minor` of the file system. */
  device: string;
  /** The directory of the file system that is the root of this mount. */
  root: string;
  /** As the process sees it. */
  mountPoint: string;
  fsType: string;
  source: string;
  /** Options of the file system, not of the mount. */
  superOptions: readonly string[];
}

/** The mounts that a process sees, parents first. */
export async function readMountInfo(pid: number | 'self'): Promise<MountInfo[]> {
  return parseMountInfo(await readAtOnce(`/proc/${String(pid)}/mountinfo`));
}

export function parseMountInfo(text: string): MountInfo[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      // A variable number of optional fields ends with a dash.
      const [before = '', after = ''] = line.split(' - ');
      const [id, parentId, device = '', root = '', mountPoint = ''] = before.split(' ');
      const [fsType = '', source = '', superOptions = ''] = after.split(' ');
      return {
        id: Number(id),
        parentId: Number(parentId),
        device,
        root: unescapeOctal(root),
        mountPoint: unescapeOctal(mountPoint),
        fsType,
        source: unescapeOctal(source),
        superOptions: superOptions.split(','),
      };
    });
}
