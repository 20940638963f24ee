import { runsSystemd, SYSTEMD_STOP_SIGNAL } from '../../schemas/index.ts';
import type { ContainerRecord } from '../../schemas/index.ts';
import { checkContainerPlan, UnsoundPlanError } from '../plan/check-plan.ts';
import { isAlive, mayHaveProcess, type ContainerSituation } from '../plan/container-situation.ts';
import { renewedRequest } from '../plan/container-steps.ts';
import { declaredWishFor } from '../checkpoint/declared-wish.ts';
import { desiredContainer, type DesiredContainer } from '../plan/desired-container.ts';
import { requeueAfter, settled, type Outcome } from '../loop/outcome.ts';
import type { PassDeps } from './pass-deps.ts';
import { planContainer } from '../plan/plan-container.ts';
import { changesOf } from '../plan/plan-remake.ts';
import type { Plan, PlannedAction } from '../plan/plan.ts';
import { formatReason } from '../plan/plan-reason.ts';
import { silentChanges, type FieldChange } from '../plan/spec-change.ts';
import { readyWithProbes } from '../probe/ready-with-probes.ts';
import type { ResourceName } from '../resource-key.ts';
import { reportRest } from './report-steps.ts';
import { runContainerPlan } from './run-container-plan.ts';
import { startGate } from './start-gate.ts';
import type { Sighting } from './step-runner.ts';

/** Rounds of looking, planning and acting within one pass; a sound planner needs four at most. */
const MOST_ROUNDS = 10;

/** Looks at one container, and does what is to be done until nothing is, or until something has to be waited for. */
export async function passOverContainer(deps: PassDeps, name: string, signal: AbortSignal): Promise<Outcome> {
  const begun = deps.clock.now();
  let hasActed = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const sighting = await deps.runner.recover(name);
    if (sighting === null) return settled({ why: 'as-wished' });
    const situation = await situationOf(deps, sighting);
    const plan = planContainer(situation);
    refuseUnsound(plan, situation);
    if (plan.steps.length === 0) {
      const renewal = await renewRequest(deps, situation);
      if (renewal !== null) {
        if (!hasActed && renewal.length > 0) reportChanges(deps, 'in place', plan.resource, renewal);
        hasActed ||= renewal.length > 0;
        continue;
      }
      reportRest(deps.report, plan, situation.record, hasActed);
      return plan.outcome;
    }
    announce(deps, plan);
    await runContainerPlan(deps, plan, { begun, signal });
    hasActed = true;
  }
  return requeueAfter(1000, { why: 'steps-follow' });
}

/** Gathers what a plan rests on. */
export async function situationOf(
  deps: Omit<PassDeps, 'runner' | 'report'>,
  { record, observation }: Sighting,
): Promise<ContainerSituation> {
  const { records, wishes } = deps;
  const pod = record.pod === null ? null : records.pods.get(record.pod);
  const desired = await withData(deps, desiredContainer(record, pod));
  const lookup = {
    container: (name: string) => records.containers.get(name),
    pod: (name: string) => records.pods.get(name),
  };
  return {
    record,
    desired,
    observation,
    image: wishes.images.get(record.name) ?? null,
    checkpointImage: wishes.checkpointImages.get(record.name) ?? null,
    imageStopSignal: mayHaveProcess(record.state) ? await imageStopSignal(deps, record) : null,
    gate: desired === null ? null : startGate(record, desired, lookup),
    checkpointAsked: wishes.checkpoints.get(record.name) ?? null,
    declaredAsked: declaredWishFor(record, records.checkpoints.list(), wishes.declared.handedOver),
    restartAsked: wishes.restarts.has(record.name),
    probeFailure: isAlive(record.state) ? (wishes.probeFailures.get(record.name) ?? null) : null,
    stopTimeoutMs: wishes.stopTimeoutsMs.get(record.name) ?? null,
    now: deps.clock.now(),
    newId: deps.newId(),
  };
}

/** Its data belongs to what is wanted: when the values change, so does the container that has them. */
async function withData(
  { engine }: Pick<PassDeps, 'engine'>,
  desired: DesiredContainer | null,
): Promise<DesiredContainer | null> {
  return desired === null ? null : { ...desired, data: await engine.data.uses(desired) };
}

/** The image's, or what fits the program; an image that is gone by now says nothing. */
async function imageStopSignal(
  { engine }: Pick<PassDeps, 'engine'>,
  record: ContainerRecord,
): Promise<string | null> {
  if (record.request === null) return null;
  const { image, spec } = record.request;
  const config = image === null ? null : await engine.images.config(image.id).catch(() => null);
  if (config?.StopSignal !== undefined && config.StopSignal !== '') return config.StopSignal;
  const [program = ''] = [...(spec.command ?? config?.Entrypoint ?? []), ...(spec.args ?? config?.Cmd ?? [])];
  return runsSystemd(spec.systemd, program) ? String(SYSTEMD_STOP_SIGNAL) : null;
}

function refuseUnsound(plan: Plan, situation: ContainerSituation): void {
  const violations = checkContainerPlan(plan, situation);
  if (violations.length > 0) throw new UnsoundPlanError(plan, violations);
}

/** Fields without effect on what runs are taken over, so that the request tells the truth. Null: it does already. */
async function renewRequest(
  { records }: PassDeps,
  { record, desired }: ContainerSituation,
): Promise<FieldChange[] | null> {
  const { name, request } = record;
  if (desired === null || request === null || changesOf(request, desired).length > 0) return null;
  if (JSON.stringify(renewedRequest(request, desired)) === JSON.stringify(request)) return null;
  await records.containers.edit(name, (present) =>
    present.request === null
      ? present
      : {
          ...present,
          request: renewedRequest(present.request, desired),
          ready: readyWithProbes(present, desired.spec),
        },
  );
  return silentChanges(request.spec, desired.spec);
}

function announce(deps: PassDeps, plan: Plan): void {
  const changes = plan.reasons.flatMap((reason) => (reason.why === 'field-changed' ? [reason.change] : []));
  if (changes.length > 0 && plan.action !== 'none') reportChanges(deps, plan.action, plan.resource, changes);
}

function reportChanges(
  { report }: PassDeps,
  action: PlannedAction,
  resource: ResourceName,
  changes: readonly FieldChange[],
): void {
  const reasons = changes.map((change) => formatReason({ why: 'field-changed', change }));
  report({ resource, what: 'changed', detail: `${action}: ${reasons.join(', ')}` });
}
