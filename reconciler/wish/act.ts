import {
  IllegalStateError,
  isLegal,
  parseSignal,
  type ContainerRecord,
  type ContainerVerb,
} from '../../schemas/index.ts';
import { isAlive } from '../plan/container-situation.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import { keyOf, type ResourceName } from '../resource-key.ts';

/** What a person asks of containers and pods by command. */
export interface ActRequest {
  verb: 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'resume';
  names: readonly ResourceName[];
  /** Signal name or number, for kill; null: KILL. */
  signal: string | null;
  /** Overrides the grace period, in milliseconds. */
  timeoutMs: number | null;
}

/** There is no such resource; nothing was changed. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly code = 'NOT_FOUND';
  readonly resource: ResourceName;

  constructor(operation: string, resource: ResourceName) {
    super(`${operation} ${keyOf(resource)}: there is none; see what there is with: tsctr get`);
    this.resource = resource;
  }
}

/** What was asked for cannot be; nothing was changed. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
  readonly code = 'BAD_REQUEST';
}

/**
 * Notes what a person asks for. Throws ValueError for a signal that is none. Everything is checked first, so that nothing is changed when one of the names does not allow it.
 * The next passes do it; only a signal is sent at once.
 */
export async function act(deps: PassDeps, request: ActRequest): Promise<void> {
  const targets = request.names.map((resource) => targetOf(deps, request, resource));
  const signalNumber = request.signal === null ? SIGKILL : parseSignal(request.signal);
  for (const target of targets)
    for (const record of target.containers) await refuseIllegal(deps, request, record);
  for (const target of targets) await actOn(deps, request, { ...target, signalNumber });
}

const SIGKILL = 9;

interface Target {
  resource: ResourceName;
  containers: readonly ContainerRecord[];
}

function targetOf({ records }: PassDeps, { verb }: ActRequest, resource: ResourceName): Target {
  if (resource.kind === 'Container') {
    const record = records.containers.get(resource.name);
    if (record === null) throw new NotFoundError(verb, resource);
    return { resource, containers: [record] };
  }
  if (records.pods.get(resource.name) === null) throw new NotFoundError(verb, resource);
  const members = records.containers.list().filter((record) => record.pod === resource.name);
  // What a pod's init containers had to do is done.
  return { resource, containers: members.filter((record) => record.request?.pod?.init !== true) };
}

/** Verbs that ask for a change of state are refused where that makes no sense; start and stop say what is wished, always. */
async function refuseIllegal(deps: PassDeps, { verb }: ActRequest, record: ContainerRecord): Promise<void> {
  if (verb === 'start' && record.manifest?.spec.state === 'Stopped') {
    throw new BadRequestError(
      `start container/${record.name}: its manifest says spec.state: Stopped; set it to Running and apply it again`,
    );
  }
  const needed: ContainerVerb | null = verb === 'kill' || verb === 'pause' || verb === 'resume' ? verb : null;
  if (needed === null) return;
  const { record: seen } = await deps.runner.observe(record);
  const isDoneAlready =
    (verb === 'pause' && seen.state === 'Paused') || (verb === 'resume' && seen.state === 'Running');
  if (!isDoneAlready && !isLegal(needed, seen.state))
    throw new IllegalStateError(needed, record.name, seen.state);
}

async function actOn(
  deps: PassDeps,
  { verb, timeoutMs }: ActRequest,
  target: Target & { signalNumber: number },
): Promise<void> {
  const { records, wishes, runner } = deps;
  if (verb === 'kill') {
    for (const { name } of target.containers) await runner.kill(name, target.signalNumber);
    return;
  }
  if (target.resource.kind === 'Pod' && (verb === 'stop' || verb === 'start' || verb === 'restart')) {
    const override = verb === 'stop' ? 'Stopped' : null;
    await records.pods.edit(target.resource.name, (pod) => ({ ...pod, override }));
  }
  for (const { name } of target.containers) {
    if (timeoutMs !== null) wishes.stopTimeoutsMs.set(name, timeoutMs);
    if (verb === 'restart') wishes.restarts.add(name);
    else wishes.restarts.delete(name);
    const byPod = target.resource.kind === 'Pod';
    await records.containers.edit(name, (record) => noteVerb(record, verb, byPod));
  }
}

/** What a verb makes of the wish that is on record. */
function noteVerb(
  record: ContainerRecord,
  verb: Exclude<ActRequest['verb'], 'kill'>,
  byPod: boolean,
): ContainerRecord {
  switch (verb) {
    case 'stop':
      return byPod ? record : { ...record, override: 'Stopped' };
    case 'pause':
      return { ...record, override: 'Paused' };
    case 'resume':
      return { ...record, override: record.override === 'Paused' ? null : record.override };
    case 'start':
    case 'restart': {
      const lifted: ContainerRecord = { ...record, override: null, failuresInRow: 0, backoffUntil: null };
      // Without an exit there is nothing that the restart policy could hold against another run.
      if (isAlive(record.state) || record.exit === null) return lifted;
      return { ...lifted, previousExit: record.exit, exit: null };
    }
  }
}
