/** Places of the host where others leave configuration for containers. */
export interface HostFiles {
  /** Directories with OCI hooks; of two files with one name the later one's counts. */
  hooks: readonly string[];
  /** Directories with CDI specifications, the later ones' before the earlier ones'. */
  cdi: readonly string[];
  /** Lists of what a distribution wants in every container, containers-mounts.conf(5); the first that exists counts. */
  mountsConf: readonly string[];
}

export const HOST_FILES: HostFiles = {
  hooks: ['/usr/share/containers/oci/hooks.d', '/etc/containers/oci/hooks.d'],
  cdi: ['/etc/cdi', '/var/run/cdi'],
  mountsConf: ['/etc/containers/mounts.conf', '/usr/share/containers/mounts.conf'],
};
