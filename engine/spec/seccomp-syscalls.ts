/**
 * System calls by what they are for. A name that an architecture does not have is skipped by the runtimes; names with a
 * suffix (`32`, `64`, `_time64`) are the same call on 32-bit architectures.
 */
const ALLOWED: Readonly<Record<string, string>> = {
  files:
    'access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 ' +
    'fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock ' +
    'fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 getcwd getdents getdents64 ioctl lchown ' +
    'lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open ' +
    'openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename ' +
    'renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs statfs64 statx symlink symlinkat sync ' +
    'sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes ' +
    'futimesat write writev',
  attributes:
    'fgetxattr flistxattr fremovexattr fsetxattr getxattr lgetxattr listxattr llistxattr lremovexattr lsetxattr ' +
    'removexattr setxattr',
  watching:
    'epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd ' +
    'eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch _newselect poll ppoll ' +
    'ppoll_time64 pselect6 pselect6_time64 select',
  'asynchronous I/O': 'io_cancel io_destroy io_getevents io_setup io_submit',
  // Mounting needs a capability of its own over the mount namespace: the kernel checks it, and nested containers use it.
  mounts: 'fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root umount umount2',
  memory:
    'brk get_mempolicy madvise mbind membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 ' +
    'mprotect mremap msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease ' +
    'process_vm_readv process_vm_writev remap_file_pages set_mempolicy',
  processes:
    'capget capset clone clone3 execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getegid ' +
    'getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority ' +
    'getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid getuid getuid32 ioprio_get ' +
    'ioprio_set kill pidfd_getfd pidfd_open pidfd_send_signal prctl prlimit64 ptrace rseq set_robust_list ' +
    'set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 ' +
    'setns setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 ' +
    'setrlimit setsid setuid setuid32 tgkill tkill ugetrlimit unshare vfork wait4 waitid waitpid',
  scheduling:
    'sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler ' +
    'sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam ' +
    'sched_setscheduler sched_yield futex futex_time64',
  signals:
    'alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend ' +
    'rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signal signalfd signalfd4 sigprocmask sigreturn',
  // Reading clocks; adjtimex and clock_adjtime set them only with CAP_SYS_TIME.
  time:
    'adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 ' +
    'clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete ' +
    'timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime ' +
    'timerfd_gettime64 timerfd_settime timerfd_settime64 times',
  sockets:
    'accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 ' +
    'recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair',
  'between processes':
    'ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 ' +
    'mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 semctl semget semop semtimedop semtimedop_time64 shmat shmctl ' +
    'shmdt shmget',
  // reboot ends only the container's own PID namespace.
  system:
    'getrandom keyctl landlock_add_rule landlock_create_ruleset landlock_restrict_self reboot seccomp sysinfo syslog uname',
};

/** What single architectures have beside these; by seccomp's name of the native one. */
const ARCHITECTURE_SPECIFIC: Readonly<Record<string, string>> = {
  SCMP_ARCH_X86_64: 'arch_prctl modify_ldt',
  SCMP_ARCH_AARCH64: 'arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2',
  SCMP_ARCH_PPC64LE: 'swapcontext sync_file_range2',
  SCMP_ARCH_S390X: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr',
  SCMP_ARCH_RISCV64: 'riscv_flush_icache riscv_hwprobe',
};

/** Known, and refused with EPERM whatever the capabilities: obsolete, of the whole host, or ways around other limits. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  obsolete:
    'bdflush nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname sgetmask ssetmask sysfs uselib ustat vm86 ' +
    'vm86old syscall',
  'of the host':
    'kexec_file_load kexec_load pciconfig_iobase pciconfig_read pciconfig_write swapoff swapon migrate_pages move_pages',
  // futex2 and these others are too new for filters in between, for instance of nested engines, to know.
  new: 'cachestat futex_requeue futex_wait futex_waitv futex_wake io_pgetevents io_pgetevents_time64 map_shadow_stack',
  'of exploits': 'userfaultfd vmsplice',
};

/** Sorted once for each architecture: a host has one, and every container needs them. */
const sorted = new Map<string, readonly string[]>();

/** Names of the system calls that every container may use, sorted. */
export function allowedSyscalls(nativeArchitecture: string): string[] {
  const specific = ARCHITECTURE_SPECIFIC[nativeArchitecture] ?? '';
  return sortedNames(`allowed ${nativeArchitecture}`, [...Object.values(ALLOWED), specific]);
}

/** Names of the system calls that no container may use, sorted. */
export function forbiddenSyscalls(): string[] {
  return sortedNames('forbidden', Object.values(FORBIDDEN));
}

function sortedNames(key: string, groups: readonly string[]): string[] {
  const known = sorted.get(key);
  const names =
    known ??
    groups
      .flatMap((group) => group.split(' '))
      .filter((name) => name !== '')
      .sort();
  if (known === undefined) sorted.set(key, names);
  return [...names];
}
