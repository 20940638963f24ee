import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import type { ResourceView } from '../api/service.ts';
import { memberName, splitMembers } from './resource-status.ts';

/** One resource in the shape of a Kubernetes object. */
export function toObject(view: ResourceView): object {
  return view.record.kind === 'Pod' ? podObject(view, view.record) : containerObject(view, view.record);
}

/** Several resources: a `List`, as kubectl prints them. */
export function toList(views: readonly ResourceView[]): object {
  return { apiVersion: 'v1', kind: 'List', metadata: {}, items: views.map(toObject) };
}

export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function containerObject(view: ResourceView, record: ContainerRecord): object {
  return {
    apiVersion: 'tsctr.dev/v1',
    kind: 'Container',
    metadata: metadataOf(record, record.manifest?.metadata, record.request?.id),
    spec: record.manifest?.spec ?? record.request?.spec ?? {},
    status: {
      ...containerStatus(record),
      status: view.status,
      note: view.note,
      conditions: view.conditions,
    },
  };
}

function podObject(view: ResourceView, record: PodRecord): object {
  const { init, main } = splitMembers(record, view.members);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadataOf(record, record.manifest.metadata, record.id),
    spec: record.manifest.spec,
    status: {
      phase: view.status,
      state: view.status,
      podID: record.id,
      ready: `${view.ready.ready}/${view.ready.total}`,
      restartCount: view.restarts,
      startedAt: earliestStart(view.members),
      note: view.note,
      lastError: record.lastError,
      owner: record.owner,
      conditions: view.conditions,
      initContainerStatuses: init.map((member) => memberStatus(record, member)),
      containerStatuses: main.map((member) => memberStatus(record, member)),
    },
  };
}

/** As ContainerStatus of Kubernetes where that has a word; `state` stays ours, the Kubernetes one is `kubernetesState`. */
function memberStatus(pod: PodRecord, member: ContainerRecord): object {
  return {
    name: memberName(pod, member),
    ...containerStatus(member),
    kubernetesState: kubernetesState(member),
  };
}

function containerStatus(record: ContainerRecord): object {
  const running = record.state === 'Running' || record.state === 'Restored' || record.state === 'Paused';
  return {
    state: record.state,
    ready: record.ready,
    pid: record.pid,
    containerID: record.request?.id ?? null,
    image: record.request?.image?.reference ?? record.manifest?.spec.image ?? null,
    imageID: record.request?.image?.id ?? null,
    startedAt: record.startedAt,
    finishedAt: running ? null : (record.exit?.finishedAt ?? null),
    exitCode: running ? null : (record.exit?.code ?? null),
    oomKilled: !running && record.exit?.oomKilled === true,
    previousExit: record.previousExit,
    restartCount: record.restartCount,
    backoffUntil: record.backoffUntil,
    override: record.override,
    lastError: record.lastError,
    owner: record.owner,
  };
}

function kubernetesState(record: ContainerRecord): object {
  if (record.state === 'Running' || record.state === 'Restored' || record.state === 'Paused') {
    return { running: { startedAt: record.startedAt } };
  }
  if (record.exit !== null && (record.state === 'Exited' || record.state === 'Stopped')) {
    const reason = record.exit.oomKilled ? 'OOMKilled' : record.exit.code === 0 ? 'Completed' : 'Error';
    return {
      terminated: {
        exitCode: record.exit.code,
        reason,
        startedAt: record.startedAt,
        finishedAt: record.exit.finishedAt,
      },
    };
  }
  const reason = record.backoffUntil === null ? 'ContainerCreating' : 'CrashLoopBackOff';
  return { waiting: record.lastError === null ? { reason } : { reason, message: record.lastError } };
}

type ManifestMetadata = PodRecord['manifest']['metadata'];

function metadataOf(
  record: ContainerRecord | PodRecord,
  metadata: ManifestMetadata | undefined,
  id: string | undefined,
): object {
  return {
    name: record.name,
    ...(id === undefined ? {} : { uid: id }),
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    creationTimestamp: record.createdAt,
    ...(record.deletionRequestedAt === null ? {} : { deletionTimestamp: record.deletionRequestedAt }),
    ...(record.kind === 'Container' && record.pod !== null
      ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: record.pod }] }
      : {}),
  };
}

function earliestStart(members: readonly ContainerRecord[]): string | null {
  return (
    members
      .flatMap((member) => (member.startedAt === null ? [] : [member.startedAt]))
      .sort()
      .at(0) ?? null
  );
}
