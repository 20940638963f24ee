import type { Clock } from '../clock.ts';
import type { Outcome } from './outcome.ts';
import { formatReason } from '../plan/plan-reason.ts';
import type { Progress } from '../progress.ts';
import { keyOf, type ResourceKey, type ResourceName } from '../resource-key.ts';
import { createNewsTeller } from '../tell-news.ts';

export interface SettleOptions {
  /** Until everything is as wished, up to this many milliseconds; null: until what can be done now has been done. */
  waitMs: number | null;
  /**
   * `any`: what was asked for once is tried once, so a step that fails has failed, however well the resource is afterwards. `steps`: that a
   * process ends is what was asked for, so only a step can fail. Default: how it ends is what counts.
   */
  failures?: 'any' | 'steps' | 'last';
  /** Those of which something new is wanted: they count as changed also where that has to wait. Default: none. */
  accepted?: readonly ResourceName[];
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface SettleResult {
  resources: readonly SettledResource[];
  /** True when the time passed before everything was as wished. */
  timedOut: boolean;
}

export interface SettledResource {
  resource: ResourceName;
  /** True when at least one step was done to it, or to a member of it, or when what is wanted of it now waits. */
  changed: boolean;
  failed: boolean;
  /** Null: it is gone. */
  outcome: Outcome | null;
  detail: string;
}

/** What waiting needs to know of the loop. */
export interface SettleView {
  clock: Clock;
  put: (key: ResourceKey) => void;
  isBusy: (key: ResourceKey) => boolean;
  outcomeOf: (key: ResourceKey) => Outcome | null;
  /** A pod's containers; of a container: none. */
  membersOf: (resource: ResourceName) => readonly ResourceName[];
  onPass: (listener: () => void) => () => void;
  onProgress: (listener: (progress: Progress) => void) => () => void;
}

/** Has the resources looked at, and waits until they are as the options say. */
export async function settle(
  view: SettleView,
  resources: readonly ResourceName[],
  options: SettleOptions,
): Promise<SettleResult> {
  const owners = new Map<ResourceKey, ResourceKey>();
  const touched = new Set<ResourceKey>();
  const failures = new Map<ResourceKey, string>();
  const hopeless = new Set<ResourceKey>();
  for (const resource of resources) owners.set(keyOf(resource), keyOf(resource));
  // Asked for again with every pass, as members come while a pod is worked on; of containers there are too many for that.
  const pods = resources.filter(({ kind }) => kind === 'Pod');
  const adopt = (): void => {
    for (const pod of pods) {
      for (const member of view.membersOf(pod)) owners.set(keyOf(member), keyOf(pod));
    }
  };
  adopt();
  const accepted = new Set(options.accepted?.map(keyOf));
  const news = createNewsTeller((progress) => options.onProgress?.(progress));
  const endProgress = view.onProgress((progress) => {
    adopt();
    const owner = owners.get(keyOf(progress.resource));
    if (owner === undefined) return;
    if (isChange(progress)) touched.add(owner);
    if (progress.what === 'failed') failures.set(owner, progress.detail);
    news.tell(progress);
  });
  try {
    for (const key of [...owners.keys()]) view.put(key);
    const timedOut = await waitUntil(view, options, () => {
      adopt();
      for (const key of owners.keys()) if (isFinal(view.outcomeOf(key))) hopeless.add(key);
      return [...owners.keys()].every((key) =>
        isDone(view, key, { untilAsWished: options.waitMs !== null, hopeless }),
      );
    });
    const settled = resources.map((resource) =>
      summarize(view, owners, {
        resource,
        touched,
        accepted,
        failures,
        hopeless,
        hasFailed: options.failures === 'any' && failures.has(keyOf(resource)),
        mayEnd: options.failures === 'steps',
      }),
    );
    news.tellUnchanged(settled.filter(isUnchanged).map(({ resource }) => resource));
    return { timedOut, resources: settled };
  } finally {
    endProgress();
  }
}

function isChange({ what }: Progress): boolean {
  return (
    what !== 'unchanged' &&
    what !== 'waiting' &&
    what !== 'progress' &&
    what !== 'failed' &&
    what !== 'ready' &&
    what !== 'completed'
  );
}

/** It is tried again, but waiting for that makes no sense. */
function isFinal(outcome: Outcome | null): boolean {
  return outcome?.why.why === 'step-failed' && outcome.why.isFinal;
}

function isDone(
  view: SettleView,
  key: ResourceKey,
  { untilAsWished, hopeless }: { untilAsWished: boolean; hopeless: ReadonlySet<ResourceKey> },
): boolean {
  if (view.isBusy(key)) return false;
  const outcome = view.outcomeOf(key);
  if (outcome === null || outcome.kind === 'settled' || outcome.kind === 'stalled') return true;
  if (waitsForStalled(view, outcome, hopeless)) return true;
  // A round that goes on at once is not an end.
  if (outcome.kind === 'requeue' && outcome.why.why === 'steps-follow') return false;
  // It comes to an end with the pass of the container that is at it.
  if (outcome.why.why === 'being-saved') return false;
  return !untilAsWished || hopeless.has(key);
}

/** What it waits for will not come without a human: then neither will it. */
function waitsForStalled(view: SettleView, outcome: Outcome, hopeless: ReadonlySet<ResourceKey>): boolean {
  if (outcome.kind !== 'waiting') return false;
  const keys = outcome.for.map(keyOf);
  return keys.some((key) => hopeless.has(key) || view.outcomeOf(key)?.kind === 'stalled');
}

/** Resolves with true when the time was over first; rejects when the signal was given. */
function waitUntil(
  view: SettleView,
  { waitMs, signal }: SettleOptions,
  isDoneNow: () => boolean,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stopListening();
      signal?.removeEventListener('abort', onAbort);
      if (timer !== null) view.clock.clearTimeout(timer);
    };
    const onAbort = (): void => {
      end();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('waiting was cancelled'));
    };
    const look = (): void => {
      if (!isDoneNow()) return;
      end();
      resolve(false);
    };
    const stopListening = view.onPass(look);
    const timer =
      waitMs === null
        ? null
        : view.clock.setTimeout(() => {
            end();
            resolve(true);
          }, waitMs);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    else look();
  });
}

function summarize(
  view: SettleView,
  owners: ReadonlyMap<ResourceKey, ResourceKey>,
  seen: {
    resource: ResourceName;
    touched: ReadonlySet<ResourceKey>;
    accepted: ReadonlySet<ResourceKey>;
    failures: ReadonlyMap<ResourceKey, string>;
    hopeless: ReadonlySet<ResourceKey>;
    hasFailed: boolean;
    mayEnd: boolean;
  },
): SettledResource {
  const key = keyOf(seen.resource);
  const keys = [...owners].filter(([, owner]) => owner === key).map(([member]) => member);
  const outcomes = keys.map((each) => view.outcomeOf(each)).filter((outcome) => outcome !== null);
  const bad = outcomes.find(
    (each) => isFailed(each, seen.mayEnd) || waitsForStalled(view, each, seen.hopeless),
  );
  const outcome = bad ?? view.outcomeOf(key);
  return {
    resource: seen.resource,
    changed: seen.touched.has(key) || (seen.accepted.has(key) && outcome?.kind === 'waiting'),
    failed: bad !== undefined || seen.hasFailed,
    outcome,
    detail: seen.failures.get(key) ?? (outcome === null ? '' : formatReason(outcome.why)),
  };
}

function isUnchanged({ changed, failed, outcome }: SettledResource): boolean {
  return !changed && !failed && outcome?.kind === 'settled';
}

function isFailed({ kind, why: { why } }: Outcome, mayEnd: boolean): boolean {
  if (why === 'failed-for-good' || why === 'backing-off') return !mayEnd;
  return kind === 'stalled' || why === 'step-failed';
}
