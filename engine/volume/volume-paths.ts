import path from 'node:path';
import type { HostPaths } from '../host-paths.ts';

/** Where one named volume lies. */
export interface VolumePaths {
  /** `<root>/volumes/<name>`. */
  readonly directory: string;
  readonly record: string;
  /** What containers see; where a driver's file system is mounted. */
  readonly data: string;
  /** A copy that is being made. */
  readonly copying: string;
  /** `<run>/volumes/<name>`: one file for each container that has it mounted. */
  readonly users: string;
}

export function volumePaths(paths: HostPaths, name: string): VolumePaths {
  const directory = path.join(paths.volumes, name);
  return {
    directory,
    record: path.join(directory, 'volume.json'),
    data: path.join(directory, '_data'),
    copying: path.join(directory, '_data.copying'),
    users: path.join(paths.run, 'volumes', name),
  };
}
