import type { Stage } from '../../stage.ts';
import type { ContainerContext } from '../container-context.ts';

/** Files that the engine provides: hosts, hostname, resolv.conf, .containerenv. */
export const providedFiles: Stage<ContainerContext> = {
  name: 'provided-files',
  up: () => Promise.resolve(),
  down: () => Promise.resolve(),
};
