/**
 * The messages of `criu-rpc.proto` as types, with CRIU's own names. Only what tsctr sends or reads is here; CRIU skips what
 * it does not know, and so do we.
 */
export type CriuRequestType =
  | 'EMPTY'
  | 'DUMP'
  | 'RESTORE'
  | 'CHECK'
  | 'PRE_DUMP'
  | 'PAGE_SERVER'
  | 'NOTIFY'
  | 'CPUINFO_DUMP'
  | 'CPUINFO_CHECK'
  | 'FEATURE_CHECK'
  | 'VERSION'
  | 'WAIT_PID'
  | 'PAGE_SERVER_CHLD'
  | 'SINGLE_PRE_DUMP';

export interface CriuRequest {
  type: CriuRequestType;
  opts?: CriuOptions;
  notify_success?: boolean;
  keep_open?: boolean;
  features?: CriuFeatures;
  /** WAIT_PID only. */
  pid?: number;
}

/** criu(8) tells what each does. */
export interface CriuOptions {
  /** Number of a descriptor in the process that called socketpair(2), which keeps it open until the answer. */
  images_dir_fd: number;
  /** As `images_dir_fd`; the log and the statistics go there. */
  work_dir_fd?: number;
  pid?: number;
  leave_running?: boolean;
  ext_unix_sk?: boolean;
  tcp_established?: boolean;
  evasive_devices?: boolean;
  shell_job?: boolean;
  file_locks?: boolean;
  log_level?: number;
  log_file?: string;
  ps?: CriuPageServer;
  notify_scripts?: boolean;
  root?: string;
  parent_img?: string;
  track_mem?: boolean;
  auto_dedup?: boolean;
  link_remap?: boolean;
  cpu_cap?: number;
  force_irmap?: boolean;
  ext_mnt?: { key: string; val: string }[];
  manage_cgroups?: boolean;
  manage_cgroups_mode?: CriuCgroupsMode;
  /** `ctrl` is absent where one path is meant for every hierarchy. */
  cg_root?: { ctrl?: string; path: string }[];
  rst_sibling?: boolean;
  /** `fd` is a number in CRIU's own table. */
  inherit_fd?: { key: string; fd: number }[];
  auto_ext_mnt?: boolean;
  ext_sharing?: boolean;
  ext_masters?: boolean;
  skip_mnt?: string[];
  enable_fs?: string[];
  /** Bytes. */
  ghost_limit?: number;
  irmap_scan_paths?: string[];
  external?: string[];
  empty_ns?: number;
  join_ns?: { ns: string; ns_file: string; extra_opt?: string }[];
  freeze_cgroup?: string;
  /** Seconds for collecting and freezing the tasks. */
  timeout?: number;
  tcp_skip_in_flight?: boolean;
  weak_sysctls?: boolean;
  lazy_pages?: boolean;
  status_fd?: number;
  orphan_pts_master?: boolean;
  config_file?: string;
  tcp_close?: boolean;
  lsm_profile?: string;
  /** A directory with all hierarchies, which CRIU otherwise mounts for itself. */
  cgroup_yard?: string;
  pre_dump_mode?: 'SPLICE' | 'VM_READ';
  lsm_mount_context?: string;
  network_lock?: CriuNetworkLock;
  mntns_compat_mode?: boolean;
  skip_file_rwx_check?: boolean;
}

export type CriuCgroupsMode = 'IGNORE' | 'CG_NONE' | 'PROPS' | 'SOFT' | 'FULL' | 'STRICT' | 'DEFAULT';
export type CriuNetworkLock = 'IPTABLES' | 'NFTABLES' | 'SKIP';

export interface CriuPageServer {
  address?: string;
  port?: number;
  pid?: number;
  fd?: number;
}

export interface CriuFeatures {
  mem_track?: boolean;
  lazy_pages?: boolean;
  pidfd_store?: boolean;
}

export interface CriuResponse {
  type: CriuRequestType;
  success: boolean;
  dump?: { restored?: boolean };
  restore?: { pid: number };
  notify?: { script?: string; pid?: number };
  ps?: CriuPageServer;
  cr_errno?: number;
  /** The first error line of the log, which may be harmless and may be there with success. */
  cr_errmsg?: string;
  features?: CriuFeatures;
  version?: CriuVersionMessage;
  status?: number;
}

export interface CriuVersionMessage {
  major_number: number;
  minor_number: number;
  gitid?: string;
  sublevel?: number;
  extra?: number;
  name?: string;
}

/** What a dump took, from `stats-dump`: times in microseconds, pages of 4096 bytes. */
export interface CriuDumpStatistics {
  freezing_time: number;
  frozen_time: number;
  memdump_time: number;
  memwrite_time: number;
  pages_scanned: number;
  pages_skipped_parent: number;
  pages_written: number;
  irmap_resolve?: number;
  pages_lazy?: number;
  page_pipes?: number;
  page_pipe_bufs?: number;
  shpages_scanned?: number;
  shpages_skipped_parent?: number;
  shpages_written?: number;
}

/** What a restore took, from `stats-restore`: times in microseconds. */
export interface CriuRestoreStatistics {
  pages_compared: number;
  pages_skipped_cow: number;
  forking_time: number;
  restore_time: number;
  pages_restored?: number;
}
