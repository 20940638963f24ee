import path from 'node:path';

/** Where everything of one instance lies: `root` outlives a reboot, `run` does not. */
export interface HostPaths {
  readonly root: string;
  readonly run: string;
  /** `<root>/db`: the records. */
  readonly records: string;
  /** `<root>/images`. */
  readonly images: string;
  /** `<root>/volumes`. */
  readonly volumes: string;
  /** `<run>/tsctr.sock`. */
  readonly socket: string;
  /** `<run>/oci`: `--root` of the OCI runtime. */
  readonly runtime: string;
  /** `<run>/exits`: conmon writes the exit code of a container here, under its id. */
  readonly exits: string;
  container(id: string): ContainerPaths;
  pod(id: string): PodPaths;
}

export interface ContainerPaths {
  /** `<root>/containers/<id>`: what outlives a reboot. */
  readonly state: string;
  readonly upper: string;
  readonly work: string;
  readonly logs: string;
  readonly log: string;
  readonly previousLog: string;
  /** Directories of emptyDir volumes on disk. */
  readonly emptyDirs: string;
  /** The kept checkpoints, each in a directory that is called by its number. */
  readonly checkpoints: string;
  /** The only checkpoint, of a tsctr that kept no more than one. */
  readonly unnumberedCheckpoint: string;
  /** A checkpoint that is being made. */
  readonly newCheckpoint: string;

  /** `<run>/containers/<id>`: the bundle, and all else that is made anew at each start. */
  readonly bundle: string;
  readonly config: string;
  readonly rootfs: string;
  readonly files: string;
  readonly shm: string;
  /** `<run>/memory-dirs/<id>`: mount points of emptyDir volumes in memory; they outlive a restart of the container. */
  readonly memoryDirs: string;
  /** conmon's `--persist-dir`: `oom` appears here. */
  readonly persist: string;
  readonly pidFile: string;
  readonly monitorPidFile: string;
  /** Of what serves the pages of a restored container, while some are to come. */
  readonly lazyPagesPidFile: string;
  /** Pages were lost: says why. */
  readonly lostPages: string;
  /** Our own note of the created process: pid, start time, boot. */
  readonly process: string;
  readonly runtimeLog: string;
  /** A symbolic link to the OCI runtime that has the container. */
  readonly runtimeLink: string;
  readonly exitFile: string;
}

export interface PodPaths {
  /** `<root>/pods/<id>`. */
  readonly state: string;
  readonly emptyDirs: string;
  /** `<run>/pods/<id>`. */
  readonly directory: string;
  readonly net: string;
  readonly ipc: string;
  readonly uts: string;
  readonly user: string;
  readonly shm: string;
  readonly memoryDirs: string;
  readonly files: string;
}

export function createHostPaths(root: string, run: string): HostPaths {
  return {
    root,
    run,
    records: path.join(root, 'db'),
    images: path.join(root, 'images'),
    volumes: path.join(root, 'volumes'),
    socket: path.join(run, 'tsctr.sock'),
    runtime: path.join(run, 'oci'),
    exits: path.join(run, 'exits'),
    container: (id) => containerPaths(root, run, id),
    pod: (id) => podPaths(root, run, id),
  };
}

function containerPaths(root: string, run: string, id: string): ContainerPaths {
  const state = path.join(root, 'containers', id);
  const bundle = path.join(run, 'containers', id);
  const logs = path.join(state, 'logs');
  return {
    state,
    upper: path.join(state, 'upper'),
    work: path.join(state, 'work'),
    logs,
    log: path.join(logs, 'current.log'),
    previousLog: path.join(logs, 'previous.log'),
    emptyDirs: path.join(state, 'empty-dirs'),
    checkpoints: path.join(state, 'checkpoints'),
    unnumberedCheckpoint: path.join(state, 'checkpoint'),
    newCheckpoint: path.join(state, 'checkpoint.new'),
    bundle,
    config: path.join(bundle, 'config.json'),
    rootfs: path.join(bundle, 'rootfs'),
    files: path.join(bundle, 'files'),
    shm: path.join(bundle, 'shm'),
    memoryDirs: path.join(run, 'memory-dirs', id),
    persist: path.join(bundle, 'persist'),
    pidFile: path.join(bundle, 'pid'),
    monitorPidFile: path.join(bundle, 'conmon.pid'),
    lazyPagesPidFile: path.join(bundle, 'lazy-pages.pid'),
    lostPages: path.join(bundle, 'lazy-pages.lost'),
    process: path.join(bundle, 'process.json'),
    runtimeLog: path.join(bundle, 'runtime.log'),
    runtimeLink: path.join(bundle, 'runtime'),
    exitFile: path.join(run, 'exits', id),
  };
}

function podPaths(root: string, run: string, id: string): PodPaths {
  const state = path.join(root, 'pods', id);
  const directory = path.join(run, 'pods', id);
  return {
    state,
    emptyDirs: path.join(state, 'empty-dirs'),
    directory,
    net: path.join(directory, 'net'),
    ipc: path.join(directory, 'ipc'),
    uts: path.join(directory, 'uts'),
    user: path.join(directory, 'user'),
    shm: path.join(directory, 'shm'),
    memoryDirs: path.join(directory, 'memory-dirs'),
    files: path.join(directory, 'files'),
  };
}
