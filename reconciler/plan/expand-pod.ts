import type {
  ContainerSecurityContext,
  ContainerSpec,
  Pod,
  PodContainer,
  PodMembership,
  PodSpec,
  Volume,
} from '../../schemas/index.ts';

/** One container of a pod, with everything that it takes from the pod merged in. */
export interface PodMember {
  /** Name of its record: `<pod>.<member>`. A resource name has no dot, so it can clash with no Container. */
  name: string;
  spec: ContainerSpec;
  membership: PodMembership;
}

/** The containers of a pod: init containers first, in their order. */
export function expandPod(pod: Pod, podId: string): PodMember[] {
  const expand = (container: PodContainer, init: boolean): PodMember => ({
    name: memberRecordName(pod.metadata.name, container.name),
    spec: memberSpec(pod, container, init),
    membership: {
      name: pod.metadata.name,
      id: podId,
      member: container.name,
      init,
      shared: sharedNamespaces(pod.spec),
    },
  });
  return [
    ...(pod.spec.initContainers ?? []).map((container) => expand(container, true)),
    ...pod.spec.containers.map((container) => expand(container, false)),
  ];
}

export function memberRecordName(pod: string, member: string): string {
  return `${pod}.${member}`;
}

/** What the pod holds for its members. With the host's network or IPC there is nothing to hold. */
export function sharedNamespaces(spec: PodSpec): PodMembership['shared'] {
  return (['net', 'ipc', 'uts'] as const).filter(
    (namespace) =>
      !(namespace === 'net' && spec.hostNetwork === true) && !(namespace === 'ipc' && spec.hostIPC === true),
  );
}

/** True when the namespaces that a pod holds must be made anew to be as `next` says. */
export function needsNewNamespaces(present: Pod, next: Pod): boolean {
  const facts = ({ metadata, spec }: Pod): string =>
    JSON.stringify([
      sharedNamespaces(spec),
      spec.hostname ?? metadata.name,
      spec.hostUsers ?? true,
      spec.securityContext?.sysctls ?? [],
      spec.hostAliases ?? [],
      spec.dnsConfig ?? {},
    ]);
  return facts(present) !== facts(next);
}

function memberSpec(pod: Pod, container: PodContainer, init: boolean): ContainerSpec {
  const { spec } = pod;
  return withoutUndefined({
    ...withoutName(container),
    volumes: usedVolumes(spec, container),
    // Kubernetes: an init container that fails is tried again, unless the pod's policy is Never; one that succeeded is done.
    restartPolicy: init && spec.restartPolicy === 'Always' ? 'OnFailure' : spec.restartPolicy,
    hostNetwork: spec.hostNetwork,
    hostPID: spec.hostPID,
    hostIPC: spec.hostIPC,
    hostname: spec.hostname ?? pod.metadata.name,
    hostAliases: spec.hostAliases,
    dnsConfig: spec.dnsConfig,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds,
    securityContext: memberSecurityContext(spec, container),
    groups: podGroups(spec),
    fsGroup: spec.securityContext?.fsGroup,
    fsGroupChangePolicy: spec.securityContext?.fsGroupChangePolicy,
    userns: spec.hostUsers === false ? { mode: 'auto' } : undefined,
    sysctls: podSysctls(spec),
    state: 'Running',
  });
}

function withoutName(container: PodContainer): Omit<PodContainer, 'name'> {
  const own: Partial<PodContainer> = { ...container };
  delete own.name;
  return own;
}

/** Only those that it mounts: a change of another one is none of its business. */
function usedVolumes(spec: PodSpec, container: PodContainer): Volume[] | undefined {
  const used = new Set((container.volumeMounts ?? []).map((mount) => mount.name));
  const volumes = (spec.volumes ?? []).filter((volume) => used.has(volume.name));
  return volumes.length === 0 ? undefined : volumes;
}

/** The container's own fields win over the pod's. */
function memberSecurityContext(
  { securityContext: fromPod }: PodSpec,
  { securityContext: own }: PodContainer,
): ContainerSecurityContext | undefined {
  if (fromPod === undefined) return own;
  const merged = withoutUndefined({
    runAsUser: fromPod.runAsUser,
    runAsGroup: fromPod.runAsGroup,
    runAsNonRoot: fromPod.runAsNonRoot,
    seccompProfile: fromPod.seccompProfile,
    seLinuxOptions: fromPod.seLinuxOptions,
    appArmorProfile: fromPod.appArmorProfile,
    ...(own === undefined ? {} : withoutUndefined(own)),
  });
  return Object.keys(merged).length === 0 ? undefined : merged;
}

/** Kubernetes gives the processes the supplemental groups and the one that owns the volumes. */
function podGroups({ securityContext }: PodSpec): string[] | undefined {
  const groups = [
    ...(securityContext?.supplementalGroups ?? []),
    ...(securityContext?.fsGroup === undefined ? [] : [securityContext.fsGroup]),
  ];
  return groups.length === 0 ? undefined : [...new Set(groups)].map(String);
}

function podSysctls({ securityContext }: PodSpec): Record<string, string> | undefined {
  const sysctls = securityContext?.sysctls;
  if (sysctls === undefined || sysctls.length === 0) return undefined;
  return Object.fromEntries(sysctls.map(({ name, value }) => [name, value]));
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Records are JSON, where an undefined field is an absent one; so it must be here, or the two would differ. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}
