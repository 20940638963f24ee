# The daemon and its unit; containers do not notice.

follows_directory() {
  remove_all
  sed 's/name: hello/name: dropped/' "$PAYLOAD/hello.yaml" >/etc/tsctr.d/dropped.yaml
  wait_for 'it runs' bash -c 'tsctr get dropped | grep -q Running'
  rm /etc/tsctr.d/dropped.yaml
  wait_for 'it is gone' bash -c '! tsctr get dropped'
}
prove 'the daemon keeps /etc/tsctr.d: a file brings a container, and takes it away' follows_directory

stop_leaves() {
  apply lasting
  local pid lines
  pid=$(pid_of lasting)
  systemctl stop tsctr
  equal unit inactive "$(systemctl is-active tsctr || true)"
  # conmon is in the unit of nobody who may be stopped.
  [[ -z $(cat /sys/fs/cgroup/system.slice/tsctr.service/cgroup.procs 2>/dev/null) ]] || fail 'the unit has processes left'
  ! journalctl --no-pager -o cat -u tsctr | grep 'remains running after unit stopped' || fail 'systemd found processes left in the unit'
  contains 'the scope of the monitors' active "$(systemctl is-active tsctr-monitors.scope)"
  kill -0 "$pid"
  lines=$(tsctr logs lasting | wc -l)
  wait_for 'it goes on without a daemon' bash -c "[[ \$(tsctr logs lasting | wc -l) -gt $lines ]]"
  equal 'pid without a daemon' "$pid" "$(pid_of lasting)"
  systemctl start tsctr
  equal 'pid with the next daemon' "$pid" "$(pid_of lasting)"
  equal restarts 0 "$(field lasting restartCount)"
  contains 'status line' 1 "$(systemctl show -P StatusText tsctr)"
  tsctr delete lasting
}
prove 'systemctl stop tsctr leaves containers running, start takes them over' stop_leaves

watchdog() {
  apply guarded
  local pid daemon fed
  pid=$(pid_of guarded)
  mkdir -p /run/systemd/system/tsctr.service.d
  printf '[Service]\nWatchdogSec=60\n' >/run/systemd/system/tsctr.service.d/watchdog.conf
  systemctl daemon-reload
  systemctl restart tsctr
  equal WatchdogUSec 1min "$(systemctl show -P WatchdogUSec tsctr)"
  daemon=$(systemctl show -P MainPID tsctr)
  fed=$(systemctl show -P WatchdogTimestampMonotonic tsctr)
  wait_for 'it feeds the watchdog' bash -c "[[ \$(systemctl show -P WatchdogTimestampMonotonic tsctr) -gt $fed ]]"
  kill -STOP "$daemon"
  wait_for 'systemd starts another' bash -c "[[ \$(systemctl show -P NRestarts tsctr) -ge 1 ]] && systemctl --quiet is-active tsctr"
  contains 'why' watchdog "$(journalctl --no-pager -o cat -u tsctr | grep -i watchdog | tail -n 3)"
  equal 'pid of the container' "$pid" "$(pid_of guarded)"
  rm -r /run/systemd/system/tsctr.service.d
  systemctl daemon-reload
  tsctr delete guarded
}
prove 'a daemon that hangs is restarted by the watchdog; the container goes on' watchdog

killed() {
  apply survivor
  local pid
  pid=$(pid_of survivor)
  systemctl kill --signal=KILL --kill-whom=main tsctr
  wait_for 'another daemon' bash -c '[[ $(systemctl show -P NRestarts tsctr) -ge 1 ]] && systemctl --quiet is-active tsctr'
  equal 'pid of the container' "$pid" "$(pid_of survivor)"
  tsctr delete survivor
}
prove 'a daemon that is killed is restarted; the container goes on' killed

upgrade() {
  apply upgraded
  local pid daemon before
  pid=$(pid_of upgraded)
  daemon=$(systemctl show -P MainPID tsctr)
  before=$(dpkg-query -W -f '${Version}' tsctr)
  # A configuration that somebody has edited stays as it is.
  apt-get install -y -o APT::Sandbox::User=root "$PAYLOAD"/new/tsctr_*.deb
  [[ $(dpkg-query -W -f '${Version}' tsctr) != "$before" ]] || fail 'still the old version'
  contains 'configuration' 'runtime:' "$(cat /etc/tsctr/config.yaml)"
  equal unit active "$(systemctl is-active tsctr)"
  [[ $(systemctl show -P MainPID tsctr) != "$daemon" ]] || fail 'still the old daemon'
  equal 'pid of the container' "$pid" "$(pid_of upgraded)"
  equal restarts 0 "$(field upgraded restartCount)"
  tsctr delete upgraded
}
prove 'the upgrade of the package replaces the daemon and leaves containers running' upgrade
