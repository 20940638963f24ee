import type { ImageKind } from './image-kinds.ts';

/**
 * The messages of `schemas/criu/criu-images.proto` as they are decoded, with CRIU's names. Enumerations are the names of their
 * values, or a number where CRIU has one that is newer than ours. 64-bit numbers above 2^53 are not exact.
 */
export interface ImageEntries extends Record<ImageKind, object> {
  inventory: InventoryEntry;
  pstree: PstreeEntry;
  core: CoreEntry;
  ids: KobjIds;
  mm: MmEntry;
  pagemap: PagemapEntry;
  fdinfo: FdinfoEntry;
  files: FileEntry;
  fs: FsEntry;
  mountpoints: MountEntry;
  netns: { ext_key?: string };
  utsns: { nodename: string; domainname: string };
  memfd: { name: string; size: number; inode_id: number };
  filelocks: { flag: number; type: number; pid: number; fd: number; start: number; len: number };
  'remap-fpath': { orig_id: number; remap_id: number; remap_type?: number };
  cpuinfo: { x86_entry: CpuinfoX86[] };
  stats: StatsEntry;
}

export interface KobjIds {
  vm_id: number;
  files_id: number;
  fs_id: number;
  sighand_id: number;
  pid_ns_id?: number;
  net_ns_id?: number;
  ipc_ns_id?: number;
  uts_ns_id?: number;
  mnt_ns_id?: number;
  user_ns_id?: number;
  cgroup_ns_id?: number;
  time_ns_id?: number;
}

export interface InventoryEntry {
  img_version: number;
  root_ids?: KobjIds;
  lsmtype?: string | number;
  /** Microseconds. */
  dump_uptime?: number;
  tcp_close?: boolean;
  network_lock_method?: number;
  /** CRIU 4.1 and newer. */
  dump_criu_run_id?: string;
}

/** Numbers of the container's PID namespace. */
export interface PstreeEntry {
  pid: number;
  /** 0: the first process. */
  ppid: number;
  pgid: number;
  sid: number;
  threads: number[];
}

export interface CredsEntry {
  uid: number;
  gid: number;
  euid: number;
  egid: number;
  /** Sets of capabilities, 32 bits in each number, lowest first. */
  cap_inh: number[];
  cap_prm: number[];
  cap_eff: number[];
  cap_bnd: number[];
  cap_amb: number[];
  groups: number[];
  lsm_profile?: string;
  no_new_privs?: number;
}

export interface CoreEntry {
  mtype: string | number;
  tc?: { task_state: number; exit_code: number; comm: string; oom_score_adj?: number; stop_signo?: number };
  ids?: KobjIds;
  thread_core?: { creds?: CredsEntry; seccomp_mode?: number; comm?: string };
}

export interface MmEntry {
  mm_arg_start: number;
  mm_arg_end: number;
  mm_env_start: number;
  mm_env_end: number;
  exe_file_id: number;
  vmas: { start: number; end: number; shmid: number; prot: number; flags: number; status: number }[];
}

/** The first of a file has `pages_id` and nothing else, all others have the rest. */
export interface PagemapEntry {
  pages_id?: number;
  vaddr?: number;
  compat_nr_pages?: number;
  nr_pages?: number;
  in_parent?: boolean;
  flags?: number;
}

export interface FdinfoEntry {
  id: number;
  flags: number;
  type: string | number;
  fd: number;
}

export interface InetSocket {
  id: number;
  ino: number;
  family: number;
  type: number;
  proto: number;
  state: number;
  src_port: number;
  dst_port: number;
  /** In the order of the network, 32 bits in each number. */
  src_addr: number[];
  dst_addr: number[];
}

export interface UnixSocket {
  id: number;
  ino: number;
  type: number;
  state: number;
  uflags: number;
  peer: number;
  /** With a zero byte first for abstract names. */
  name: Uint8Array;
  name_dir?: string;
}

export interface FileEntry {
  type: string | number;
  id: number;
  reg?: {
    id: number;
    flags: number;
    pos: number;
    name: string;
    mnt_id?: number;
    size?: number;
    mode?: number;
  };
  isk?: InetSocket;
  usk?: UnixSocket;
  fifo?: { id: number; pipe_id: number; regf_id?: number };
  pipe?: { id: number; pipe_id: number; flags: number };
  tty?: { id: number; tty_info_id: number; regf_id?: number };
  memfd?: { id: number; inode_id: number };
}

export interface FsEntry {
  cwd_id: number;
  root_id: number;
  umask?: number;
}

export interface MountEntry {
  /** CRIU's name for it, in capitals; that of another one is in `fsname`. */
  fstype: string | number;
  mnt_id: number;
  root_dev: number;
  parent_mnt_id: number;
  flags: number;
  root: string;
  mountpoint: string;
  source: string;
  options: string;
  ext_mount?: boolean;
  fsname?: string;
  ext_key?: string;
}

/** Times in microseconds. */
export interface StatsEntry {
  dump?: {
    freezing_time: number;
    frozen_time: number;
    memdump_time: number;
    memwrite_time: number;
    pages_scanned: number;
    pages_skipped_parent: number;
    pages_written: number;
    irmap_resolve?: number;
    pages_lazy?: number;
  };
  restore?: {
    pages_compared: number;
    pages_skipped_cow: number;
    forking_time: number;
    restore_time: number;
    pages_restored?: number;
  };
}

export interface CpuinfoX86 {
  vendor_id: number;
  cpu_family: number;
  model: number;
  stepping: number;
  capability_ver: number;
  capability: number[];
  model_id?: string;
  xfeatures_mask?: number;
  xsave_size?: number;
}
