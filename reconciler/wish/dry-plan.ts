import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import { recordsAfter, type Acceptance, type RecordsView } from './acceptance.ts';
import { situationOf } from '../pass/container-pass.ts';
import type { DataName } from '../data/data-manifests.ts';
import { planCheckpointDry } from '../checkpoint/dry-checkpoint.ts';
import { desiredContainer } from '../plan/desired-container.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import { planContainer } from '../plan/plan-container.ts';
import { planPod } from '../plan/plan-pod.ts';
import { formatReason, type PlanReason } from '../plan/plan-reason.ts';
import type { Plan, PlannedAction } from '../plan/plan.ts';
import type { ResourceName } from '../resource-key.ts';
import { silentChanges, type FieldChange } from '../plan/spec-change.ts';

/** One line of `diff`. */
export interface PlannedChange {
  resource: ResourceName | DataName;
  action: PlannedAction;
  /** Why, or why not: `spec.env[LOG_LEVEL]: info → debug`. */
  reasons: string[];
}

/** What would be done if the acceptance were written. Looks at the host, and changes neither it nor a record. */
export async function planDry(
  deps: PassDeps,
  present: RecordsView,
  acceptance: Acceptance,
): Promise<PlannedChange[]> {
  const after = recordsAfter(present, acceptance, deps.clock.now());
  const view = viewOf(deps, after);
  const changes: PlannedChange[] = [];
  for (const resource of touchedResources(acceptance)) {
    changes.push({ ...(await planOneDry(view, present, resource)), resource });
  }
  return changes;
}

function planOneDry(
  deps: DryDeps,
  present: RecordsView,
  { kind, name }: ResourceName,
): Change | Promise<Change> {
  const { containers, pods, checkpoints } = deps.after;
  switch (kind) {
    case 'Container':
      return planContainerDry(deps, present, find(containers, name));
    case 'Pod':
      return planPodDry(deps, present, find(pods, name));
    case 'Checkpoint':
      return planCheckpointDry(
        find(checkpoints, name),
        present.checkpoints.find((each) => each.name === name) ?? null,
      );
  }
}

export interface Change {
  action: PlannedAction;
  reasons: string[];
}

type DryDeps = PassDeps & { after: RecordsView };

/** The same dependencies, looking at records as they would be. */
function viewOf(deps: PassDeps, after: RecordsView): DryDeps {
  const collection = <T extends { name: string }>(records: readonly T[]) => ({
    get: (name: string) => records.find((record) => record.name === name) ?? null,
    list: () => [...records],
    edit: refuse,
    note: refuse,
    noteNew: refuse,
    put: refuse,
    remove: refuse,
  });
  const records = {
    containers: collection(after.containers),
    pods: collection(after.pods),
    checkpoints: collection(after.checkpoints),
    onChange: () => () => undefined,
  };
  return { ...deps, records, after };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('plan: a dry run changes nothing'));
}

function touchedResources({ containers, pods, checkpoints, dropped }: Acceptance): ResourceName[] {
  return [
    ...containers.map(({ record }): ResourceName => ({ kind: 'Container', name: record.name })),
    ...pods.map(({ record }): ResourceName => ({ kind: 'Pod', name: record.name })),
    ...checkpoints.map(({ record }): ResourceName => ({ kind: 'Checkpoint', name: record.name })),
    ...dropped,
  ];
}

function find<T extends { name: string }>(records: readonly T[], name: string): T {
  const record = records.find((candidate) => candidate.name === name);
  if (record === undefined) throw new Error(`plan: no record of ${name}`);
  return record;
}

async function planContainerDry(
  deps: DryDeps,
  present: RecordsView,
  record: ContainerRecord,
): Promise<Change> {
  const plan = await planOne(deps, record);
  const silent = silentManifestChanges(present, record);
  if (plan.action === 'none' && silent.length > 0)
    return { action: 'in place', reasons: silent.map(formatReason) };
  return { action: plan.action, reasons: plan.reasons.map(formatReason) };
}

/** Dependencies are taken for granted: a plan says what will be done, not what has to be waited for. */
async function planOne(deps: DryDeps, record: ContainerRecord): Promise<Plan> {
  const situation = await situationOf(deps, await deps.runner.observe(record));
  return planContainer({ ...situation, gate: null });
}

/** Of the manifest, as a container that was never made has no request to compare with. */
function silentManifestChanges(present: RecordsView, record: ContainerRecord): PlanReason[] {
  const before = present.containers.find(({ name }) => name === record.name)?.manifest;
  if (before === null || before === undefined || record.manifest === null) return [];
  return silentChanges(before.spec, record.manifest.spec).map(toReason);
}

function silentMemberChanges(member: ContainerRecord, pod: PodRecord): PlanReason[] {
  const desired = desiredContainer(member, pod);
  if (member.request === null || desired === null) return [];
  return silentChanges(member.request.spec, desired.spec).map(toReason);
}

function toReason(change: FieldChange): PlanReason {
  return { why: 'field-changed', change };
}

/** From the least to the most that can be done to a member. */
const WEIGHT: Readonly<Record<PlannedAction, number>> = {
  none: 0,
  resume: 1,
  pause: 2,
  checkpoint: 3,
  stop: 4,
  restore: 5,
  start: 6,
  'in place': 7,
  restart: 8,
  recreate: 9,
  remove: 10,
  create: 11,
};

async function planPodDry(deps: DryDeps, present: RecordsView, record: PodRecord): Promise<Change> {
  const members = deps.after.containers.filter((member) => member.pod === record.name);
  const plan = planPod({ record, members, now: deps.clock.now() });
  if (plan.action === 'create' || record.deletionRequestedAt !== null) {
    const isNew = !present.pods.some(({ name }) => name === record.name);
    const action = record.deletionRequestedAt === null ? 'create' : 'remove';
    return { action, reasons: isNew ? ['does not exist yet'] : plan.reasons.map(formatReason) };
  }
  let action: PlannedAction = plan.steps.length > 0 ? 'in place' : 'none';
  const reasons: PlanReason[] = plan.steps.length > 0 ? [...plan.reasons] : [];
  // Members are judged as they will be once the pod's own steps are done.
  const prepared = { ...record, prepared: true };
  const view = viewOf(deps, {
    ...deps.after,
    pods: [...deps.after.pods.filter((p) => p.name !== record.name), prepared],
  });
  for (const member of members) {
    if (desiredContainer(member, prepared) === null) continue;
    const memberPlan = await planOne(view, member);
    const silent = memberPlan.action === 'none' ? silentMemberChanges(member, prepared) : [];
    const memberAction = silent.length > 0 ? 'in place' : memberPlan.action;
    if (memberAction === 'none') continue;
    if (WEIGHT[memberAction] > WEIGHT[action]) action = memberAction;
    const name = member.name.slice(record.name.length + 1);
    const memberReasons = silent.length > 0 ? silent : memberPlan.reasons;
    reasons.push(...memberReasons.map((reason): PlanReason => ({ why: 'member', member: name, reason })));
  }
  return { action, reasons: action === 'none' ? ['is as wished'] : reasons.map(formatReason) };
}
