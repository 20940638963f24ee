# Memory that is saved and comes back, with $runtime.

has_checkpoints() { tsctr checkpoint --help >/dev/null 2>&1 || left_out 'this tsctr has no checkpoint command'; }

checkpoint_and_restore() {
  has_checkpoints
  apply counter
  wait_for 'it has counted' bash -c 'tsctr logs counter | grep -q "count 3"'
  tsctr checkpoint counter
  local before
  before=$(tsctr logs counter | tail -n 1 | cut -d' ' -f2)
  tsctr get counter
  [[ $(pid_of counter) == null ]] || fail 'it goes on running'
  tsctr restore counter
  wait_for 'it goes on counting' bash -c "[[ \$(tsctr logs counter | tail -n 1 | cut -d' ' -f2) -gt $before ]]"
  equal 'restarts of the count' 1 "$(tsctr logs counter | grep -c 'count 1$')"
  local pid
  pid=$(pid_of counter)
  contains 'cgroup after the restore' "/tsctr.slice/tsctr-$(field counter containerID).scope" "$(cat "/proc/$pid/cgroup")"
  contains 'profile after the restore' tsctr-default "$(cat "/proc/$pid/attr/current")"
  equal 'exec after the restore' alive "$(tsctr exec counter -- echo alive)"
  equal 'kill is seen' 0 "$(tsctr stop counter >/dev/null; echo $?)"
  tsctr delete counter
}
prove "$runtime: checkpoint and restore keep the memory, the cgroup and the profile" checkpoint_and_restore

pre_dump() {
  has_checkpoints
  tsctr checkpoint --help | grep -q -- --pre || left_out 'this tsctr has no pre-dump'
  apply rounds
  wait_for 'it has counted' bash -c 'tsctr logs rounds | grep -q "count 2"'
  tsctr checkpoint rounds --pre-checkpoint 1 || tsctr checkpoint rounds --pre
  tsctr restore rounds
  equal 'restarts of the count' 1 "$(tsctr logs rounds | grep -c 'count 1$')"
  tsctr delete rounds
}
prove "$runtime: a checkpoint in rounds (pre-dump with previous)" pre_dump

lazy_pages() {
  has_checkpoints
  tsctr restore --help | grep -q -- --lazy || left_out 'this tsctr has no lazy pages'
  apply lazy
  wait_for 'it has counted' bash -c 'tsctr logs lazy | grep -q "count 2"'
  tsctr checkpoint lazy
  tsctr restore lazy --lazy
  equal 'restarts of the count' 1 "$(tsctr logs lazy | grep -c 'count 1$')"
  tsctr delete lazy
}
prove "$runtime: a restore whose pages follow (lazy pages)" lazy_pages
