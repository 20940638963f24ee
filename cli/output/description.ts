import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import type { ResourceView } from '../api/service.ts';
import { formatSpan } from './age.ts';
import { formatBytes } from './bytes.ts';
import type { Painter } from './colour.ts';
import { madeBy } from './checkpoint-text.ts';
import { conditionsText, pairs, rowsText, since, type Row } from './page.ts';
import { containerWords, memberName, splitMembers } from './resource-status.ts';

/** A resource on a page, as `describe` prints it. Rows without a value are left out. */
export function describeResource(view: ResourceView, nowMs: number, paint: Painter): string {
  const { record } = view;
  const body =
    record.kind === 'Pod'
      ? describePod(view, record, nowMs, paint)
      : rowsText(containerRows(record, nowMs), paint);
  const head: Row[] = [
    ['Name', view.resource.name],
    ['Kind', view.resource.kind],
    ['State', view.status],
    ['Note', view.note],
    ['Ready', `${view.ready.ready}/${view.ready.total}`],
    ['Labels', pairs(record.manifest?.metadata.labels)],
    ['Annotations', pairs(record.manifest?.metadata.annotations)],
    ['Source', `${record.owner.source}: ${record.owner.file}`],
    ['Created', since(record.createdAt, nowMs)],
    ['To be removed', since(record.deletionRequestedAt, nowMs)],
  ];
  return rowsText(head, paint) + body + conditionsText(view.conditions, paint);
}

function describePod(view: ResourceView, pod: PodRecord, nowMs: number, paint: Painter): string {
  const rows: Row[] = [
    ['ID', pod.id],
    ['Restart policy', pod.manifest.spec.restartPolicy],
    ['Restarts', String(view.restarts)],
    ['Namespaces held', pod.prepared ? 'yes' : 'no'],
    ['Last error', pod.lastError],
  ];
  const { init, main } = splitMembers(pod, view.members);
  const section = (title: string, members: readonly ContainerRecord[]): string =>
    members.length === 0
      ? ''
      : `${paint('bold', `${title}:`)}\n` +
        members
          .map((member) => {
            const { status, note } = containerWords(member, nowMs);
            const lead: Row[] = [
              ['State', status],
              ['Note', note],
            ];
            return `  ${memberName(pod, member)}:\n${rowsText([...lead, ...containerRows(member, nowMs)], paint, '    ')}`;
          })
          .join('');
  return rowsText(rows, paint) + section('Init containers', init) + section('Containers', main);
}

function containerRows(record: ContainerRecord, nowMs: number): Row[] {
  const { request, exit, previousExit } = record;
  const spec = request?.spec ?? record.manifest?.spec;
  return [
    ['ID', request?.id],
    ['Image', request?.image?.reference ?? spec?.image],
    ['Image ID', request?.image?.id],
    ['Root filesystem', spec?.rootfs],
    ['Command', words([...(spec?.command ?? []), ...(spec?.args ?? [])])],
    ['PID', record.pid === null ? null : String(record.pid)],
    ['Started', since(record.startedAt, nowMs)],
    ['Exit', exit === null ? null : exitText(exit, nowMs)],
    ['Exit before', previousExit === null ? null : exitText(previousExit, nowMs)],
    ['Restart policy', spec?.restartPolicy],
    ['Restarts', String(record.restartCount)],
    ['Next try', record.backoffUntil],
    ['By hand', record.override],
    [
      'In progress',
      record.intent === null ? null : `${record.intent.verb}, ${since(record.intent.since, nowMs) ?? ''}`,
    ],
    ['Checkpoint', record.checkpoint === null ? null : checkpointText(record.checkpoint, nowMs)],
    ['Restored', record.restored === null ? null : restoredText(record.restored, nowMs)],
    ['Network', spec?.hostNetwork === true ? 'host' : spec?.network],
    ['Limits', pairs(spec?.resources?.limits)],
    ['Ports', spec?.ports?.map((p) => `${p.hostPort ?? ''}:${p.containerPort}/${p.protocol}`).join(', ')],
    [
      'Mounts',
      spec?.volumeMounts
        ?.map((m) => `${m.mountPath} ← ${m.name}${m.readOnly === true ? ' (ro)' : ''}`)
        .join(', '),
    ],
    ['Last error', record.lastError],
  ];
}

function exitText(exit: NonNullable<ContainerRecord['exit']>, nowMs: number): string {
  const why = exit.oomKilled ? ', out of memory' : exit.code > 128 ? `, signal ${exit.code - 128}` : '';
  return `${exit.code}${why}, ${since(exit.finishedAt, nowMs) ?? ''}`;
}

function checkpointText(checkpoint: NonNullable<ContainerRecord['checkpoint']>, nowMs: number): string {
  const { createdAt, sizeBytes, memoryBytes, frozenMs, ofEarlierRun } = checkpoint;
  const parts = [
    since(createdAt, nowMs) ?? '',
    `by ${madeBy(checkpoint)}`,
    `${formatBytes(sizeBytes)}, of which memory ${formatBytes(memoryBytes)}`,
    ...(frozenMs === null ? [] : [`stood still for ${formatSpan(frozenMs)}`]),
    ...(ofEarlierRun ? ['of an earlier run'] : []),
  ];
  return parts.join(', ');
}

function restoredText(restored: NonNullable<ContainerRecord['restored']>, nowMs: number): string {
  const { at, why, checkpointCreatedAt, archive, image } = restored;
  const kept = checkpointCreatedAt === null ? '' : `, from the checkpoint of ${checkpointCreatedAt}`;
  const named = image === undefined ? kept : `, from the image ${image}`;
  const from = archive === undefined ? named : `, from the archive ${archive}`;
  return `${since(at, nowMs) ?? ''}, ${RESTORED_WHY[why]}${from}`;
}

const RESTORED_WHY = {
  archive: 'at its first start',
  checkpointed: 'because it was checkpointed',
  crash: 'after a crash',
  boot: 'after the boot',
  hand: 'by hand',
} as const;

/** As a shell would take them; only for reading. */
function words(command: readonly string[]): string {
  return command
    .map((word) => (/^[-\w./:=@%+,]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
