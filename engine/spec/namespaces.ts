import type { OciNamespace } from '../../schemas/index.ts';
import type { JoinableNamespace, SpecInput } from './spec-input.ts';

/** Whether a namespace is joined by path, new, or the host's. */
export type NamespaceChoice = { kind: 'new' } | { kind: 'path'; path: string } | { kind: 'host' };

/** The order that podman writes; runtimes do not care. */
const ORDER: readonly { name: JoinableNamespace | 'mount'; type: OciNamespace['type'] }[] = [
  { name: 'pid', type: 'pid' },
  { name: 'net', type: 'network' },
  { name: 'ipc', type: 'ipc' },
  { name: 'uts', type: 'uts' },
  { name: 'mount', type: 'mount' },
  { name: 'user', type: 'user' },
  { name: 'cgroup', type: 'cgroup' },
];

/** `linux.namespaces`: what is missing in it is shared with the host. */
export function buildNamespaces(input: SpecInput): OciNamespace[] {
  const namespaces: OciNamespace[] = [];
  for (const { name, type } of ORDER) {
    const choice = name === 'mount' ? ({ kind: 'new' } as const) : chooseNamespace(input, name);
    if (choice.kind === 'new') namespaces.push({ type });
    if (choice.kind === 'path') namespaces.push({ type, path: choice.path });
  }
  return namespaces;
}

/** Which namespace of one kind the container runs in. */
export function chooseNamespace(input: SpecInput, name: JoinableNamespace): NamespaceChoice {
  const path = input.namespacePaths[name];
  if (path !== undefined) return { kind: 'path', path };
  return usesHostNamespace(input, name) ? { kind: 'host' } : { kind: 'new' };
}

/** Whether the namespace is neither the host's nor one that belongs to the pod: whether it is the container's to set up. */
export function hasOwnNamespace(input: SpecInput, name: 'net' | 'ipc' | 'uts'): boolean {
  if (chooseNamespace(input, name).kind === 'host') return false;
  return !(input.request.pod?.shared.includes(name) ?? false);
}

function usesHostNamespace(input: SpecInput, name: JoinableNamespace): boolean {
  const { spec } = input.request;
  const hostNetwork = spec.hostNetwork === true || spec.network === 'host';
  switch (name) {
    case 'net':
      return hostNetwork;
    case 'pid':
      return spec.hostPID === true;
    case 'ipc':
      return spec.hostIPC === true;
    // As in Kubernetes: who uses the host's network sees its name as well, unless a name was asked for.
    case 'uts':
      return hostNetwork && spec.hostname === undefined;
    case 'user':
      return input.userNamespace === undefined;
    // On cgroup v1 a cgroup namespace hides the controllers' paths from CRIU; on v2 a private one is the field's default.
    case 'cgroup':
      return input.host.cgroups !== 'v2';
  }
}
