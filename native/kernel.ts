/**
 * What tsctr asks of the Linux kernel beyond Node's own API: one method for one man page, flags passed through, no policy
 * but a retry on EINTR. Every method throws `ErrnoError`. Every descriptor that is returned is close-on-exec.
 *
 * It is an interface so that unit tests can hand in a fake that records the calls (`fake-kernel.ts`).
 */
export interface Kernel {
  /** fsopen(2): a context for a new mount of the file system type `fsname`. */
  fsopen(fsname: string, flags: number): number;
  /** fsconfig(2). `value` is a string for SET_STRING, a descriptor for SET_FD, null for SET_FLAG and CMD_CREATE. */
  fsconfig(fd: number, command: number, key: string | null, value: string | number | null): void;
  /** fsmount(2): a descriptor of the new, still detached mount. */
  fsmount(fd: number, flags: number, attributes: number): number;
  /** open_tree(2). */
  openTree(dirfd: number, path: string, flags: number): number;
  /** move_mount(2). */
  moveMount(fromFd: number, fromPath: string, toFd: number, toPath: string, flags: number): void;
  /** mount_setattr(2). */
  mountSetattr(dirfd: number, path: string, flags: number, attributes: MountAttributes): void;
  /** mount(2), for what the new mount API has no word for. */
  mount(source: string | null, target: string, type: string | null, flags: number, data: string | null): void;
  /** umount2(2). */
  umount2(target: string, flags: number): void;

  /**
   * Makes new namespaces and pins each by a bind mount of /proc/thread-self/ns/* onto an existing file: unshare(2) on a
   * thread of its own, so that this process keeps its namespaces. A new network namespace gets its loopback brought up.
   */
  pinNamespaces(request: PinNamespacesRequest): Promise<void>;

  /** posix_spawn(3), or vfork(2)+execve(2) where that cannot express the request. The child gets exactly the descriptors of `fds`. */
  spawn(request: SpawnRequest): SpawnedProcess;
  /** waitid(2) with P_PIDFD and WEXITED: waits for, and reaps, a child; the waiting thread is none of libuv's pool. */
  waitChild(pidfd: number): Promise<ChildExit>;
  /** pidfd_open(2). */
  pidfdOpen(pid: number, flags: number): number;
  /** pidfd_send_signal(2). */
  pidfdSendSignal(pidfd: number, signal: number): void;
  /** poll(2) on a pidfd (or any descriptor) until it is readable; false when `timeoutMs` (-1: none) has passed first. */
  pollReadable(fd: number, timeoutMs: number, options?: { signal?: AbortSignal }): Promise<boolean>;
  /** kill(2). */
  kill(pid: number, signal: number): void;
  /** prctl(2) PR_SET_CHILD_SUBREAPER. */
  setChildSubreaper(value: number): void;

  /** pipe2(2): the reading and the writing end. */
  pipe2(flags: number): [number, number];
  /** eventfd(2): a counter, read and written as 8 bytes in the host's byte order. */
  eventfd(initial: number, flags: number): number;
  /** F_SETPIPE_SZ of fcntl(2): how much a pipe holds, at least. More than fs.pipe-max-size needs CAP_SYS_RESOURCE. */
  setPipeSize(fd: number, bytes: number): void;
  /** socketpair(2) of AF_UNIX. */
  socketpair(type: number): [number, number];
  /** connect(2) of a new AF_UNIX socket; a path that does not fit into sun_path goes by /proc/self/fd. Never waits: EAGAIN when the backlog is full. */
  connectUnix(path: string, type: number): number;
  /** sendmsg(2) with SCM_RIGHTS (at most 16), MSG_NOSIGNAL. Never waits: EAGAIN when the peer's buffer is full. */
  sendmsg(fd: number, data: Uint8Array, fds: readonly number[]): number;
  /** recvmsg(2) with room for 16 descriptors, MSG_CMSG_CLOEXEC. Empty data: the peer has closed. ETIMEDOUT after `timeoutMs` (-1: none), EMSGSIZE when the packet does not fit. */
  recvmsg(fd: number, maxBytes: number, timeoutMs: number): Promise<{ data: Buffer; fds: number[] }>;

  /** openat2(2). `dirfd` may be AT_FDCWD. */
  openat2(dirfd: number, path: string, how: OpenHow): number;
  /** close(2). Who still waits for the descriptor by this kernel gets EBADF. */
  close(fd: number): void;
  mkdirat(dirfd: number, path: string, mode: number): void;
  mknodat(dirfd: number, path: string, mode: number, device: { major: number; minor: number }): void;
  symlinkat(target: string, dirfd: number, path: string): void;
  linkat(oldDirfd: number, oldPath: string, newDirfd: number, newPath: string, flags: number): void;
  unlinkat(dirfd: number, path: string, flags: number): void;
  renameat2(oldDirfd: number, oldPath: string, newDirfd: number, newPath: string, flags: number): void;
  readlinkat(dirfd: number, path: string): string;
  fstatat(dirfd: number, path: string, flags: number): FileStatus;
  fchownat(dirfd: number, path: string, uid: number, gid: number, flags: number): void;
  fchmodat(dirfd: number, path: string, mode: number): void;
  /** utimensat(2); times in nanoseconds since the epoch. */
  utimensat(dirfd: number, path: string, atimeNs: bigint, mtimeNs: bigint, flags: number): void;
  /** lsetxattr(2), by /proc/self/fd/<dirfd>/<path>, does not follow a final link. */
  lsetxattr(path: string, name: string, value: Uint8Array, flags: number): void;
  lgetxattr(path: string, name: string): Buffer;
  llistxattr(path: string): string[];
  /** getdents64(2): the names in the directory, without `.` and `..`. */
  readDirectory(fd: number): string[];
  /** flock(2). With LOCK_NB a lock that is held elsewhere throws EWOULDBLOCK (code `EAGAIN`). */
  flock(fd: number, operation: number): void;
  /** syncfs(2). `fd` stays open until it has settled. */
  syncfs(fd: number): Promise<void>;
  /** sync_file_range(2); 0 `bytes` reach to the end. `fd` stays open until it has settled. */
  syncFileRange(fd: number, offset: number, bytes: number, flags: number): Promise<void>;
  /**
   * Replaces `file` in `directory` as a whole: `temporary`, which must not be there, is written, brought to the disk by fsync(2) and renamed
   * to it, and then the directory is. One wait for all of these calls; by Node's own there are eight, each for a thread and back.
   */
  replaceFile(
    directory: string,
    temporary: string,
    file: string,
    data: Uint8Array,
    mode: number,
  ): Promise<void>;
  /** unlink(2) of `file`, and fsync(2) of the directory that it was in. */
  removeFile(directory: string, file: string): Promise<void>;
  /** statfs(2): the type (magic number), and sizes in bytes. */
  statfs(path: string): { type: number; freeBytes: bigint; totalBytes: bigint };
  /**
   * unlinkat(2) for a file, or a directory and all that is in it, on a thread of its own; nothing there is nothing to do. Follows no link, crosses
   * no mount (it fails with EBUSY), and takes directories of any depth.
   */
  removeTree(path: string): Promise<void>;
}

/** open_how of openat2(2): `resolve` takes the RESOLVE_* bits. */
export interface OpenHow {
  flags: number;
  mode?: number;
  resolve?: number;
}

/** mount_attr of mount_setattr(2). */
export interface MountAttributes {
  set?: number;
  clear?: number;
  propagation?: number;
  userNamespaceFd?: number;
}

/** Which namespaces to make, each with the existing file that it is to be bound to. */
export interface PinNamespacesRequest {
  net?: string;
  ipc?: string;
  uts?: string;
  user?: { path: string; uidMap: string; gidMap: string };
  /** Host name of the new UTS namespace, sethostname(2). */
  hostname?: string;
  /** Written to /proc/sys inside the new namespaces: `net.ipv4.ip_forward` → `1`. */
  sysctls?: Readonly<Record<string, string>>;
}

export interface SpawnRequest {
  /** Absolute path of the executable; no search, no shell. */
  file: string;
  /** argv, argv[0] included. */
  args: readonly string[];
  /** The whole environment as `NAME=value`. */
  env: readonly string[];
  cwd?: string;
  /** fds[n] is the descriptor of ours that becomes n in the child; null leaves n closed (0, 1, 2: /dev/null). */
  fds: readonly (number | null)[];
  /** A new session, setsid(2). */
  newSession?: true;
  /** A new process group, setpgid(2), so that the whole group can be killed. */
  newProcessGroup?: true;
  /**
   * The signal that it gets when the calling thread ends, PR_SET_PDEATHSIG(2const); neither a fork of the child nor a program with more
   * rights has it. One whose caller is dead already ends by that signal too.
   */
  parentDeathSignal?: number;
}

export interface SpawnedProcess {
  pid: number;
  /** A pidfd of the child; the caller closes it. */
  pidfd: number;
}

/** How a child ended: exactly one of the two is not null. */
export interface ChildExit {
  code: number | null;
  signal: number | null;
}

/** struct stat, as numbers; times in nanoseconds since the epoch. */
export interface FileStatus {
  dev: number;
  ino: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdevMajor: number;
  rdevMinor: number;
  size: number;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
}
