import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import type { Condition } from '../api/service.ts';

// Records do not keep when a condition changed; the last thing that happened to the container is when it did at the earliest.
function changedAt(record: ContainerRecord): string {
  return record.exit?.finishedAt ?? record.startedAt ?? record.createdAt;
}

/** `Ready`, and `AsWished`: whether something keeps the container from what its manifest says. */
export function containerConditions(record: ContainerRecord): Condition[] {
  const lastTransitionTime = changedAt(record);
  return [
    {
      type: 'Ready',
      status: record.ready ? 'True' : 'False',
      reason: record.ready ? 'Ready' : record.state,
      message: '',
      lastTransitionTime,
    },
    asWished(record, lastTransitionTime),
  ];
}

function asWished(record: ContainerRecord, lastTransitionTime: string): Condition {
  const condition = (status: Condition['status'], reason: string, message: string): Condition => ({
    type: 'AsWished',
    status,
    reason,
    message,
    lastTransitionTime,
  });
  if (record.lastError !== null) return condition('False', 'Failed', record.lastError);
  if (record.backoffUntil !== null) {
    return condition('False', 'BackOff', `the next try is due at ${record.backoffUntil}`);
  }
  if (record.override !== null) return condition('False', `${record.override}ByHand`, '');
  if (record.intent !== null) return condition('False', 'InProgress', record.intent.verb);
  // Nobody has looked at it since it was accepted, or its turn has not come.
  if (record.state === 'Configured' && isWantedAlive(record)) return condition('Unknown', 'Pending', '');
  return condition('True', 'AsWished', '');
}

/** The member of a pod has no manifest of its own, and is wanted to run. */
function isWantedAlive({ manifest }: ContainerRecord): boolean {
  const wanted = manifest?.spec.state ?? 'Running';
  return wanted === 'Running' || wanted === 'Paused';
}

/** Kubernetes' pod conditions, as far as one host has them. */
export function podConditions(pod: PodRecord, members: readonly ContainerRecord[]): Condition[] {
  const initNames = new Set(pod.manifest.spec.initContainers?.map((c) => `${pod.name}.${c.name}`) ?? []);
  const main = members.filter((member) => !initNames.has(member.name));
  const init = members.filter((member) => initNames.has(member.name));
  const initialized =
    init.length === initNames.size &&
    (init.every((member) => member.exit?.code === 0) || main.some((m) => m.startedAt !== null));
  const unready = main.filter((member) => !member.ready).map((member) => member.name);
  const ready = unready.length === 0 && main.length === pod.manifest.spec.containers.length;
  const lastTransitionTime = members.map(changedAt).sort().at(-1) ?? pod.createdAt;
  const condition = (type: string, holds: boolean, message: string): Condition => ({
    type,
    status: holds ? 'True' : 'False',
    reason: holds ? type : `Not${type}`,
    message: holds ? '' : message,
    lastTransitionTime,
  });
  const why = pod.lastError ?? (unready.length === 0 ? '' : `not ready: ${unready.join(', ')}`);
  return [
    condition('Initialized', initialized, 'init containers have not completed'),
    condition('ContainersReady', ready, why),
    condition('Ready', ready, why),
  ];
}
