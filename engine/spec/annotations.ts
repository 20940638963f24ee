import type { SpecInput } from './spec-input.ts';
import { isPrivileged } from './capabilities.ts';
import { stopSignalNumber } from './stop-signal.ts';

/**
 * `annotations`: the manifest's own, then ours over them, because other tools act on these: systemd takes its properties
 * from `org.systemd.property.*`, CRIU tooling and archives read the manager.
 */
export function buildAnnotations(input: SpecInput): Record<string, string> {
  const { request } = input;
  const signal = String(stopSignalNumber(input));
  const timeoutUs = Math.round(request.spec.terminationGracePeriodSeconds * 1e6);
  return {
    ...request.annotations,
    'io.container.manager': 'tsctr',
    'org.opencontainers.image.stopSignal': signal,
    'org.systemd.property.KillSignal': signal,
    'org.systemd.property.TimeoutStopUSec': `uint64 ${String(timeoutUs)}`,
    // crun would put the processes into a cgroup below the scope: here they are where runc puts them, for the freezer, the
    // limits and a restore.
    ...(input.host.cgroupManager === 'systemd' && {
      'run.oci.systemd.subgroup': '',
      // When the host shuts down, it goes after that unit has saved what is to be saved.
      'org.systemd.property.Before': "['tsctr-shutdown.service']",
      // And before its monitor, which tells how it ended.
      ...(input.monitorUnit !== undefined && {
        'org.systemd.property.After': `['${input.monitorUnit}']`,
      }),
    }),
    'dev.tsctr.name': request.name,
    'dev.tsctr.created': request.createdAt,
    ...(request.image !== null && { 'dev.tsctr.image': request.image.reference }),
    ...(request.pod !== null && { 'dev.tsctr.pod': request.pod.id }),
    ...(isPrivileged(input) && { 'dev.tsctr.privileged': 'true' }),
  };
}
