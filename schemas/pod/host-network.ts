/** True when a container or pod shares the network namespace of the host. */
export function usesHostNetwork(spec: {
  network?: 'none' | 'host' | undefined;
  hostNetwork?: boolean | undefined;
}): boolean {
  return spec.hostNetwork === true || spec.network === 'host';
}
