import type {
  ActRequest,
  ApplyEvent,
  ApplyRequest,
  ApplySummary,
  DeleteRequest,
  PlannedChange,
  ResourceView,
  Service,
  WatchEvent,
} from '../../../cli/api/service.ts';
import type { DeclaredCheckpointView } from '../../../cli/api/checkpoint-service.ts';
import type { VolumeView } from '../../../cli/api/volume-service.ts';
import type { HostFacts, ImageDetails } from '../../../engine/index.ts';

export const DONE: ApplySummary = { changed: 1, unchanged: 0, failed: 0, timedOut: false, problems: [] };

export const IMAGE: ImageDetails = {
  names: ['localhost/demo:1'],
  id: `sha256:${'0f'.repeat(32)}`,
  digest: `sha256:${'1e'.repeat(32)}`,
  createdAt: '2026-02-28T12:00:00Z',
  size: 1_200_000,
  layers: 2,
  architecture: 'amd64',
  os: 'linux',
};

export const VOLUME: VolumeView = {
  name: 'data',
  driver: 'local',
  labels: { team: 'db' },
  options: {},
  createdAt: '2026-02-28T12:00:00Z',
  path: '/var/lib/tsctr/volumes/data/_data',
  declaration: null,
  isCondemned: false,
  mountedBy: [],
  usedBy: ['container/db'],
};

const HOST: HostFacts = {
  cgroups: 'v2',
  cgroupManager: 'systemd',
  controllers: ['cpu', 'memory', 'pids'],
  runtime: { name: 'crun', path: '/usr/bin/crun', version: '1.8' },
  conmon: { path: '/usr/bin/conmon', version: '2.1.6' },
  kernel: '6.1.0',
  architecture: 'x86_64',
  hostname: 'demo',
  bootId: '00000000-0000-0000-0000-000000000000',
  tools: {
    criu: null,
    skopeo: '/usr/bin/skopeo',
    netavark: null,
    'aardvark-dns': null,
    catatonit: null,
    busctl: null,
    tar: '/usr/bin/tar',
    git: null,
  },
  seccomp: true,
  appArmor: false,
  seLinux: false,
};

/** A service without a host: it answers what a test has put into it, and remembers what it was asked. */
export class FakeService implements Service {
  readonly calls: { method: string; request: unknown }[] = [];
  views: ResourceView[] = [];
  events: ApplyEvent[] = [];
  summary: ApplySummary = DONE;
  changes: PlannedChange[] = [];
  logFiles = { current: '/nowhere/current.log', previous: '/nowhere/previous.log', running: false };
  declared: DeclaredCheckpointView[] = [];
  imageList: ImageDetails[] = [IMAGE];
  /** Thrown by every verb when it is set. */
  error: Error | null = null;
  /** Awaited by apply, delete and act after their events. */
  hold: (signal: AbortSignal | undefined) => Promise<void> = () => Promise.resolve();
  isClosed = false;
  readonly #watchers = new Set<(event: WatchEvent) => void>();

  apply(
    request: ApplyRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary> {
    return this.#carryOut('apply', request, onEvent, signal);
  }

  delete(
    request: DeleteRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary> {
    return this.#carryOut('delete', request, onEvent, signal);
  }

  act(
    request: ActRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary> {
    return this.#carryOut('act', request, onEvent, signal);
  }

  plan(request: ApplyRequest): Promise<PlannedChange[]> {
    return this.#answer('plan', request, this.changes);
  }

  list(): Promise<ResourceView[]> {
    return this.#answer('list', null, this.views);
  }

  async watch(onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    await this.#answer('watch', null, null);
    for (const view of this.views) onEvent({ what: 'resource', view, gone: false });
    for (const view of this.declared) onEvent({ what: 'checkpoint', view, gone: false });
    onEvent({ what: 'listed' });
    this.#watchers.add(onEvent);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        resolve();
      };
      if (signal.aborted) end();
      signal.addEventListener('abort', end);
    });
    this.#watchers.delete(onEvent);
  }

  /** Tells the watchers of a change. */
  change(view: ResourceView, gone = false): void {
    this.views = [
      ...this.views.filter((other) => other.resource.name !== view.resource.name),
      ...(gone ? [] : [view]),
    ];
    for (const watcher of this.#watchers) watcher({ what: 'resource', view, gone });
  }

  /** The same of a manifest of kind Checkpoint. */
  changeDeclared(view: DeclaredCheckpointView, gone = false): void {
    this.declared = [
      ...this.declared.filter(({ record }) => record.name !== view.record.name),
      ...(gone ? [] : [view]),
    ];
    for (const watcher of this.#watchers) watcher({ what: 'checkpoint', view, gone });
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  logs(...request: Parameters<Service['logs']>): ReturnType<Service['logs']> {
    return this.#answer('logs', request, this.logFiles);
  }

  data(): ReturnType<Service['data']> {
    return this.#answer('data', null, []);
  }

  host(): Promise<HostFacts> {
    return this.#answer('host', null, HOST);
  }

  readonly checkpoints: Service['checkpoints'] = {
    create: (request, onEvent, signal) => this.#carryOut('checkpoints.create', request, onEvent, signal),
    restore: (request, onEvent, signal) => this.#carryOut('checkpoints.restore', request, onEvent, signal),
    check: (request) =>
      this.#answer('checkpoints.check', request, { canCheckpoint: true, obstacles: [], unchecked: [] }),
    remove: async (names) => {
      await this.#answer('checkpoints.remove', names, null);
    },
    key: () => this.#answer('checkpoints.key', null, `ed25519:${'A'.repeat(43)}`),
    declared: () => this.#answer('checkpoints.declared', null, this.declared),
  };

  readonly volumes: Service['volumes'] = {
    create: (wish) => this.#answer('volumes.create', wish, VOLUME),
    list: () => this.#answer('volumes.list', null, [VOLUME]),
    inspect: (name) => this.#answer('volumes.inspect', name, name === VOLUME.name ? VOLUME : null),
    remove: async (name) => {
      await this.#answer('volumes.remove', name, null);
    },
    prune: () => this.#answer('volumes.prune', null, [VOLUME]),
    exportTo: async (name, file) => {
      await this.#answer('volumes.exportTo', { name, file }, null);
    },
    importFrom: (name, file) => this.#answer('volumes.importFrom', { name, file }, VOLUME),
  };

  readonly images: Service['images'] = {
    pull: async (reference, policy, onProgress) => {
      await this.#answer('images.pull', { reference, policy }, null);
      onProgress({ phase: 'fetching', layersDone: 0, layersTotal: 2, bytes: 0 });
      onProgress({ phase: 'fetching', layersDone: 1, layersTotal: 2, bytes: 700_000 });
      onProgress({ phase: 'done', layersDone: 2, layersTotal: 2, bytes: 1_200_000 });
      return { reference, id: IMAGE.id };
    },
    list: () => this.#answer('images.list', null, this.imageList),
    import: async (source, name, onProgress) => {
      await this.#answer('images.import', { source, name }, null);
      onProgress({ phase: 'unpacking', layersDone: 0, layersTotal: 1, bytes: 10 });
      return IMAGE;
    },
    push: (reference, destination) =>
      this.#answer(
        'images.push',
        { reference, destination },
        { destination: 'docker://r/x:1', digest: IMAGE.digest },
      ),
    inspect: (reference) => this.#answer('images.inspect', reference, this.#find(reference)),
    remove: async (reference) => {
      await this.#answer('images.remove', reference, null);
    },
    prune: () => this.#answer('images.prune', null, { removed: [IMAGE], freedBytes: 1_200_000 }),
  };

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  #find(reference: string): ImageDetails | null {
    return this.imageList.find((image) => image.names.includes(reference)) ?? null;
  }

  #answer<T>(method: string, request: unknown, value: T): Promise<T> {
    this.calls.push({ method, request });
    return this.error === null ? Promise.resolve(value) : Promise.reject(this.error);
  }

  async #carryOut(
    method: string,
    request: unknown,
    onEvent: (event: ApplyEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<ApplySummary> {
    await this.#answer(method, request, null);
    this.events.forEach(onEvent);
    await this.hold(signal);
    return this.summary;
  }
}
