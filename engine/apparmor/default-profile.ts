/** Name of the profile that containers get unless they ask for another. */
export const DEFAULT_PROFILE = 'tsctr-default';

/**
 * Its text, apparmor.d(5). It is the second line behind capabilities, namespaces and hidden paths: what concerns the whole host
 * cannot be written to even where one of those has a hole. Nothing is included, so that it loads wherever there is a parser.
 */
export const DEFAULT_PROFILE_TEXT = `# Loaded by tsctr for its containers; not read from any file.
profile ${DEFAULT_PROFILE} flags=(attach_disconnected, mediate_deleted) {
  capability,
  file,
  network,
  unix,
  umount,

  # Signals and traces within containers. From outside: the runtime, which may have a profile of its own, and CRIU.
  signal (receive),
  signal (send) peer=${DEFAULT_PROFILE},
  ptrace (readby, tracedby),
  ptrace (read, trace) peer=${DEFAULT_PROFILE},

  # No mount: by no rule that would allow it.

  # Of /proc, what is not of a namespace or of a process.
  deny /proc/{kcore,kmem,mem,sysrq-trigger} rwklx,
  deny /proc/{acpi,asound,bus,driver,fs,irq,scsi,tty}/** wklx,
  deny /proc/{mtrr,timer_list,timer_stats,sched_debug,latency_stats} wklx,
  deny /proc/sys/{abi,crypto,debug,dev,sunrpc,user,vm}/** wklx,
  deny /proc/sys/fs/[^m]** wklx,
  deny /proc/sys/kernel/{core_*,modprobe,modules_disabled,hotplug,poweroff_cmd,sysrq,tainted,panic*,oops_limit,warn_limit} wklx,
  deny /proc/sys/kernel/{perf_*,kexec_*,kptr_restrict,dmesg_restrict,printk*,randomize_va_space,unprivileged_*,io_uring_*} wklx,
  deny /proc/sys/kernel/{pid_max,threads-max,sched_*,numa_*,watchdog*,nmi_*,hung_task_*,ftrace_*,stack_*,bpf_*,cap_last_cap} wklx,
  deny /proc/sys/kernel/{keys,random,seccomp,usermodehelper,yama}/** wklx,

  # Of /sys, all but the container's cgroup.
  deny /sys/{block,bus,class,dev,devices,firmware,hypervisor,kernel,module,power}/** wklx,
  deny /sys/fs/[^c]** wklx,
  deny /sys/{firmware,kernel/security}/** rwklx,
}
`;
