import { checkContainerFields } from './check-container-fields.ts';
import { checkHostSettings } from './check-host-settings.ts';
import { checkKernelSettings } from './check-kernel-settings.ts';
import { checkMounts, checkVolumes } from './check-mounts.ts';
import { checkPorts } from './check-ports.ts';
import { checkUserNamespace } from './check-user-namespace.ts';
import type { Container, ContainerSpec } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import { usesHostNetwork } from '../pod/host-network.ts';
import { badValue, conflict, duplicate, exactlyOne } from '../issue/make-issue.ts';

/** What the fields of a Container say about each other. */
export function checkContainer({ metadata, spec }: Container): FieldIssue[] {
  return [
    ...checkRoot(spec),
    ...checkContainerFields(spec, ['spec']),
    ...checkVolumes(spec.volumes ?? []),
    ...checkMounts(spec, spec.volumes ?? [], ['spec']),
    ...checkUser(spec),
    ...checkUserNamespace(spec.userns, spec),
    ...checkNetwork(spec),
    ...checkHostSettings(spec),
    ...checkKernelSettings(spec),
    ...checkRestart(spec),
    ...checkDependencies(metadata.name, spec),
    ...checkRestoreSource(spec),
    ...checkNotify(spec),
    ...checkListenFdNames(spec),
  ];
}

function checkRoot(spec: ContainerSpec): FieldIssue[] {
  const issue = exactlyOne(['spec'], spec, ['image', 'rootfs'], 'the root filesystem');
  if (issue !== null) return [issue];
  if (spec.rootfs === undefined || spec.imagePullPolicy === undefined) return [];
  return [
    conflict(['spec', 'imagePullPolicy'], 'a container with rootfs has no image to pull: remove one of them'),
  ];
}

function checkUser(spec: ContainerSpec): FieldIssue[] {
  if (spec.user === undefined) return [];
  if (!/^[^\s:]+(:[^\s:]+)?$/.test(spec.user)) {
    return [badValue(['spec', 'user'], `expected user or user:group, found ${JSON.stringify(spec.user)}`)];
  }
  return (['runAsUser', 'runAsGroup'] as const)
    .filter((name) => spec.securityContext?.[name] !== undefined)
    .map((name) =>
      conflict(['spec', 'securityContext', name], 'spec.user says this already: remove one of them'),
    );
}

function checkNetwork(spec: ContainerSpec): FieldIssue[] {
  const issues: FieldIssue[] = [];
  if (spec.network === 'none' && spec.hostNetwork === true) {
    issues.push(
      conflict(
        ['spec', 'hostNetwork'],
        "spec.network is none: a container cannot have no network and the host's",
      ),
    );
  }
  if (spec.network === 'host' && spec.hostNetwork === false) {
    issues.push(conflict(['spec', 'hostNetwork'], 'spec.network is host: remove one of them'));
  }
  const isHost = usesHostNetwork(spec);
  const ports = spec.ports ?? [];
  return [...issues, ...checkPorts([{ ports, path: ['spec', 'ports'] }], isHost ? 'host' : 'none')];
}

function checkRestart(spec: ContainerSpec): FieldIssue[] {
  const backoff = spec.restartBackoff;
  if (backoff === undefined) return [];
  const path = ['spec', 'restartBackoff'];
  if (spec.restartPolicy === 'Never') {
    return [conflict(path, 'spec.restartPolicy is Never: there is nothing to wait for, remove one of them')];
  }
  if (backoff.maxSeconds >= backoff.initialSeconds) return [];
  const found = `expected at least initialSeconds (${String(backoff.initialSeconds)}), found ${String(backoff.maxSeconds)}`;
  return [badValue([...path, 'maxSeconds'], found)];
}

function checkRestoreSource({ restore }: ContainerSpec): FieldIssue[] {
  if (restore?.from === undefined) return [];
  const path = ['spec', 'restore', 'from'];
  const issue = exactlyOne(path, restore.from, ['archive', 'image'], 'what it begins with');
  if (issue !== null) return [issue];
  if (restore.from.imagePullPolicy === undefined || restore.from.image !== undefined) return [];
  return [conflict([...path, 'imagePullPolicy'], 'an archive is not pulled: remove this')];
}

function checkNotify(spec: ContainerSpec): FieldIssue[] {
  if (spec.sdNotify !== 'healthy') return [];
  if (spec.readinessProbe !== undefined || spec.startupProbe !== undefined) return [];
  return [conflict(['spec', 'sdNotify'], 'healthy needs a readinessProbe or a startupProbe that can say so')];
}

/** Their other owner is outside of the container: no checkpoint could bring them back. */
function checkListenFdNames(spec: ContainerSpec): FieldIssue[] {
  const names = spec.listenFdNames ?? [];
  const memory = (['checkpoint', 'restore'] as const).filter((field) => spec[field] !== undefined);
  return [
    ...names.flatMap((name, i) =>
      names.indexOf(name) < i
        ? [duplicate(['spec', 'listenFdNames', i], `\`${name}\` stands in this list a second time`)]
        : [],
    ),
    ...(names.length === 0 ? [] : memory).map((field) =>
      conflict(
        ['spec', field],
        'sockets that are passed on (spec.listenFdNames) cannot be in a checkpoint: remove one of them',
      ),
    ),
  ];
}

function checkDependencies(name: string, spec: ContainerSpec): FieldIssue[] {
  return (spec.dependsOn ?? []).flatMap((other, i, all) => {
    const path = ['spec', 'dependsOn', i];
    if (other === name) return [conflict(path, 'a container cannot depend on itself')];
    return all.indexOf(other) < i ? [duplicate(path, `\`${other}\` stands in this list a second time`)] : [];
  });
}
