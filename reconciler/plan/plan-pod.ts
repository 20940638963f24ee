import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import { desiredContainer } from './desired-container.ts';
import { expandPod, type PodMember } from './expand-pod.ts';
import { isAsWished } from '../wish/is-as-wished.ts';
import { newContainerRecord } from '../wish/new-record.ts';
import { requeueAfter, settled, waitingFor } from '../loop/outcome.ts';
import type { Plan, PlannedAction } from './plan.ts';
import type { PlanReason } from './plan-reason.ts';
import type { PodStep } from './step.ts';

/** Everything that a plan for a pod rests on. */
export interface PodSituation {
  record: PodRecord;
  /** Every record that belongs to it, wanted or not. */
  members: readonly ContainerRecord[];
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Says what is to be done to a pod itself: its shared namespaces, and which members there are. What is done to a member is the
 * plan of that container. Pure.
 */
export function planPod(situation: PodSituation): Plan {
  return situation.record.deletionRequestedAt === null ? planPresence(situation) : planRemoval(situation);
}

function planPresence(situation: PodSituation): Plan {
  const { record, members } = situation;
  const wanted = expandPod(record.manifest, record.id);
  const missing = wanted.filter(({ name }) => !members.some((member) => member.name === name));
  // Deleted on its way out, and wanted again since: taken back.
  const returning = members.filter(
    (member) => member.deletionRequestedAt !== null && wanted.some(({ name }) => name === member.name),
  );
  const surplus = members.filter(
    (member) => member.deletionRequestedAt === null && !wanted.some(({ name }) => name === member.name),
  );
  const steps: PodStep[] = [
    ...surplus.map((member) => dropMember(record, member)),
    ...(record.prepared ? [] : prepare(record)),
    ...missing.map((member) => addMember(situation, member)),
    ...returning.map((member): PodStep => ({
      kind: 'add-member',
      pod: record.name,
      record: { ...member, deletionRequestedAt: null },
    })),
  ];
  const reasons: PlanReason[] = [
    ...(record.prepared ? [] : [{ why: 'namespaces-needed' } as const]),
    ...[...missing.map(({ membership }) => membership.member)].map((member): PlanReason => ({
      why: 'member-added',
      member,
    })),
    ...surplus.map((member): PlanReason => ({ why: 'member-dropped', member: memberName(member) })),
  ];
  if (steps.length > 0) return doing(record, members.length === 0 ? 'create' : 'in place', steps, reasons);
  return rest(record, members);
}

/** Released first, in case that namespaces of an older wish are still pinned: releasing nothing is no error. */
function prepare({ name }: PodRecord): PodStep[] {
  return [
    { kind: 'release-pod', pod: name },
    { kind: 'prepare-pod', pod: name },
  ];
}

function planRemoval({ record, members }: PodSituation): Plan {
  const toDrop = members.filter((member) => member.deletionRequestedAt === null);
  if (toDrop.length > 0) {
    return doing(
      record,
      'remove',
      toDrop.map((member) => dropMember(record, member)),
      [{ why: 'deletion-requested' }],
    );
  }
  if (members.length > 0) return waitForMembers(record, members);
  return doing(
    record,
    'remove',
    [
      { kind: 'release-pod', pod: record.name },
      { kind: 'forget-pod', pod: record.name },
    ],
    [{ why: 'deletion-requested' }],
  );
}

function rest(record: PodRecord, members: readonly ContainerRecord[]): Plan {
  const open = members.filter((member) => !isAsWished(member, desiredContainer(member, record)));
  if (open.length > 0) return waitForMembers(record, open);
  const why = { why: 'as-wished' } as const;
  return { resource: nameOf(record), action: 'none', reasons: [why], steps: [], outcome: settled(why) };
}

function waitForMembers(record: PodRecord, members: readonly ContainerRecord[]): Plan {
  const names = members.map((member) => member.name);
  const why = { why: 'members-not-done', names } as const;
  const outcome = waitingFor(
    names.map((name) => ({ kind: 'Container', name })),
    why,
  );
  return { resource: nameOf(record), action: 'none', reasons: [why], steps: [], outcome };
}

function doing(
  record: PodRecord,
  action: PlannedAction,
  steps: readonly PodStep[],
  reasons: readonly PlanReason[],
): Plan {
  return {
    resource: nameOf(record),
    action,
    reasons: reasons.length === 0 ? [{ why: 'as-wished' }] : reasons,
    steps,
    outcome: requeueAfter(0, { why: 'steps-follow' }),
  };
}

function addMember({ record, now }: PodSituation, member: PodMember): PodStep {
  return {
    kind: 'add-member',
    pod: record.name,
    record: newContainerRecord({
      name: member.name,
      owner: record.owner,
      manifest: null,
      pod: record.name,
      now,
    }),
  };
}

function dropMember(pod: PodRecord, member: ContainerRecord): PodStep {
  return { kind: 'drop-member', pod: pod.name, container: member.name };
}

function memberName(record: ContainerRecord): string {
  return record.pod === null ? record.name : record.name.slice(record.pod.length + 1);
}

function nameOf(record: PodRecord): Plan['resource'] {
  return { kind: 'Pod', name: record.name };
}
