import { parseSignal, type ContainerRequest, type ResolvedImage } from '../../schemas/index.ts';
import { isoTime } from '../clock.ts';
import { mayHaveProcess, type ContainerSituation } from './container-situation.ts';
import type { DesiredContainer } from './desired-container.ts';
import type { ContainerStep, StopStep } from './step.ts';

const SIGTERM = 15;

/** From whatever it is to Exited: nothing of it is held any more but its writable layer. */
export function windDownSteps(situation: ContainerSituation, request: ContainerRequest): ContainerStep[] {
  const { record, observation } = situation;
  const cleanup: ContainerStep = { kind: 'cleanup', container: record.name, request };
  if (mayHaveProcess(record.state)) return [stopStep(situation, request), cleanup];
  const isHeld = record.state === 'Created' || record.state === 'Stopped' || observation.status !== 'absent';
  return isHeld ? [cleanup] : [];
}

/** From whatever it is to nothing left on the host. */
export function removeSteps(situation: ContainerSituation, request: ContainerRequest): ContainerStep[] {
  const remove: ContainerStep = { kind: 'remove', container: situation.record.name, request };
  // A removal that was interrupted is finished by removing again: nothing else is legal there.
  if (situation.record.state === 'Removing') return [remove];
  return [...windDownSteps(situation, request), remove];
}

/** From nothing held to what is wanted: running or paused. */
export function runSteps(
  desired: DesiredContainer,
  request: ContainerRequest,
  restartCount: number,
): ContainerStep[] {
  return [
    { kind: 'create', container: request.name, request, restartCount },
    ...startSteps(desired, request, { followsCreate: true }),
  ];
}

/** From Created to what is wanted. */
export function startSteps(
  desired: DesiredContainer,
  request: ContainerRequest,
  { followsCreate = false }: { followsCreate?: boolean } = {},
): ContainerStep[] {
  const start: ContainerStep = { kind: 'start', container: request.name, request, followsCreate };
  if (desired.wanted !== 'Paused') return [start];
  return [start, { kind: 'pause', container: request.name, request }];
}

/** The request for a new instance, with a new writable layer. */
export function freshRequest(
  situation: ContainerSituation,
  desired: DesiredContainer,
  image: ResolvedImage | null,
): ContainerRequest {
  return {
    id: situation.newId,
    name: situation.record.name,
    image,
    createdAt: isoTime(situation.now),
    ...wishes(desired),
  };
}

/** The request for the same instance as its manifest wants it now. */
export function renewedRequest(present: ContainerRequest, desired: DesiredContainer): ContainerRequest {
  return { ...present, ...wishes(desired) };
}

function wishes(
  desired: DesiredContainer,
): Pick<ContainerRequest, 'spec' | 'labels' | 'annotations' | 'pod' | 'data'> {
  return {
    spec: desired.spec,
    labels: { ...desired.labels },
    annotations: { ...desired.annotations },
    pod: desired.pod,
    ...(Object.keys(desired.data ?? {}).length > 0 && { data: versionsOf(desired) }),
  };
}

function versionsOf({ data = {} }: DesiredContainer): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, { version }]) => [key, version]));
}

function stopStep(situation: ContainerSituation, request: ContainerRequest): StopStep {
  const { record, desired } = situation;
  const spec = desired?.spec ?? record.manifest?.spec ?? request.spec;
  const signal = spec.stopSignal ?? situation.imageStopSignal;
  return {
    kind: 'stop',
    container: record.name,
    request,
    signalNumber: signal === null ? SIGTERM : signalOr(signal, SIGTERM),
    timeoutMs: situation.stopTimeoutMs ?? spec.terminationGracePeriodSeconds * 1000,
    isFailure: situation.probeFailure !== null,
  };
}

/** The image's signal was checked by nobody. */
function signalOr(signal: string, fallback: number): number {
  try {
    return parseSignal(signal);
  } catch {
    return fallback;
  }
}
