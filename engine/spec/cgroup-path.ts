import type { ContainerRequest } from '../../schemas/index.ts';
import type { HostFacts } from '../engine.ts';

const DEFAULT_PARENT = '/tsctr';
const DEFAULT_SLICE = 'machine.slice';

/**
 * `linux.cgroupsPath`. On cgroupfs an absolute path below each hierarchy; for systemd `slice:prefix:id`, which the runtime
 * turns into the scope `prefix-id.scope` of that slice. Members of a pod lie together.
 */
export function cgroupsPathFor(
  request: Pick<ContainerRequest, 'id' | 'pod' | 'spec'>,
  host: Pick<HostFacts, 'cgroupManager'>,
): string {
  const { id, pod, spec } = request;
  if (host.cgroupManager === 'systemd') {
    const parent = spec.cgroupParent ?? DEFAULT_SLICE;
    const slice = pod === null ? parent : `${parent.replace(/\.slice$/, '')}-tsctr_pod_${pod.id}.slice`;
    return `${slice}:tsctr:${id}`;
  }
  const parent = spec.cgroupParent ?? DEFAULT_PARENT;
  const root = parent.startsWith('/') ? parent : `/${parent}`;
  return pod === null ? `${root}/${id}` : `${root}/pod-${pod.id}/${id}`;
}
