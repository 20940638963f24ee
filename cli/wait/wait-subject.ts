import type { ResourceView, WatchEvent } from '../api/service.ts';
import { declaredCheckpointObject, declaredCheckpointWords } from '../output/declared-checkpoint-text.ts';
import { toObject } from '../output/json.ts';
import { hasEnded, viewContainer } from '../output/resource-status.ts';
import { formatName } from '../arguments/resource-name.ts';

/** A resource that can be waited for: a container, also that of a pod, a pod, a manifest of kind Checkpoint. */
export interface WaitSubject {
  /** `container/web`; a member of a pod is `container/db.server`. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** A member of a pod is waited for only by its own name. */
  isMember: boolean;
  /** What `get` shows in STATE and NOTE. */
  status: string;
  note: string;
  conditions: readonly { type: string; status: string; reason: string; message: string }[];
  /** Of a container: the last end of its process. Null: it has never ended. Undefined: there is no such thing. */
  lastExit?: { code: number; finishedAt: string } | null;
  /** It has ended, and has not begun again. */
  hasEnded: boolean;
  /** As `get -o json` prints it. */
  toObject: () => object;
}

type Told = Exclude<WatchEvent, { what: 'listed' }>;

/** All that one event tells of: a pod with its containers. */
export function subjectsOf(event: Told, nowMs: number): WaitSubject[] {
  if (event.what === 'checkpoint') {
    const { record } = event.view;
    return [
      {
        name: `checkpoint/${record.name}`,
        labels: record.manifest.metadata.labels ?? {},
        isMember: false,
        ...declaredCheckpointWords(event.view),
        conditions: record.status.conditions,
        hasEnded: false,
        toObject: () => declaredCheckpointObject(event.view),
      },
    ];
  }
  const { view } = event;
  const members = view.members.map((member) => subjectOf(viewContainer(member, nowMs), true));
  return [subjectOf(view, false), ...members];
}

function subjectOf(view: ResourceView, isMember: boolean): WaitSubject {
  const { resource, record, status, note, conditions } = view;
  return {
    name: formatName(resource),
    labels: record.manifest?.metadata.labels ?? {},
    isMember,
    status,
    note,
    conditions,
    ...(record.kind === 'Container' && { lastExit: record.exit ?? record.previousExit }),
    hasEnded: record.kind === 'Container' && record.exit !== null && hasEnded(record),
    toObject: () => toObject(view),
  };
}
