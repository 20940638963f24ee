# Memory that is saved and comes back, with $runtime.

has_checkpoints() { tsctr checkpoint --help >/dev/null 2>&1 || left_out 'this tsctr has no checkpoint command'; }

checkpoint_and_restore() {
  has_checkpoints
  apply counter 'resources: { limits: { memory: 64Mi, pids: 64 } }'
  wait_for 'it has counted' bash -c 'tsctr logs counter | grep -q "count 3"'
  tsctr checkpoint counter
  local before
  before=$(tsctr logs counter | tail -n 1 | cut -d' ' -f2)
  tsctr get counter
  [[ $(pid_of counter) == null ]] || fail 'it goes on running'
  tsctr restore counter
  wait_for 'it goes on counting' bash -c "[[ \$(tsctr logs counter | tail -n 1 | cut -d' ' -f2) -gt $before ]]"
  read_log counter
  equal 'restarts of the count' 1 "$(grep -c 'count 1$' "$STATE/log")"
  local pid
  pid=$(pid_of counter)
  contains 'cgroup after the restore' "/tsctr.slice/tsctr-$(field counter containerID).scope" "$(cat "/proc/$pid/cgroup")"
  equal 'its scope after the restore' active "$(systemctl is-active "tsctr-$(field counter containerID).scope")"
  equal 'memory.max after the restore' 67108864 "$(cat "$(cgroup_of "$pid")/memory.max")"
  equal 'pids.max after the restore' 64 "$(cat "$(cgroup_of "$pid")/pids.max")"
  contains 'profile after the restore' tsctr-default "$(cat "/proc/$pid/attr/current")"
  equal 'exec after the restore' alive "$(tsctr exec counter -- echo alive)"
  equal 'kill is seen' 0 "$(tsctr stop counter >/dev/null; echo $?)"
  tsctr delete counter
}
prove "$runtime: checkpoint and restore keep the memory, the cgroup and the profile" checkpoint_and_restore

connections() {
  apply talker 'command: [sh, -c, "tail -f /dev/null | nc -l -p 7000 & n=0; while :; do n=$((n + 1)); echo \"tick $n\"; sleep 1; done | until nc 127.0.0.1 7000; do sleep 1; done"]'
  wait_for 'they talk' bash -c 'tsctr logs talker | grep -q "tick 3"'
  tsctr checkpoint talker --tcp-established
  local before
  before=$(tsctr logs talker | tail -n 1 | cut -d' ' -f2)
  tsctr restore talker
  wait_for 'they go on talking' bash -c "[[ \$(tsctr logs talker | tail -n 1 | cut -d' ' -f2) -gt $before ]]"
  read_log talker
  equal 'nothing is lost' "$(seq "$before" $((before + 1)) | sed 's/^/tick /')" "$(tail -n +"$before" "$STATE/log" | head -n 2)"
  tsctr delete talker
}
# CRIU does this whatever the runtime is, and each checkpoint takes minutes in emulation.
if [[ $runtime == crun ]]; then prove "$runtime: an established TCP connection goes on after a restore" connections; fi

pre_dump() {
  has_checkpoints
  # Most of its memory stays as it is.
  apply rounds 'command: [sh, -c, "memory=$(head -c 2000000 /dev/zero | tr \"\\0\" x); n=0; while :; do n=$((n + 1)); echo \"count $n\"; sleep 1; done"]'
  wait_for 'it has counted' bash -c 'tsctr logs rounds | grep -q "count 2"'
  tsctr checkpoint rounds --pre-dumps 2
  local directory
  directory=$(tsctr checkpoint show rounds -o json | sed -n 's/^ *"path": "\(.*\)",$/\1/p')
  equal 'what the dump builds on' ../pre-dump-2 "$(readlink "$directory/images/parent")"
  equal 'what that builds on' ../pre-dump-1 "$(readlink "$directory/pre-dump-2/parent")"
  local first last
  first=$(du --bytes --total "$directory"/pre-dump-1/pages-*.img | tail -n 1 | cut -f1)
  last=$(du --bytes --total "$directory"/images/pages-*.img | tail -n 1 | cut -f1)
  ((first > 2000000 && last < first / 4)) || fail "the first copy has $first bytes of memory, the dump $last: expected more than 2 MB, and less than a quarter of that"
  echo "memory written: at first $first bytes, standing still $last"
  contains 'the copies take their part of the time' pre-dump "$(tsctr checkpoint show rounds)"
  tsctr restore rounds
  wait_for 'it counts on' bash -c 'tsctr logs rounds | grep -q "count 4"'
  read_log rounds
  equal 'restarts of the count' 1 "$(grep -c 'count 1$' "$STATE/log")"
  tsctr delete rounds
}
prove "$runtime: a checkpoint in rounds (pre-dump with previous)" pre_dump

lazy_pages() {
  has_checkpoints
  # It says so when a page of its memory is not what it was.
  apply lazy 'command: [sh, -c, "memory=$(head -c 2000000 /dev/zero | tr \"\\0\" x); n=0; while :; do n=$((n + 1)); case $memory in *[!x]*) n=lost;; esac; echo \"count $n ${#memory}\"; sleep 1; done"]'
  wait_for 'it has counted' bash -c 'tsctr logs lazy | grep -q "count 2 "'
  tsctr checkpoint lazy
  local before directory
  before=$(tsctr logs lazy | tail -n 1 | cut -d' ' -f2)
  directory=/run/tsctr/containers/$(field lazy containerID)
  tsctr restore lazy --lazy-pages
  wait_for 'it goes on counting' bash -c "tsctr logs lazy | grep -q '^count $((before + 1)) 2000000'"
  wait_for 'all pages have come' bash -c "! test -e $directory/lazy-pages.pid"
  grep 'UFFD transferred pages' "$directory/lazy-pages.log"
  read_log lazy
  equal 'restarts of the count' 1 "$(grep -c 'count 1 ' "$STATE/log")"
  ! grep lost "$STATE/log" || fail 'a page of its memory is not what it was'
  equal 'what serves pages still' '' "$(pgrep -f tsctr-lazy-pages || true)"
  tsctr delete lazy
}
prove "$runtime: a restore whose pages follow (lazy pages)" lazy_pages
