import { EngineError } from '../../engine/index.ts';
import { NotFoundError, waitingCheckpoints } from '../../reconciler/index.ts';
import type {
  DataChange,
  DataName as KeptDataName,
  ResourceName as PassName,
  SettleOptions,
  SettleResult,
} from '../../reconciler/index.ts';
import { ManifestError } from '../../schemas/index.ts';
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
} from '../api/service.ts';
import { followChanges } from './follow-changes.ts';
import type { Instance } from './instance.ts';
import { KnownManifests } from './known-manifests.ts';
import { localVolumes } from './local-volumes.ts';
import { localCheckpoints } from './local-checkpoints.ts';
import { readManifestSet } from './read-set.ts';
import { viewResources } from './resource-views.ts';
import type { ProblemsIn } from './resource-views.ts';

/** How the service comes by an instance: the daemon has one; a command opens one when it first needs it. */
export interface InstanceSource {
  reader(): Promise<Instance>;
  writer(): Promise<Instance>;
  /** Only who follows files knows. */
  problemsIn: ProblemsIn;
  close(): Promise<void>;
}

type OnEvent = (event: ApplyEvent) => void;

/** The service in this process: of a command that found no daemon, and of the daemon itself. */
export class LocalService implements Service {
  readonly #source: InstanceSource;
  readonly #known = new KnownManifests();

  constructor(source: InstanceSource) {
    this.#source = source;
  }

  async apply(request: ApplyRequest, onEvent: OnEvent, signal?: AbortSignal): Promise<ApplySummary> {
    const { manifests, problems } = await readManifestSet(request.files, this.#known);
    if (problems.length > 0) return { ...NOTHING, problems };
    const { reconciler, trace } = await this.#source.writer();
    const endTrace = request.trace === true ? trace.begin() : null;
    const accepted = await reconciler.accept(manifests, acceptOptions(request));
    const summary = await this.#settle(accepted.resources, request.waitMs, onEvent, signal, {
      accepted: accepted.changed,
    });
    await this.#settleWaiting(accepted.resources, onEvent, signal);
    await reconciler.reapVolumes();
    return {
      ...withData(summary, accepted.data),
      ...(endTrace === null ? {} : { trace: endTrace() }),
    };
  }

  async plan(request: ApplyRequest): Promise<PlannedChange[]> {
    const { manifests, problems } = await readManifestSet(request.files, this.#known);
    if (problems.length > 0) throw new ManifestError(problems);
    const { reconciler } = await this.#source.reader();
    return reconciler.plan(manifests, acceptOptions(request));
  }

  async delete(request: DeleteRequest, onEvent: OnEvent, signal?: AbortSignal): Promise<ApplySummary> {
    const { reconciler } = await this.#source.writer();
    const { force } = request;
    const { names, data } = splitNames(request);
    await reconciler.checkDataRemoval(data, { force, leaving: names });
    const found = await reconciler.requestDeletion(names, request);
    const summary = await this.#settle(found, null, onEvent, signal);
    // Last: what uses it is gone by now.
    const removed = await reconciler.requestDataRemoval(data, { force });
    await reconciler.reapVolumes();
    return withData(summary, removed);
  }

  async act(request: ActRequest, onEvent: OnEvent, signal?: AbortSignal): Promise<ApplySummary> {
    const { reconciler } = await this.#source.writer();
    await reconciler.act(request);
    const summary = await this.#settle(request.names, null, onEvent, signal, {
      failures: request.verb === 'kill' ? 'steps' : 'last',
    });
    if (BRINGS_BACK.has(request.verb)) await this.#settleWaiting(request.names, onEvent, signal);
    return summary;
  }

  async list(): Promise<ResourceView[]> {
    return (await viewResources(this.#source)).views;
  }

  async watch(onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    await followChanges(this.#source, onEvent, signal);
  }

  async logs(
    name: PassName,
    container: string | null,
  ): Promise<{ current: string; previous: string; running: boolean }> {
    const { engine, records, runner } = await this.#source.reader();
    const recordName = name.kind === 'Pod' && container !== null ? `${name.name}.${container}` : name.name;
    const record = records.containers.get(recordName);
    if (record === null) throw new NotFoundError('read logs of', { kind: 'Container', name: recordName });
    if (record.request === null) {
      throw new EngineError(
        'BAD_REQUEST',
        `read logs of container/${recordName}: it has not been created yet`,
      );
    }
    const { observation } = await runner.observe(record);
    const running = observation.status === 'running' || observation.status === 'paused';
    return { ...engine.containers.logPaths(record.request), running };
  }

  async data(): ReturnType<Service['data']> {
    return (await this.#source.reader()).engine.data.list();
  }

  async host(): ReturnType<Service['host']> {
    return (await this.#source.reader()).engine.host();
  }

  readonly checkpoints = localCheckpoints({
    reader: () => this.#source.reader(),
    writer: () => this.#source.writer(),
    settle: async (names, onEvent, signal) => {
      const { reconciler } = await this.#source.writer();
      const result = await reconciler.settle(names, {
        waitMs: null,
        failures: 'any',
        onProgress: onEvent,
        ...(signal === undefined ? {} : { signal }),
      });
      await this.#settleWaiting(names, onEvent, signal);
      return summarize(result);
    },
  });

  readonly volumes = localVolumes({
    reader: () => this.#source.reader(),
    writer: () => this.#source.writer(),
  });

  readonly images: Service['images'] = {
    pull: async (reference, policy, onProgress, signal) => {
      const { engine } = await this.#source.writer();
      return engine.images.ensure(reference, policy, {
        onProgress,
        ...(signal === undefined ? {} : { signal }),
      });
    },
    list: async () => (await this.#source.reader()).engine.images.list(),
    import: async (source, name, onProgress) =>
      (await this.#source.writer()).engine.images.import(source, name, { onProgress }),
    push: async (reference, destination) =>
      (await this.#source.writer()).engine.images.push(reference, destination),
    inspect: async (reference) => (await this.#source.reader()).engine.images.find(reference),
    remove: async (reference) => {
      const instance = await this.#source.writer();
      await instance.engine.images.remove(reference, await imagesInUse(instance));
    },
    prune: async () => {
      const instance = await this.#source.writer();
      return instance.engine.images.prune(await imagesInUse(instance));
    },
  };

  close(): Promise<void> {
    return this.#source.close();
  }

  /** Without a daemon nobody else would look at those that wait for one of these. */
  async #settleWaiting(
    resources: readonly PassName[],
    onEvent: OnEvent,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { records } = await this.#source.writer();
    const waiting = waitingCheckpoints(records.checkpoints.list(), resources);
    if (waiting.length > 0) await this.#settle(waiting, null, onEvent, signal);
  }

  async #settle(
    resources: readonly PassName[],
    waitMs: number | null,
    onEvent: OnEvent,
    signal: AbortSignal | undefined,
    options: Pick<SettleOptions, 'failures' | 'accepted'> = {},
  ): Promise<ApplySummary> {
    const { reconciler } = await this.#source.writer();
    const result = await reconciler.settle(resources, {
      ...options,
      waitMs,
      onProgress: onEvent,
      ...(signal === undefined ? {} : { signal }),
    });
    return summarize(result);
  }
}

/** After these a container may be what a manifest of kind Checkpoint waits for. */
const BRINGS_BACK: ReadonlySet<ActRequest['verb']> = new Set(['start', 'restart', 'resume']);

/** What is gone in a pass of its own, and what is gone at once. */
function splitNames({ names, data = [] }: DeleteRequest): { names: PassName[]; data: KeptDataName[] } {
  const split: { names: PassName[]; data: KeptDataName[] } = { names: [...names], data: [] };
  for (const { kind, name } of data) {
    if (kind === 'Checkpoint') split.names.push({ kind, name });
    else split.data.push({ kind, name });
  }
  return split;
}

const NOTHING: ApplySummary = { changed: 0, unchanged: 0, failed: 0, timedOut: false, problems: [] };

function acceptOptions(request: ApplyRequest) {
  return {
    source: 'apply',
    prune: request.prune ? new Set(request.files.map(({ path }) => path)) : null,
    conflicts: 'refuse',
  } as const;
}

function summarize(result: SettleResult): ApplySummary {
  const count = (is: (each: SettleResult['resources'][number]) => boolean): number =>
    result.resources.filter(is).length;
  return {
    changed: count((each) => each.changed && !each.failed),
    unchanged: count((each) => !each.changed && !each.failed),
    failed: count((each) => each.failed),
    timedOut: result.timedOut,
    problems: [],
  };
}

/** Config maps, secrets and volumes count as resources do. */
function withData(summary: ApplySummary, data: readonly DataChange[]): ApplySummary {
  if (data.length === 0) return summary;
  const unchanged = data.filter(({ change }) => change === 'unchanged').length;
  return {
    ...summary,
    changed: summary.changed + data.length - unchanged,
    unchanged: summary.unchanged + unchanged,
    data: [...data],
  };
}

/** Ids of the images that containers were made from, and of those that they have as volumes. */
async function imagesInUse({ records, engine }: Instance): Promise<Set<string>> {
  const requests = records.containers.list().flatMap(({ request }) => request ?? []);
  const references = requests.flatMap(({ spec }) =>
    (spec.volumes ?? []).flatMap(({ image }) => image?.reference ?? []),
  );
  const mounted = await Promise.all([...new Set(references)].map((name) => engine.images.find(name)));
  return new Set([
    ...requests.flatMap(({ image }) => image?.id ?? []),
    ...mounted.flatMap((image) => image?.id ?? []),
  ]);
}
