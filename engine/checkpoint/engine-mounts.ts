/** Places at which every engine mounts something by itself. */
const ENGINE_MOUNTS =
  /^\/(?:proc|sys|dev)(?:\/|$)|^\/etc\/(?:hostname|hosts|resolv\.conf|localtime|mtab|passwd|group)$|^\/run\/(?:\.containerenv|secrets|notify|podman-init|tsctr-init)(?:\/|$)/;

/** True for what no manifest has to name. */
export function isEngineMount(destination: string): boolean {
  return ENGINE_MOUNTS.test(destination.replace(/^\/var\/run\//, '/run/'));
}
