import type { ContainerRecord, ContainerSpec } from '../../schemas/index.ts';

/** Whether a container that goes on as it is counts as ready once it has these probes: what is asked for anew has to be answered first. */
export function readyWithProbes(record: ContainerRecord, spec: ContainerSpec): boolean {
  if (record.state !== 'Running' && record.state !== 'Restored') return record.ready;
  if (spec.readinessProbe === undefined && spec.startupProbe === undefined) return true;
  const isNew = spec.readinessProbe !== undefined && record.request?.spec.readinessProbe === undefined;
  return record.ready && !isNew;
}
