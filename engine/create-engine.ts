import type { Kernel } from '../native/index.ts';
import type { EngineWithAccess } from './access.ts';
import { createMonitorScope } from './cgroup/monitor-scope.ts';
import type { ArchiveTrust } from './checkpoint/archive/archive-trust.ts';
import { createContainerAccess } from './container/container-access.ts';
import type { EngineParts } from './container/container-context.ts';
import { createContainerEngine } from './container/container-engine.ts';
import { ExitWatcher } from './container/exit-watcher.ts';
import type { EffectObserver } from './contract/effects.ts';
import { readHostFacts } from './host.ts';
import { createHostPaths } from './host-paths.ts';
import { createImageEngine } from './image/create-image-engine.ts';
import type { RegistryOptions } from './image/registry-options.ts';
import { createPodEngine } from './pod/pod-engine.ts';
import { createRunCommand } from './process/run-command.ts';
import { createOciRuntime } from './runtime/oci-runtime.ts';
import { createDataEngine } from './secret/data-engine.ts';
import { createDataStore } from './secret/data-store.ts';
import { IdRanges } from './userns/id-ranges.ts';
import { createVolumeEngine } from './volume/create-volume-engine.ts';
import { VolumeStore } from './volume/volume-store.ts';

export interface EngineOptions {
  kernel: Kernel;
  root: string;
  run: string;
  /** `auto`, the name or the path of an OCI runtime. */
  runtime?: string;
  registry?: RegistryOptions;
  /** Whose archives are restored besides those of this instance; default: nobody's. */
  archiveTrust?: ArchiveTrust;
  exitCommand?: readonly string[] | null;
  /** Told of every effect on the host; default: nobody. */
  observeEffect?: EffectObserver;
  /** What people should know of a container although it is no error; default: nobody is told. */
  notice?: (container: string, message: string) => void;
}

/** Puts the engine of one root and run directory together. Throws where this host lacks what it cannot do without. */
export async function createEngine(options: EngineOptions): Promise<EngineWithAccess> {
  const { kernel } = options;
  const paths = createHostPaths(options.root, options.run);
  const runCommand = createRunCommand(kernel);
  const { facts, cgroupLayout } = await readHostFacts({
    runtime: options.runtime ?? 'auto',
    run: options.run,
    runCommand,
  });
  const images = createImageEngine({
    kernel,
    directory: paths.images,
    runCommand,
    skopeoPath: facts.tools.skopeo,
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  });
  const cgroupOwner = { run: options.run, manager: facts.cgroupManager };
  const parts: EngineParts = {
    kernel,
    paths,
    facts,
    cgroupLayout,
    cgroupOwner,
    monitors: createMonitorScope({
      owner: cgroupOwner,
      layout: cgroupLayout,
      busctl: facts.tools.busctl,
      runCommand,
    }),
    images,
    volumes: new VolumeStore(kernel, paths),
    idRanges: new IdRanges(paths),
    runCommand,
    data: createDataStore(options.root),
    runtime: createOciRuntime({
      path: facts.runtime.path,
      root: paths.runtime,
      programLink: (id) => paths.container(id).runtimeLink,
      systemdCgroup: facts.cgroupManager === 'systemd',
      runCommand,
    }),
    exits: new ExitWatcher(paths.exits),
    observeEffect: options.observeEffect ?? (() => undefined),
    ...(options.archiveTrust !== undefined && { archiveTrust: options.archiveTrust }),
    ...(options.notice !== undefined && { notice: options.notice }),
    exitCommand: options.exitCommand ?? null,
  };
  return {
    containers: createContainerEngine(parts),
    access: createContainerAccess(parts),
    pods: createPodEngine(parts),
    images,
    volumes: createVolumeEngine(parts),
    data: createDataEngine(parts.data, runCommand),
    host: () => Promise.resolve(facts),
  };
}
