# With $runtime, on cgroup v2 and systemd's cgroup manager.

use_runtime() {
  remove_all
  printf 'runtime: %s\n' "$runtime" >/etc/tsctr/config.yaml
  systemctl restart tsctr
  equal 'unit' active "$(systemctl is-active tsctr)"
}
# crun is what it takes by itself on such a host: each start of the daemon costs a minute in emulation.
if [[ $runtime != crun ]]; then require "$runtime: taken as the runtime" use_runtime; fi

life() {
  apply web
  contains get Running "$(tsctr get web)"
  wait_for 'it has counted' bash -c 'tsctr logs web | grep -q "count 3"'
  equal 'exec' 'inside web' "$(tsctr exec web -- sh -c 'echo inside $(hostname)')"
  local runtime_of
  runtime_of=$(ps -o args= -p "$(ps -o ppid= -p "$(pid_of web)" | tr -d ' ')")
  contains "conmon's runtime" "/$runtime" "$runtime_of"
  contains 'diff when nothing is to be done' unchanged "$(tsctr diff -f "$STATE/web.yaml" || true)"
  tsctr stop web
  contains 'get after stop' Exited "$(tsctr get web)"
  tsctr start web
  contains 'get after start' Running "$(tsctr get web)"
  local id
  id=$(field web containerID)
  tsctr delete web
  [[ ! -e /var/lib/tsctr/containers/$id ]] || fail 'its directory is left'
  ! grep -q "$id" /proc/self/mountinfo || fail 'a mount is left'
  equal 'cgroups left' '' "$(find /sys/fs/cgroup -name "*$id*")"
}
prove "$runtime: apply, get, logs, exec, stop, start, delete" life

ends() {
  APPLY_TIMEOUT=1s apply job 'command: [sh, -c, "echo done; exit 7"]' 'restartPolicy: Never' || true
  wait_for 'its end' bash -c 'tsctr get job | grep -q "Exited (7)"'
  equal log done "$(tsctr logs job)"
  tsctr delete job
}
prove "$runtime: the exit code of a job" ends

limits() {
  apply limited 'resources: { requests: { cpu: 100m, memory: 32Mi }, limits: { cpu: 500m, memory: 64Mi, pids: 32 } }'
  local cgroup
  cgroup=$(cgroup_of "$(pid_of limited)")
  equal memory.max 67108864 "$(cat "$cgroup/memory.max")"
  equal cpu.max '50000 100000' "$(cat "$cgroup/cpu.max")"
  equal pids.max 32 "$(cat "$cgroup/pids.max")"
  local weight
  weight=$(cat "$cgroup/cpu.weight")
  ((weight >= 1 && weight < 100)) || fail "cpu.weight of 100m: expected less than 100, found $weight"
  local before
  before=$(pid_of limited)
  apply limited 'resources: { requests: { cpu: 100m, memory: 32Mi }, limits: { cpu: 250m, memory: 96Mi, pids: 16 } }'
  equal 'pid after the change of limits' "$before" "$(pid_of limited)"
  equal 'memory.max after it' 100663296 "$(cat "$cgroup/memory.max")"
  equal 'cpu.max after it' '25000 100000' "$(cat "$cgroup/cpu.max")"
  equal 'pids.max after it' 16 "$(cat "$cgroup/pids.max")"
  # systemd writes its own values at a reload unless it was told of these.
  systemctl daemon-reload
  equal 'memory.max after a daemon-reload' 100663296 "$(cat "$cgroup/memory.max")"
  equal 'pids.max after a daemon-reload' 16 "$(cat "$cgroup/pids.max")"
  tsctr delete limited
}
prove "$runtime: cgroup v2 limits read back, and changed in place" limits

out_of_memory() {
  APPLY_TIMEOUT=1s apply hungry 'command: [sh, -c, "exec tail -c 200000000 /dev/zero"]' 'restartPolicy: Never' 'resources: { limits: { memory: 16Mi } }' || true
  wait_for 'its end' bash -c 'tsctr get hungry | grep -Eq "Exited|OOM"'
  equal 'killed for memory' true "$(field hungry oomKilled)"
  tsctr delete hungry
}
prove "$runtime: a container that takes too much memory is known as such" out_of_memory

slices() {
  apply sliced
  local id unit
  id=$(field sliced containerID)
  unit=tsctr-$id.scope
  equal 'the scope' active "$(systemctl is-active "$unit")"
  equal 'its slice' tsctr.slice "$(systemctl show -P Slice "$unit")"
  equal 'its control group' "/tsctr.slice/$unit" "$(systemctl show -P ControlGroup "$unit")"
  contains 'its processes' "$(pid_of sliced)" "$(tr '\n' ' ' <"/sys/fs/cgroup/tsctr.slice/$unit/cgroup.procs")"
  contains "its monitor's" '/tsctr.slice/tsctr-monitors.scope' "$(cat "/proc/$(ps -o ppid= -p "$(pid_of sliced)" | tr -d ' ')/cgroup")"
  # The daemon is protected, and conmon; what runs in there is not.
  equal 'its oom_score_adj' 0 "$(cat "/proc/$(pid_of sliced)/oom_score_adj")"
  # It is set as soon as the process is there, so it is looked at until it is.
  tsctr exec sliced -- sh -c 'until [ "$(cat /proc/self/oom_score_adj)" = 0 ]; do sleep 1; done'
  contains 'systemctl status of the slice' "$unit" "$(systemctl status --no-pager tsctr.slice)"
  tsctr delete sliced
  wait_for 'the scope is gone' bash -c "! systemctl is-active $unit"
}
prove "$runtime: systemd's cgroup manager, slice and scope visible to systemctl" slices

apparmor() {
  apply confined
  equal profile 'tsctr-default (enforce)' "$(cat "/proc/$(pid_of confined)/attr/current")"
  equal 'profile of an exec' 'tsctr-default (enforce)' "$(tsctr exec confined -- cat /proc/self/attr/current)"
  ! tsctr exec confined -- sh -c 'echo x >/proc/sysrq-trigger' || fail 'it may write to /proc/sysrq-trigger'
  tsctr delete confined
  apply open 'securityContext: { appArmorProfile: { type: Unconfined } }'
  equal 'profile when Unconfined' unconfined "$(cat "/proc/$(pid_of open)/attr/current")"
  tsctr delete open
  ! APPLY_TIMEOUT=1s apply lost 'securityContext: { appArmorProfile: { type: Localhost, localhostProfile: no-such-profile } }' || fail 'a profile that is not loaded is taken'
  # The command may be back before the pass that fails.
  wait_for 'the error is told' bash -c 'tsctr describe lost | grep no-such-profile'
  tsctr delete lost
}
prove "$runtime: AppArmor's profile on the process" apparmor

user_namespaces() {
  tsctr explain container.spec.userns.mode >/dev/null 2>&1 || left_out 'this tsctr has no user namespaces'
  apply mapped 'userns: { mode: auto }'
  local pid
  pid=$(pid_of mapped)
  cat "/proc/$pid/uid_map"
  [[ $(awk '$1 == 0 { print $2 }' "/proc/$pid/uid_map") -ge 65536 ]] || fail 'root in there is a user of the host'
  equal 'who it is inside' 0 "$(tsctr exec mapped -- id -u)"
  [[ $(stat -c %u "/proc/$pid") -ge 65536 ]] || fail 'its process belongs to a user of the host'
  equal 'owner of files of the image inside' 0 "$(tsctr exec mapped -- stat -c %u /bin/busybox)"
  tsctr exec mapped -- sh -c 'touch /new && test -O /new'
  tsctr delete mapped
}
prove "$runtime: a user namespace, with files by id-mapped mounts" user_namespaces

pods() {
  tsctr apply -f "$PAYLOAD/pod.yaml" --timeout "${PATIENCE_S}s"
  wait_for 'both are running' bash -c 'tsctr get pod journal | grep -q 2/2'
  wait_for 'what the init container wrote' bash -c 'tsctr logs pod/journal -c reader | grep -q prepared'
  local pids pid
  pids=$(tsctr describe pod/journal -o json | sed -n 's/^ *"pid": \([0-9]*\),$/\1/p')
  equal 'processes' 2 "$(wc -w <<<"$pids")"
  equal 'network namespaces' 1 "$(for pid in $pids; do readlink "/proc/$pid/ns/net"; done | sort -u | wc -l)"
  for pid in $pids; do contains 'cgroup of a member' '/tsctr.slice/tsctr-pod_' "$(cat "/proc/$pid/cgroup")"; done
  tsctr delete pod/journal
  equal 'slices of pods left' '' "$(find /sys/fs/cgroup -name 'tsctr-pod_*')"
}
prove "$runtime: a pod with an init container, its own slice and a shared network" pods

pauses() {
  apply frozen
  local cgroup
  cgroup=$(cgroup_of "$(pid_of frozen)")
  tsctr pause frozen
  contains events 'frozen 1' "$(cat "$cgroup/cgroup.events")"
  tsctr resume frozen
  contains events 'frozen 0' "$(cat "$cgroup/cgroup.events")"
  tsctr delete frozen
}
prove "$runtime: pause and resume by the freezer of cgroup v2" pauses

has_another_pid() { # <name> <pid>
  local now
  now=$(pid_of "$1")
  [[ $now =~ ^[0-9]+$ && $now != "$2" ]]
}

restarts() {
  apply again
  local pid
  pid=$(pid_of again)
  kill -KILL "$pid"
  wait_for 'another process' has_another_pid again "$pid"
  equal 'restarts' 1 "$(field again restartCount)"
  tsctr delete again
}
prove "$runtime: a container that was killed is started again" restarts
