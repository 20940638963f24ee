import type { StageList } from '../stage.ts';
import type { ContainerContext } from './container-context.ts';
import { providedFiles } from './stages/provided-files.ts';
import { rootFilesystem } from './stages/root-filesystem.ts';
import { parkedContainer, runtimeContainer } from './stages/runtime-container.ts';
import { runtimeSpec } from './stages/runtime-spec.ts';
import { sharedMemory } from './stages/shared-memory.ts';
import { stateDirectory } from './stages/state-directory.ts';
import { providedOwners, userNamespace } from './stages/user-namespace.ts';
import { volumes } from './stages/volumes.ts';
import { waitingMonitor } from './stages/waiting-monitor.ts';
import { workingDirectoryStage } from './stages/working-directory.ts';

/** What the spec of a container speaks of. */
const FILLING: StageList<ContainerContext> = [
  [rootFilesystem, sharedMemory],
  volumes,
  workingDirectoryStage,
  providedFiles,
  providedOwners,
];

/** How a container comes up, in this order; it comes down in reverse. */
export const CONTAINER_STAGES: StageList<ContainerContext> = [
  stateDirectory,
  [userNamespace, waitingMonitor],
  ...FILLING,
  runtimeSpec,
  runtimeContainer,
];

/** All that a spec can be made from; nothing runs. */
export const PREVIEW_STAGES: StageList<ContainerContext> = [stateDirectory, userNamespace, ...FILLING];

/** A bundle, for somebody else than the runtime to make the processes of. */
export const BUNDLE_STAGES: StageList<ContainerContext> = [...PREVIEW_STAGES, runtimeSpec];

/** How a container comes down after a checkpoint that has ended it. */
export const PARKED_STAGES: StageList<ContainerContext> = [...BUNDLE_STAGES, parkedContainer];
