import {
  IllegalStateError,
  isLegal,
  isRepeatable,
  keptCheckpointsOf,
  parseImageReference,
  type ContainerRecord,
  type RestoreWish,
} from '../../schemas/index.ts';
import { BadRequestError, NotFoundError } from '../wish/act.ts';
import type { CheckpointWish } from './checkpoint-wish.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import { isElsewhere } from '../plan/plan-restore.ts';
import type { ResourceName } from '../resource-key.ts';

/** A checkpoint of containers, or of all containers of pods, that a person asks for. */
export interface CheckpointRequest {
  names: readonly ResourceName[];
  wish: CheckpointWish;
}

/** Notes what is asked for; all is checked first, so that nothing is changed when one of the names does not allow it. */
export async function askCheckpoint(deps: PassDeps, { names, wish }: CheckpointRequest): Promise<void> {
  const records = names.flatMap((name) => containersOf(deps, 'checkpoint', name));
  if (wish.image !== undefined) refuseImageName(wish.image);
  for (const record of records) {
    const { record: seen } = await deps.runner.observe(record);
    const isDone = seen.state === 'Checkpointed' && wish.then === 'stop';
    if (!isDone && !isLegal('checkpoint', seen.state)) {
      throw new IllegalStateError('checkpoint', record.name, seen.state);
    }
  }
  for (const { name } of records) {
    deps.wishes.checkpoints.set(name, wish);
    if (wish.then === 'leave-running') continue;
    await deps.records.containers.edit(name, (record) => ({ ...record, override: 'Checkpointed' }));
  }
}

function refuseImageName(name: string): void {
  const image = parseImageReference(name);
  if (image.transport === 'docker' && image.digest === null) return;
  throw new BadRequestError(`checkpoint as ${name}: expected a name with or without a tag`);
}

/** A container, or a pod, that is to go on from a checkpoint. */
export interface RestoreTarget extends ResourceName {
  /** Number of the checkpoint, for a container; without it the newest. */
  checkpoint?: number;
}

/** Restores that a person asks for. */
export interface RestoreRequest {
  names: readonly RestoreTarget[];
  wish: RestoreWish;
}

/** Notes that containers are to go on from their kept checkpoints, or one of them out of an archive. */
export async function askRestore(deps: PassDeps, { names, wish }: RestoreRequest): Promise<void> {
  const asked = names.flatMap(({ checkpoint = null, ...name }) =>
    containersOf(deps, 'restore', name).map((record) => ({ record, checkpoint })),
  );
  if (isElsewhere(wish) && (asked.length !== 1 || asked[0]?.checkpoint !== null)) {
    throw new BadRequestError(
      `restore from ${wish.archive ?? wish.image ?? ''}: it holds one container, and no checkpoint of it has a number`,
    );
  }
  for (const { record, checkpoint } of asked) await refuseRestore(deps, record, { checkpoint, wish });
  for (const { record, checkpoint } of asked) {
    const { name } = record;
    deps.wishes.restarts.delete(name);
    await deps.records.containers.edit(name, (present) => ({
      ...present,
      override: null,
      restoreDue: 'hand',
      restoreFrom: checkpoint,
      restoreWish: wish,
      failuresInRow: 0,
      backoffUntil: null,
      // Without an exit there is nothing that the restart policy could hold against it.
      previousExit: present.exit ?? present.previousExit,
      exit: null,
    }));
  }
}

async function refuseRestore(
  deps: PassDeps,
  record: ContainerRecord,
  { checkpoint, wish }: { checkpoint: number | null; wish: RestoreWish },
): Promise<void> {
  const { record: seen } = await deps.runner.observe(record);
  if (seen.state !== 'Stopped' && !isLegal('restore', seen.state)) {
    throw new IllegalStateError('restore', record.name, seen.state);
  }
  const what = `restore container/${record.name}`;
  if (record.checkpoint === null && !isElsewhere(wish)) {
    throw new BadRequestError(
      `${what}: it has no checkpoint; make one while it runs: tsctr checkpoint ${record.name}`,
    );
  }
  refuseCheckpoint(record, checkpoint, what);
  const wanted = record.manifest?.spec.state;
  if (wanted === 'Stopped' || wanted === 'Checkpointed') {
    throw new BadRequestError(
      `${what}: its manifest says spec.state: ${wanted}; set it to Running and apply it again`,
    );
  }
}

function refuseCheckpoint(record: ContainerRecord, id: number | null, what: string): void {
  if (id === null) return;
  const kept = keptCheckpointsOf(record);
  if (!kept.some((each) => each.id === id)) {
    const there = kept.map((each) => `${record.name}@${String(each.id)}`).join(', ');
    throw new BadRequestError(`${what}: it has no checkpoint ${String(id)}; there is ${there}`);
  }
  // Its memory is in a checkpoint that needs the files as they are, and the other one brings its own.
  const { state, checkpoint } = record;
  if (state === 'Checkpointed' && checkpoint !== null && checkpoint.id !== id && !isRepeatable(checkpoint)) {
    throw new BadRequestError(
      `${what} from checkpoint ${String(id)}: its memory would be lost, which is in ${record.name}@${String(checkpoint.id)} alone, without a copy of the files; restore that first`,
    );
  }
}

function containersOf({ records }: PassDeps, verb: string, resource: ResourceName): ContainerRecord[] {
  if (resource.kind === 'Container') {
    const record = records.containers.get(resource.name);
    if (record === null) throw new NotFoundError(verb, resource);
    return [record];
  }
  if (records.pods.get(resource.name) === null) throw new NotFoundError(verb, resource);
  const members = records.containers.list().filter(({ pod }) => pod === resource.name);
  // What a pod's init containers had to do is done.
  return members.filter(({ request }) => request?.pod?.init !== true);
}
