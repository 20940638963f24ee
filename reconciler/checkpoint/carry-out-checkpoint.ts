import {
  checkpointTarget,
  type DeclaredCheckpointRecord,
  type SavedCheckpoint,
} from '../../schemas/index.ts';
import { explainFailure, isFinalFailure } from '../pass/failure.ts';
import { isSamePlace, placeOf } from './checkpoint-product.ts';
import {
  noteBegun,
  noteComplete,
  noteDiscarded,
  noteFailure,
  noteOutrun,
  noteProduct,
  notePushed,
  noteReclaimed,
  noteSaved,
  noteWithdrawn,
} from './note-checkpoint.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import type { CheckpointMove, CheckpointSituation, MadeCheckpoint } from './plan-checkpoint.ts';
import type { Progress } from '../progress.ts';
import { formatSize } from '../pass/report-steps.ts';
import type { PushImageStep, RemoveCheckpointStep } from '../plan/step.ts';

/** Carries one move out. What it does beyond the record may be repeated after a crash. */
export async function carryOut(
  deps: PassDeps,
  situation: CheckpointSituation,
  { move, signal }: { move: Exclude<CheckpointMove, { do: 'rest' }>; signal: AbortSignal },
): Promise<void> {
  const { record } = situation;
  const { id, name } = record;
  const now = deps.clock.now();
  const { handedOver, news } = deps.wishes.declared;
  const edit = (change: (present: DeclaredCheckpointRecord) => DeclaredCheckpointRecord): Promise<unknown> =>
    // Changed meanwhile, it asks for something else: the next look finds out.
    deps.records.checkpoints.edit(name, (present) =>
      present.generation === record.generation ? change(present) : present,
    );
  const tell = (what: Progress['what'], detail: string): void => {
    deps.report({ resource: { kind: 'Checkpoint', name }, what, detail });
  };
  switch (move.do) {
    case 'begin':
      news.delete(id);
      await edit((present) => noteBegun(present, { ...move, now }));
      handedOver.set(id, record.generation);
      deps.wake({ kind: 'Container', name: checkpointTarget(record.manifest.spec) });
      return;
    case 'withdraw':
      handedOver.delete(id);
      await edit(noteWithdrawn);
      return;
    case 'note-saved': {
      const saved = await savedFrom(deps, move.made);
      await edit((present) => noteSaved(present, saved));
      tell('checkpointed', describeSaved(saved));
      return;
    }
    case 'note-product':
      await edit((present) => noteProduct(present, move.product));
      news.delete(id);
      tell('exported', `${placeOf(move.product)}, ${formatSize(move.product.bytes)}`);
      return;
    case 'note-outrun': {
      const { product } = move;
      // Whichever generation it is by now: that of the product is over.
      if (product !== null) {
        await deps.records.checkpoints.edit(name, (present) =>
          present.id === id ? noteOutrun(present, product) : present,
        );
      }
      news.delete(id);
      return;
    }
    case 'note-failure':
      await edit((present) => noteFailure(present, move, now));
      news.delete(id);
      handedOver.delete(id);
      return;
    case 'push':
      return push(deps, id, { step: move.step, signal, edit });
    case 'discard':
      if (move.made !== null) await deps.runner.removeCheckpoint(removalOf(move.made));
      await edit(noteDiscarded);
      return;
    case 'complete':
      handedOver.delete(id);
      await edit((present) => noteComplete(present, now));
      tell('completed', move.what);
      return;
    case 'reclaim-kept':
      return deps.runner.removeCheckpoint(removalOf(move.made));
    case 'reclaim-product':
      // What took its place is not to go.
      if (record.deletionRequestedAt !== null || !isSamePlace(record.status.product, move.product))
        await deps.runner.removeProduct({ kind: 'remove-product', checkpoint: name, product: move.product });
      await edit((present) => noteReclaimed(present, move.product));
      return;
    case 'drop-superseded':
      await edit((present) => ({ ...present, superseded: [] }));
      return;
    case 'forget':
      handedOver.delete(id);
      news.delete(id);
      await deps.records.checkpoints.remove(name);
      tell('removed', whatStays(situation));
  }
}

type Edit = (change: (present: DeclaredCheckpointRecord) => DeclaredCheckpointRecord) => Promise<unknown>;

async function push(
  deps: PassDeps,
  id: string,
  { step, signal, edit }: { step: PushImageStep; signal: AbortSignal; edit: Edit },
): Promise<void> {
  try {
    const pushed = await deps.runner.pushImage(step, { signal });
    await edit((present) => notePushed(present, pushed));
  } catch (error) {
    signal.throwIfAborted();
    const failure = {
      reason: 'PushFailed',
      message: explainFailure(error),
      isFinal: isFinalFailure(error),
    } as const;
    await edit((present) => noteFailure(present, failure, deps.clock.now()));
    deps.wishes.declared.handedOver.delete(id);
  }
}

/** The facts that the manifest goes on telling of, whatever becomes of the checkpoint. */
async function savedFrom(
  { engine }: PassDeps,
  { container, kept }: MadeCheckpoint,
): Promise<SavedCheckpoint> {
  const { request } = container;
  // Without them it was saved all the same.
  const details =
    request === null ? null : await engine.containers.findCheckpoint(request, kept.id).catch(() => null);
  return {
    container: container.name,
    containerId: request?.id ?? '',
    number: kept.id,
    createdAt: kept.createdAt,
    memoryBytes: kept.memoryBytes,
    sizeBytes: kept.sizeBytes,
    frozenMs: kept.frozenMs,
    durationsMs: kept.durationsMs,
    statistics: details?.statistics == null ? null : { ...details.statistics },
    isKept: true,
  };
}

function removalOf({ container, kept }: MadeCheckpoint): RemoveCheckpointStep {
  return { kind: 'remove-checkpoint', container: container.name, checkpoint: kept.id };
}

/** `web@3, 12.0 MiB, frozen for 31 ms`. */
function describeSaved({ container, number, sizeBytes, frozenMs }: SavedCheckpoint): string {
  const frozen = frozenMs === null ? '' : `, frozen for ${frozenMs.toFixed(0)} ms`;
  return `${container}@${String(number)}, ${formatSize(sizeBytes)}${frozen}`;
}

/** With reclaimPolicy Retain nothing that was made goes, and people should know where it is. */
function whatStays({ record, made }: CheckpointSituation): string {
  if (record.manifest.spec.reclaimPolicy === 'Delete') return '';
  const kept = made.map((each) => `${each.container.name}@${String(each.kept.id)}`);
  const product = record.status.product === null ? [] : [placeOf(record.status.product)];
  const stays = [...kept, ...product];
  if (stays.length === 0) return '';
  const advice = kept.length === 0 ? '' : `; remove it with: tsctr checkpoint remove ${kept.join(' ')}`;
  return `${stays.join(', ')} stays${advice}`;
}
