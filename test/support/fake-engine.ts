import type {
  CheckpointDetails,
  ContainerEngine,
  ContainerObservation,
  Engine,
  HostFacts,
  ImageDetails,
  ImageEngine,
  PodEngine,
} from '../../engine/index.ts';
import type { ContainerExit, ContainerRequest, PodRecord } from '../../schemas/index.ts';
import type { Clock } from '../../reconciler/index.ts';
import type { MadeRetry } from '../../engine/contract/checkpoint-options.ts';
import { createFakeDataEngine } from './fake-data-engine.ts';
import { createFakeVolumeEngine } from './fake-volume-engine.ts';
import type { Boundary } from './fake-store.ts';

/** What is on the pretended host of one instance of a container. It outlives every engine that works on it. */
export interface FakeInstance {
  request: ContainerRequest;
  layer: boolean;
  mounted: boolean;
  runtime: 'none' | 'created' | 'running' | 'paused' | 'stopped';
  pid: number | null;
  exit: ContainerExit | null;
  starts: number;
  /** Its process was started since it was created. */
  hasRun: boolean;
  restores: number;
  /** Numbers of the checkpoints of the restores, in their order. */
  restoredFrom: number[];
  monitorAlive: boolean;
  /** Newest first. */
  checkpoints: FakeCheckpoint[];
  /** The newest. */
  readonly checkpoint: FakeCheckpoint | null;
  /** One that is being made; the container stands still. */
  newCheckpoint: (FakeCheckpoint & { isWhole: boolean; wasPaused: boolean }) | null;
}

export interface FakeCheckpoint {
  id: number;
  repeatable: boolean;
  pinned: boolean;
  createdAt: string;
  leftRunning: boolean;
}

/** A host that only exists in memory. */
export interface FakeHost {
  readonly instances: ReadonlyMap<string, FakeInstance>;
  readonly pinnedPods: ReadonlySet<string>;
  /** Names of the engine's verbs in the order in which they were called: `create web`. */
  readonly calls: string[];
  /** Every process that was ever started: pid and container. */
  readonly startedPids: readonly number[];
  /** Images that can be pulled. */
  readonly images: Map<string, { id: string; stopSignal?: string }>;
  /** Paths of archives of checkpoints. */
  readonly archives: Set<string>;
  /** The process of the container ends, as if by itself. */
  endProcess(name: string, code: number, options?: { oomKilled?: boolean }): void;
  /** Its monitor is killed together with the process: no exit code is ever known. */
  loseMonitor(name: string): void;
  instanceOf(name: string): FakeInstance | undefined;
  /** Makes a verb fail for a container until it is set to null again. */
  failWith(verb: string, name: string, error: Error | null): void;
  /** What each checkpoint was tried with before it succeeded. */
  retries: MadeRetry[];
  /** What a container's process does as soon as it runs; null: it goes on. */
  onStart: (name: string) => number | null;
  /** How the command of a probe ends. */
  execResult: (name: string, command: readonly string[]) => { exitCode: number; output: string };
  /** Nothing that lives in memory survives: processes, mounts, namespaces. */
  reboot(): void;
  /** Opens an engine on this host. `boundary` is called around every effect. */
  open(clock: Clock, boundary?: Boundary): Engine;
}

export function createFakeHost(): FakeHost {
  return new InMemoryHost();
}

class InMemoryHost implements FakeHost {
  readonly instances = new Map<string, FakeInstance>();
  readonly pinnedPods = new Set<string>();
  readonly calls: string[] = [];
  readonly startedPids: number[] = [];
  readonly images = new Map<string, { id: string; stopSignal?: string }>();
  readonly archives = new Set<string>();
  readonly failures = new Map<string, Error>();
  readonly data = createFakeDataEngine();
  readonly volumes = createFakeVolumeEngine();
  readonly exitListeners = new Set<(id: string) => void>();
  retries: MadeRetry[] = [];
  clock: Clock | null = null;
  onStart: (name: string) => number | null = () => null;
  execResult: FakeHost['execResult'] = () => ({ exitCode: 0, output: '' });
  #lastPid = 1000;

  instanceOf(name: string): FakeInstance | undefined {
    return [...this.instances.values()].find(({ request }) => request.name === name);
  }

  failWith(verb: string, name: string, error: Error | null): void {
    if (error === null) this.failures.delete(`${verb} ${name}`);
    else this.failures.set(`${verb} ${name}`, error);
  }

  endProcess(name: string, code: number, options: { oomKilled?: boolean } = {}): void {
    const instance = this.instanceOf(name);
    if (instance === undefined) throw new Error(`fake host: no instance of ${name}`);
    this.end(instance, code, options.oomKilled ?? false);
  }

  end(instance: FakeInstance, code: number, oomKilled = false): void {
    if (instance.runtime === 'none' || instance.runtime === 'stopped') return;
    instance.runtime = 'stopped';
    instance.pid = null;
    instance.monitorAlive = false;
    const finishedAt = new Date(this.clock?.now() ?? 0).toISOString();
    instance.exit = { code, finishedAt, oomKilled };
    for (const listener of [...this.exitListeners]) listener(instance.request.id);
  }

  loseMonitor(name: string): void {
    const instance = this.instanceOf(name);
    if (instance === undefined) throw new Error(`fake host: no instance of ${name}`);
    instance.runtime = 'stopped';
    instance.pid = null;
    instance.exit = null;
    instance.monitorAlive = false;
  }

  nextPid(): number {
    this.#lastPid += 1;
    this.startedPids.push(this.#lastPid);
    return this.#lastPid;
  }

  reboot(): void {
    for (const instance of this.instances.values()) {
      instance.mounted = false;
      instance.runtime = 'none';
      instance.pid = null;
      instance.exit = null;
      instance.monitorAlive = false;
    }
    this.pinnedPods.clear();
    this.exitListeners.clear();
  }

  open(clock: Clock, boundary: Boundary = () => Promise.resolve()): Engine {
    this.clock = clock;
    const effects = new Effects(this, boundary);
    return {
      containers: containerEngine(this, effects),
      pods: podEngine(this, effects),
      images: imageEngine(this, effects),
      data: this.data,
      volumes: this.volumes,
      host: () => Promise.resolve({} as HostFacts),
    };
  }
}

/** Runs effects with the boundary around each, and fails where the host was told to. */
class Effects {
  readonly #host: InMemoryHost;
  readonly #boundary: Boundary;

  constructor(host: InMemoryHost, boundary: Boundary) {
    this.#host = host;
    this.#boundary = boundary;
  }

  begin(verb: string, name: string): void {
    this.#host.calls.push(`${verb} ${name}`);
    const failure = this.#host.failures.get(`${verb} ${name}`);
    if (failure !== undefined) throw failure;
  }

  async run(effect: string, act: () => void): Promise<void> {
    await this.#boundary(effect, 'before');
    act();
    await this.#boundary(effect, 'after');
  }
}

/** Saves nothing but when it did so: that is all that tsctr's decisions rest on. */
function memoryEngine(
  host: InMemoryHost,
  effects: Effects,
  instanceFor: (request: ContainerRequest) => FakeInstance,
): Pick<
  ContainerEngine,
  | 'checkpoint'
  | 'restore'
  | 'exportCheckpoint'
  | 'settleExport'
  | 'removeArchive'
  | 'archiveKey'
  | 'findCheckpoint'
  | 'listCheckpoints'
  | 'checkCheckpoint'
  | 'removeCheckpoint'
  | 'settleCheckpoint'
> {
  const list = (request: ContainerRequest): CheckpointDetails[] =>
    (host.instances.get(request.id)?.checkpoints ?? []).map(detailsOf);
  const settle = (instance: FakeInstance): void => {
    const { newCheckpoint } = instance;
    if (newCheckpoint === null) return;
    const { isWhole, wasPaused, ...made } = newCheckpoint;
    if (instance.runtime === 'paused' && !wasPaused) instance.runtime = 'running';
    const hasEnded = instance.runtime === 'stopped' || instance.runtime === 'none';
    if (hasEnded && isWhole && !made.leftRunning) instance.checkpoints.unshift(made);
    instance.newCheckpoint = null;
  };
  return {
    async checkpoint(request, { then, id = 1, retention = { keep: 1 }, repeatable = false, pin = false }) {
      effects.begin('checkpoint', request.name);
      const instance = instanceFor(request);
      settle(instance);
      if (instance.runtime !== 'running' && instance.runtime !== 'paused') {
        throw new Error(`checkpoint container/${request.name}: it is ${instance.runtime}`);
      }
      const createdAt = new Date(host.clock?.now() ?? 0).toISOString();
      const wasPaused = instance.runtime === 'paused';
      const leftRunning = then === 'leave-running';
      const whole = { id, createdAt, leftRunning, repeatable: repeatable || leftRunning, pinned: pin };
      const made = { ...whole, isWhole: false, wasPaused };
      await effects.run(`freeze ${request.name}`, () => {
        instance.newCheckpoint = made;
        instance.runtime = 'paused';
      });
      await effects.run(`dump ${request.name}`, () => {
        made.isWhole = true;
        if (then === 'stop') host.end(instance, 137);
      });
      await effects.run(`keep checkpoint of ${request.name}`, () => {
        // As the engine does: those that the run has left behind go, then those beyond the policy.
        instance.checkpoints = [whole, ...instance.checkpoints.filter((older) => older.repeatable)];
        instance.newCheckpoint = null;
        if (then !== 'stop' && !wasPaused) instance.runtime = 'running';
      });
      await effects.run(`remove checkpoints of ${request.name} beyond the policy`, () => {
        const { keep = Infinity } = retention;
        instance.checkpoints = instance.checkpoints.filter(({ pinned }, index) => pinned || index < keep);
      });
      return {
        details: detailsOf(whole),
        kept: list(request),
        durationsMs: { dump: 5, total: 7 },
        retries: host.retries,
      };
    },
    async restore(request, { archive, image, checkpoint: id } = {}) {
      effects.begin('restore', request.name);
      const instance = instanceFor(request);
      settle(instance);
      const isElsewhere = archive !== undefined || image !== undefined;
      const isFound = host.archives.has(archive ?? '') || host.images.has(image ?? '');
      const checkpoint = instance.checkpoints.find((each) => each.id === (id ?? instance.checkpoint?.id));
      if (isElsewhere ? !isFound : checkpoint === undefined)
        throw new Error(`restore container/${request.name}: no complete checkpoint`);
      if (instance.runtime === 'running' || instance.runtime === 'paused') {
        throw new Error(`restore container/${request.name}: it is ${instance.runtime}`);
      }
      await effects.run(`mount ${request.name}`, () => (instance.mounted = true));
      await effects.run(`restore ${request.name}`, () => {
        instance.runtime = 'running';
        instance.pid = host.nextPid();
        instance.exit = null;
        instance.monitorAlive = true;
        instance.request = request;
        instance.restores += 1;
        instance.layer = true;
        if (!isElsewhere && checkpoint !== undefined) instance.restoredFrom.push(checkpoint.id);
      });
      await effects.run(`discard checkpoint of ${request.name}`, () => {
        instance.checkpoints = instance.checkpoints.filter(({ repeatable }) => repeatable);
      });
      return { pid: instance.pid ?? 0, statistics: null, durationsMs: { restore: 5, total: 9 } };
    },
    async exportCheckpoint(request, { file }) {
      effects.begin('export', request.name);
      if (instanceFor(request).checkpoint === null) {
        throw new Error(`export container/${request.name}: no complete checkpoint`);
      }
      await effects.run(`export ${request.name}`, () => host.archives.add(file));
      return { file, bytes: 4000, uncompressedBytes: 8000, durationMs: 3 };
    },
    settleExport: () => Promise.resolve(),
    archiveKey: () => Promise.resolve(`ed25519:${'A'.repeat(43)}`),
    removeArchive: (file) =>
      effects.run(`remove archive ${file}`, () => {
        host.archives.delete(file);
      }),
    findCheckpoint(request, id) {
      const kept = list(request);
      return Promise.resolve(kept.find((each) => id === undefined || each.id === id) ?? null);
    },
    listCheckpoints: (request) => Promise.resolve(list(request)),
    checkCheckpoint: () => Promise.resolve({ canCheckpoint: true, obstacles: [], unchecked: [] }),
    async removeCheckpoint(request, id) {
      await effects.run(`remove checkpoint of ${request.name}`, () => {
        const instance = instanceFor(request);
        instance.checkpoints = instance.checkpoints.filter((each) => each.id !== id);
      });
    },
    settleCheckpoint(request) {
      const instance = host.instances.get(request.id);
      if (instance !== undefined) settle(instance);
      return Promise.resolve();
    },
  };
}

function detailsOf({ id, createdAt, leftRunning, repeatable, pinned }: FakeCheckpoint): CheckpointDetails {
  return {
    directory: `/checkpoints/${String(id)}`,
    id,
    createdAt,
    leftRunning,
    repeatable,
    pinned,
    allowances: {},
    statistics: null,
    sizes: { images: 2000, memoryPages: 1000, total: 3000 },
    host: { kernel: '', architecture: '', cgroups: '', bootId: '', criu: '', runtime: '' },
    imageId: null,
  };
}

function containerEngine(host: InMemoryHost, effects: Effects): ContainerEngine {
  const instanceFor = (request: ContainerRequest): FakeInstance => {
    const present = host.instances.get(request.id);
    if (present !== undefined) return present;
    const fresh: FakeInstance = {
      request,
      layer: false,
      mounted: false,
      runtime: 'none',
      pid: null,
      exit: null,
      starts: 0,
      hasRun: false,
      restores: 0,
      restoredFrom: [],
      monitorAlive: false,
      checkpoints: [],
      get checkpoint() {
        return this.checkpoints[0] ?? null;
      },
      newCheckpoint: null,
    };
    host.instances.set(request.id, fresh);
    return fresh;
  };

  const cleanup = async (request: ContainerRequest): Promise<void> => {
    const instance = host.instances.get(request.id);
    if (instance === undefined) return;
    if (instance.runtime === 'running' || instance.runtime === 'paused') {
      throw new Error(`cleanup container/${request.name}: its process is running`);
    }
    await effects.run(`delete ${request.name} from the runtime`, () => {
      instance.runtime = 'none';
      instance.pid = null;
      instance.monitorAlive = false;
    });
    await effects.run(`unmount ${request.name}`, () => {
      instance.mounted = false;
    });
  };

  return {
    async create(request) {
      effects.begin('create', request.name);
      if (request.pod !== null && !host.pinnedPods.has(request.pod.id)) {
        throw new Error(
          `create container/${request.name}: the namespaces of pod/${request.pod.name} are not there`,
        );
      }
      const instance = instanceFor(request);
      if (instance.runtime === 'running' || instance.runtime === 'paused') {
        throw new Error(`create container/${request.name}: it is running`);
      }
      await effects.run(`make layer of ${request.name}`, () => {
        instance.layer = true;
        instance.exit = null;
        instance.request = request;
      });
      await effects.run(`mount ${request.name}`, () => (instance.mounted = true));
      await effects.run(`create ${request.name} in the runtime`, () => {
        instance.runtime = 'created';
        instance.hasRun = false;
        instance.pid = host.nextPid();
        instance.monitorAlive = true;
      });
    },
    async start(request) {
      effects.begin('start', request.name);
      const instance = instanceFor(request);
      const pid = instance.pid ?? 0;
      if (instance.runtime === 'running') return { pid };
      if (instance.runtime !== 'created')
        throw new Error(`start container/${request.name}: it is not created`);
      await effects.run(`start ${request.name}`, () => {
        instance.runtime = 'running';
        instance.starts += 1;
        instance.hasRun = true;
        const code = host.onStart(request.name);
        if (code !== null) host.end(instance, code);
      });
      return { pid };
    },
    async stop(request) {
      effects.begin('stop', request.name);
      const instance = host.instances.get(request.id);
      if (instance === undefined) return;
      await effects.run(`stop ${request.name}`, () => {
        host.end(instance, 143);
      });
    },
    notifyHealthy(request) {
      effects.begin('notify', request.name);
      return Promise.resolve();
    },
    async signal(request, signal) {
      effects.begin('signal', request.name);
      await effects.run(`signal ${request.name}`, () => {
        host.end(instanceFor(request), 128 + signal);
      });
    },
    async pause(request) {
      effects.begin('pause', request.name);
      await effects.run(`pause ${request.name}`, () => (instanceFor(request).runtime = 'paused'));
    },
    async resume(request) {
      effects.begin('resume', request.name);
      await effects.run(`resume ${request.name}`, () => (instanceFor(request).runtime = 'running'));
    },
    async update(request) {
      effects.begin('update', request.name);
      await effects.run(`update ${request.name}`, () => (instanceFor(request).request = request));
    },
    async cleanup(request) {
      effects.begin('cleanup', request.name);
      await cleanup(request);
    },
    async remove(request) {
      effects.begin('remove', request.name);
      await cleanup(request);
      await effects.run(`remove ${request.name}`, () => host.instances.delete(request.id));
    },
    observe(request) {
      return Promise.resolve(observe(host.instances.get(request.id)));
    },
    waitExit(request, options) {
      const known = host.instances.get(request.id)?.exit;
      if (known !== null && known !== undefined) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        const listener = (id: string): void => {
          const exit = host.instances.get(request.id)?.exit;
          if (id !== request.id || exit === null || exit === undefined) return;
          host.exitListeners.delete(listener);
          resolve(exit);
        };
        host.exitListeners.add(listener);
        options?.signal?.addEventListener('abort', () => {
          host.exitListeners.delete(listener);
          reject(new Error('waiting was cancelled'));
        });
      });
    },
    watchExits(onExit) {
      host.exitListeners.add(onExit);
      return Promise.resolve(() => {
        host.exitListeners.delete(onExit);
        return Promise.resolve();
      });
    },
    logPaths: (request) => ({ current: `/log/${request.id}`, previous: `/log/${request.id}.1` }),
    exec(request, { command }) {
      return Promise.resolve({ ...host.execResult(request.name, command), timedOut: false });
    },
    ...memoryEngine(host, effects, instanceFor),
  };
}

function observe(instance: FakeInstance | undefined): ContainerObservation {
  if (instance === undefined) return { status: 'absent', pid: null, exit: null, monitorAlive: false };
  const { runtime, pid, exit, monitorAlive, hasRun } = instance;
  if (runtime === 'stopped') return { status: runtime, pid, exit, monitorAlive, hasRun };
  if (runtime !== 'none') return { status: runtime, pid, exit, monitorAlive };
  return { status: instance.mounted ? 'prepared' : 'absent', pid: null, exit, monitorAlive };
}

function podEngine(host: InMemoryHost, effects: Effects): PodEngine {
  return {
    async prepare(pod: PodRecord) {
      effects.begin('prepare', pod.name);
      await effects.run(`pin namespaces of ${pod.name}`, () => host.pinnedPods.add(pod.id));
    },
    async release(pod: PodRecord) {
      effects.begin('release', pod.name);
      await effects.run(`unpin namespaces of ${pod.name}`, () => host.pinnedPods.delete(pod.id));
    },
  };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('fake engine: this is not pretended'));
}

function imageEngine(host: InMemoryHost, effects: Effects): ImageEngine {
  return {
    async ensure(reference) {
      effects.begin('pull', reference);
      const image = host.images.get(reference);
      await effects.run(`pull ${reference}`, () => undefined);
      if (image === undefined) throw new Error(`pull ${reference}: no such image`);
      return { reference, id: image.id };
    },
    find: (reference) => Promise.resolve(host.images.has(reference) ? detailsOfImage(reference) : null),
    list: () => Promise.resolve([]),
    import: refuse,
    async packCheckpoint(name, write) {
      await write(`/images/tmp/${name}`);
      await effects.run(`pack ${name}`, () => {
        host.archives.delete(`/images/tmp/${name}`);
        host.images.set(name, { id: `sha256:${'c'.repeat(64)}` });
      });
      return detailsOfImage(name);
    },
    checkpointArchive: refuse,
    originOf: refuse,
    async push(reference, destination) {
      effects.begin('push', reference);
      await effects.run(`push ${reference}`, () => undefined);
      return {
        destination: destination ?? `docker://${reference}`,
        digest: detailsOfImage(reference).digest,
      };
    },
    remove: (reference) =>
      effects.run(`remove image ${reference}`, () => {
        host.images.delete(reference);
      }),
    prune: refuse,
    layerPaths: refuse,
    config(imageId) {
      const image = [...host.images.values()].find(({ id }) => id === imageId);
      return Promise.resolve(image?.stopSignal === undefined ? {} : { StopSignal: image.stopSignal });
    },
  };
}

/** Of an image that is made of a checkpoint. */
function detailsOfImage(name: string): ImageDetails {
  const digest = `sha256:${'d'.repeat(64)}`;
  const made = { createdAt: null, size: 5000, layers: 1, architecture: 'amd64', os: 'linux' };
  return { names: [name], id: `sha256:${'c'.repeat(64)}`, digest, ...made };
}
