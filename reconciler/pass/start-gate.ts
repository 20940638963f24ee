import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import { isAlive } from '../plan/container-situation.ts';
import { desiredContainer, type DesiredContainer } from '../plan/desired-container.ts';
import { expandPod } from '../plan/expand-pod.ts';
import { stalled, waitingFor, type Outcome } from '../loop/outcome.ts';
import { decideByPolicy } from '../plan/plan-ended.ts';

/** How the gate looks at other records. */
export interface RecordLookup {
  container(name: string): ContainerRecord | null;
  pod(name: string): PodRecord | null;
}

/** What keeps a container from being started now; null: nothing. */
export function startGate(
  record: ContainerRecord,
  desired: DesiredContainer,
  lookup: RecordLookup,
): Outcome | null {
  return podGate(record, desired, lookup) ?? dependencyGate(desired, lookup);
}

/** The pod's namespaces must be there, and the init containers before it must have succeeded. */
function podGate(record: ContainerRecord, desired: DesiredContainer, lookup: RecordLookup): Outcome | null {
  const membership = desired.pod;
  if (membership === null) return null;
  const pod = lookup.pod(membership.name);
  if (pod?.prepared !== true) {
    const resource = { kind: 'Pod', name: membership.name } as const;
    return waitingFor([resource], { why: 'pod-not-prepared', pod: membership.name });
  }
  for (const member of expandPod(pod.manifest, pod.id)) {
    if (member.name === record.name || !member.membership.init) break;
    const init = lookup.container(member.name);
    const exit = init === null || isAlive(init.state) ? null : init.exit;
    if (exit?.code === 0) continue;
    if (exit !== null && decideByPolicy(exit, member.spec.restartPolicy) !== null) {
      return stalled({ why: 'init-failed', member: member.membership.member, code: exit.code });
    }
    return waitingFor([{ kind: 'Container', name: member.name }], {
      why: 'init-not-done',
      member: member.membership.member,
    });
  }
  return null;
}

function dependencyGate(desired: DesiredContainer, lookup: RecordLookup): Outcome | null {
  const missing = (desired.spec.dependsOn ?? []).filter(
    (name) => !isSatisfied(lookup.container(name), lookup),
  );
  if (missing.length === 0) return null;
  return waitingFor(
    missing.map((name) => ({ kind: 'Container', name })),
    { why: 'dependency-not-running', names: missing },
  );
}

/** A dependency is there when it runs and is ready, or when it had to run once and succeeded. */
function isSatisfied(dependency: ContainerRecord | null, lookup: RecordLookup): boolean {
  if (dependency === null) return false;
  if (dependency.state === 'Running' || dependency.state === 'Restored') return dependency.ready;
  if (isAlive(dependency.state) || dependency.exit?.code !== 0) return false;
  const pod = dependency.pod === null ? null : lookup.pod(dependency.pod);
  const desired = desiredContainer(dependency, pod);
  return desired !== null && decideByPolicy(dependency.exit, desired.spec.restartPolicy) !== null;
}
