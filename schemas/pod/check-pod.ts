import { checkContainerFields } from '../container/check-container-fields.ts';
import { checkHostSettings } from '../container/check-host-settings.ts';
import { checkSysctl } from '../container/check-kernel-settings.ts';
import { checkMounts, checkVolumes } from '../container/check-mounts.ts';
import { checkPorts } from '../container/check-ports.ts';
import { checkSecurity } from '../container/check-security.ts';
import type { PodContainer } from '../container/container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { conflict, duplicate, findDuplicates, missing } from '../issue/make-issue.ts';
import type { Pod, PodSpec } from './pod.ts';

interface Member {
  container: PodContainer;
  at: FieldPath;
}

/** What the fields of a Pod say about each other. */
export function checkPod({ spec }: Pod): FieldIssue[] {
  const init = (spec.initContainers ?? []).map((container, i) => ({
    container,
    at: ['spec', 'initContainers', i],
  }));
  const main = spec.containers.map((container, i) => ({ container, at: ['spec', 'containers', i] }));
  const hasHostNetwork = spec.hostNetwork === true;
  const ports = main.map(({ container, at }) => ({ ports: container.ports ?? [], path: [...at, 'ports'] }));
  return [
    ...findDuplicates(
      [...init, ...main],
      ({ container }) => container.name,
      ({ container, at }) =>
        duplicate([...at, 'name'], `the pod has another container \`${container.name}\` already`),
    ),
    ...[...init, ...main].flatMap((member) => checkMember(member, spec)),
    ...init.flatMap(checkInitContainer),
    ...checkUsers(spec),
    ...checkVolumes(spec.volumes ?? []),
    ...checkPorts(ports, hasHostNetwork ? 'host' : 'none'),
    ...checkHostSettings(spec),
    ...checkSecurity(spec.securityContext, ['spec', 'securityContext']),
    ...(spec.securityContext?.sysctls ?? []).flatMap(({ name }, i) =>
      checkSysctl(name, ['spec', 'securityContext', 'sysctls', i, 'name'], {
        hasHostNetwork,
        hasHostIpc: spec.hostIPC === true,
      }),
    ),
  ];
}

/** As Kubernetes has it: what belongs to the host cannot be the pod's own users'. */
function checkUsers(spec: PodSpec): FieldIssue[] {
  if (spec.hostUsers !== false) return [];
  const clashes = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  return clashes.map((name) =>
    conflict(['spec', name], 'spec.hostUsers is false: a pod with users of its own has nothing of the host'),
  );
}

function checkMember({ container, at }: Member, spec: PodSpec): FieldIssue[] {
  const issues = [...checkContainerFields(container, at), ...checkMounts(container, spec.volumes ?? [], at)];
  if (container.image !== undefined) return issues;
  return [missing([...at, 'image'], 'missing, expected an image reference'), ...issues];
}

/** It ends before the others begin: there is no time at which it could be asked how it is. */
function checkInitContainer({ container, at }: Member): FieldIssue[] {
  return (['livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) => conflict([...at, name], 'an init container cannot have a probe: remove it'));
}
