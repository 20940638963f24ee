/** What the host has and can do. */
export interface HostFacts {
  cgroups: 'v1' | 'hybrid' | 'v2';
  /** How cgroups are made: by systemd where it runs the host, else by writing to cgroupfs. */
  cgroupManager: 'cgroupfs' | 'systemd';
  /** Controllers that can be used, as in /proc/cgroups or cgroup.controllers. */
  controllers: readonly string[];
  runtime: { name: string; path: string; version: string };
  conmon: { path: string; version: string };
  kernel: string;
  architecture: string;
  hostname: string;
  bootId: string;
  /** Absolute paths of tools, or null when they are missing. */
  tools: Readonly<
    Record<
      'criu' | 'skopeo' | 'netavark' | 'aardvark-dns' | 'catatonit' | 'tar' | 'git' | 'busctl',
      string | null
    >
  >;
  seccomp: boolean;
  appArmor: boolean;
  seLinux: boolean;
}
