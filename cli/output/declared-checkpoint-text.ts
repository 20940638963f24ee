import { placeOf } from '../../reconciler/index.ts';
import { checkpointTarget, type DeclaredCheckpointRecord } from '../../schemas/index.ts';
import type { DeclaredCheckpointView } from '../api/checkpoint-service.ts';
import { formatAge, formatSpan } from './age.ts';
import { formatBytes } from './bytes.ts';
import type { Colour, Painter } from './colour.ts';
import { conditionsText, pairs, rowsText, since, type Row } from './page.ts';
import type { StatusWords } from './resource-status.ts';
import type { Column } from './table.ts';

/** In the shape of a Kubernetes object. */
export function declaredCheckpointObject({ record, isThere }: DeclaredCheckpointView): object {
  const { name, id, generation, createdAt, deletionRequestedAt, manifest, status, owner } = record;
  const { labels = {}, annotations = {} } = manifest.metadata;
  const { saved, product, pushed, attempts, failures, nextTryAt, startedAt, completedAt, conditions } =
    status;
  return {
    apiVersion: 'tsctr.dev/v1',
    kind: 'Checkpoint',
    metadata: {
      name,
      uid: id,
      generation,
      labels,
      annotations,
      creationTimestamp: createdAt,
      ...(deletionRequestedAt === null ? {} : { deletionTimestamp: deletionRequestedAt }),
    },
    spec: manifest.spec,
    status: {
      phase: phaseOf(record),
      observedGeneration: generation,
      checkpoint: saved === null ? null : { ...saved, isKept: isThere },
      product,
      pushed,
      attempts,
      failed: failures,
      nextTryAt,
      startTime: startedAt,
      completionTime: completedAt,
      owner,
      conditions,
    },
  };
}

/** Complete, Failed, Saving, Pending or Removing. */
function phaseOf({ deletionRequestedAt, status }: DeclaredCheckpointRecord): string {
  if (deletionRequestedAt !== null) return 'Removing';
  const holds = status.conditions.find((condition) => condition.status === 'True');
  if (holds !== undefined) return holds.type;
  return status.attemptSince === null ? 'Pending' : 'Saving';
}

/** `gone`: they are not there any more, and this is how they were. */
export function declaredCheckpointColumns(
  nowMs: number,
  { gone }: { gone: boolean },
): Column<DeclaredCheckpointView>[] {
  const frozen = ({ record: { status } }: DeclaredCheckpointView): string =>
    status.saved?.frozenMs == null ? '-' : formatSpan(status.saved.frozenMs);
  return [
    { title: 'NAME', value: ({ record }) => record.name },
    { title: 'OF', value: ({ record }) => targetOf(record) },
    {
      title: 'STATE',
      value: ({ record }) => (gone ? 'Gone' : phaseOf(record)),
      colour: ({ record }) => (gone ? null : (COLOURS[phaseOf(record)] ?? null)),
    },
    {
      title: 'SIZE',
      value: ({ record: { status } }) => (status.saved ? formatBytes(status.saved.sizeBytes) : '-'),
    },
    { title: 'STOOD STILL', value: frozen },
    { title: 'AGE', value: ({ record }) => formatAge(nowMs - Date.parse(record.createdAt)) },
    { title: 'NOTE', value: (view) => (gone ? '' : noteOf(view)) },
  ];
}

/** What `get checkpoints` says of one in its columns STATE and NOTE. */
export function declaredCheckpointWords(view: DeclaredCheckpointView): StatusWords {
  return { status: phaseOf(view.record), note: noteOf(view) };
}

const COLOURS: Readonly<Record<string, Colour>> = { Complete: 'green', Failed: 'red', Saving: 'yellow' };

function targetOf({ manifest: { spec } }: DeclaredCheckpointRecord): string {
  return `container/${checkpointTarget(spec)}`;
}

/** Where it is, or why it is not made yet. */
function noteOf(view: DeclaredCheckpointView): string {
  const { completedAt, conditions } = view.record.status;
  if (completedAt !== null) return placesOf(view).join(', ');
  const told =
    conditions.find(({ status }) => status === 'True') ?? conditions.find(({ type }) => type === 'Complete');
  return told?.message ?? '';
}

function placesOf({ record, isThere }: DeclaredCheckpointView): string[] {
  const { saved, product, pushed } = record.status;
  const kept = saved?.isKept === true ? `${saved.container}@${saved.number}` : null;
  return [
    ...(kept === null ? [] : [isThere ? kept : `${kept} is not there any more`]),
    ...(product === null ? [] : [placeOf(product)]),
    ...(pushed === null ? [] : [`sent to ${pushed.destination}`]),
  ];
}

/** A checkpoint on a page, as `describe` prints it. */
export function describeDeclaredCheckpoint(
  view: DeclaredCheckpointView,
  nowMs: number,
  paint: Painter,
): string {
  const { record } = view;
  const { manifest, owner, status } = record;
  const { saved, product } = status;
  const at = (time: string | null) => since(time, nowMs);
  const rows: Row[] = [
    ['Name', record.name],
    ['Kind', 'Checkpoint'],
    ['State', phaseOf(record)],
    ['Of', targetOf(record)],
    ['Labels', pairs(manifest.metadata.labels)],
    ['Source', `${owner.source}: ${owner.file}`],
    ['Created', at(record.createdAt)],
    ['Generation', String(record.generation)],
    ['Begun', at(status.startedAt)],
    ['Completed', at(status.completedAt)],
    ['Tries', `${status.attempts}${status.failures === 0 ? '' : `, ${status.failures} failed`}`],
    ['Next try', status.nextTryAt],
    ['Checkpoint', saved === null ? '' : at(saved.createdAt)],
    [
      'Memory',
      saved === null ? '' : `${formatBytes(saved.memoryBytes)} of ${formatBytes(saved.sizeBytes)} in all`,
    ],
    ['Stood still', saved?.frozenMs == null ? '' : formatSpan(saved.frozenMs)],
    ['Stages', pairs(saved?.durationsMs, (ms) => formatSpan(ms))],
    ['CRIU', pairs(saved?.statistics ?? undefined)],
    ['Bytes written', product === null ? '' : formatBytes(product.bytes)],
    ['Where', placesOf(view).join(', ')],
    ['Reclaim policy', manifest.spec.reclaimPolicy],
  ];
  return rowsText(rows, paint) + conditionsText(status.conditions, paint);
}
