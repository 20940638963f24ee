import type { ResourceView } from '../api/service.ts';
import { formatAge } from './age.ts';
import type { Colour } from './colour.ts';
import type { Column } from './table.ts';

/** KIND NAME STATE READY RESTARTS AGE NOTE; with `wide` also PID, ID, IMAGE and SOURCE. */
export function resourceColumns(nowMs: number, wide: boolean): Column<ResourceView>[] {
  const columns: Column<ResourceView>[] = [
    { title: 'KIND', value: ({ resource }) => resource.kind },
    { title: 'NAME', value: ({ resource }) => resource.name },
    { title: 'STATE', value: ({ status }) => status, colour: stateColour },
    { title: 'READY', value: ({ ready }) => `${ready.ready}/${ready.total}` },
    { title: 'RESTARTS', value: ({ restarts }) => String(restarts) },
    { title: 'AGE', value: ({ record }) => formatAge(nowMs - Date.parse(record.createdAt)) },
  ];
  if (wide) {
    columns.push(
      { title: 'PID', value: pidOf },
      { title: 'ID', value: (view) => idOf(view).slice(0, 12) },
      { title: 'IMAGE', value: imageOf },
      { title: 'SOURCE', value: ({ record }) => `${record.owner.source}:${record.owner.file}` },
    );
  }
  columns.push({ title: 'NOTE', value: ({ note }) => note });
  return columns;
}

function stateColour({ status, ready }: ResourceView): Colour | null {
  if (status === 'Running') return ready.ready === ready.total ? 'green' : 'yellow';
  if (status === 'Failed' || status === 'Unknown') return 'red';
  if (status.startsWith('Exited')) return status === 'Exited (0)' ? null : 'red';
  return status.endsWith('ing') || status.startsWith('Init') ? 'yellow' : null;
}

function pidOf({ record }: ResourceView): string {
  return record.kind === 'Container' && record.pid !== null ? String(record.pid) : '-';
}

function idOf({ record }: ResourceView): string {
  return record.kind === 'Pod' ? record.id : (record.request?.id ?? '-');
}

function imageOf({ record, members }: ResourceView): string {
  if (record.kind === 'Container') {
    const spec = record.manifest?.spec;
    return record.request?.image?.reference ?? spec?.image ?? spec?.rootfs ?? '-';
  }
  const images = record.manifest.spec.containers.map((container) => container.image ?? '-');
  return images.length > 0 ? [...new Set(images)].join(',') : String(members.length);
}
