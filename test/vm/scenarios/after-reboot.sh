# Nobody has touched the machine since it came up.

comes_back() {
  [[ $(cat /proc/sys/kernel/random/boot_id) != "$(cat "$STATE/boot-id")" ]] || fail 'the machine did not reboot'
  wait_for 'the unit' systemctl --quiet is-active tsctr
  local name
  for name in hello applied; do
    wait_for "$name runs" bash -c "tsctr get $name | grep -q Running"
    kill -0 "$(pid_of "$name")"
  done
  wait_for 'the pod runs' bash -c 'tsctr get pod journal | grep -q 2/2'
}
prove 'a reboot: containers that should run do so afterwards, without a hand' comes_back

keeps_memory() {
  [[ -f $STATE/kept ]] || left_out 'this tsctr has no checkpoint command'
  wait_for 'it runs' bash -c "tsctr get kept | grep -q Running"
  # What a failure is to be understood by.
  local logs
  logs=/var/lib/tsctr/containers/$(field kept containerID)/logs
  ls -l --full-time "$logs"
  grep -H '' "$logs"/* | sed -n '1,20p'
  journalctl --no-pager --quiet -o cat -u tsctr | grep -F kept | cut -c 1-300
  read_log kept
  equal 'counts that began at 1' 1 "$(grep -c 'count 1$' "$STATE/log")"
  local before
  before=$(tsctr logs kept | tail -n 1 | cut -d' ' -f2)
  ((before >= 5)) || fail "it has counted to $before only"
  wait_for 'it goes on counting' bash -c "[[ \$(tsctr logs kept | tail -n 1 | cut -d' ' -f2) -gt $before ]]"
}
prove 'a reboot: one that is saved at the shutdown goes on with its memory' keeps_memory

takes_memory_back() {
  [[ -f $STATE/returning ]] || left_out 'this tsctr has no checkpoint command'
  wait_for 'it runs' bash -c "tsctr get returning | grep -q Running"
  # What it did after the checkpoint it does again.
  local number=$(($(cat "$STATE/returning") + 2))
  wait_for 'it counts on from there' bash -c "[[ \$(tsctr logs returning | grep -c 'count $number\$') == 2 ]]"
  read_log returning
  equal 'counts that began at 1' 1 "$(grep -c 'count 1$' "$STATE/log")"
}
prove 'a reboot: one that has a checkpoint only goes on from that' takes_memory_back

stays_stopped() {
  tsctr get halted
  contains 'the state of one that was stopped by hand' Exited "$(tsctr get halted)"
}
prove 'a reboot: one that was stopped by hand stays so when its policy is UnlessStopped' stays_stopped

removed() {
  remove_all
  apt-get remove -y tsctr
  [[ ! -e /usr/bin/tsctr ]] || fail 'the program is left'
  [[ $(systemctl is-active tsctr || true) == inactive ]] || fail 'the unit is active'
  apt-get purge -y tsctr
  [[ ! -e /etc/tsctr/config.yaml ]] || fail 'the configuration is left'
}
prove 'the package is removed and purged' removed

npm_install() {
  local cache=/var/tmp/npm-cache
  cp -r "$PAYLOAD/npm-cache" "$cache"
  node "$PAYLOAD/npm/bin/npm-cli.js" install --global --prefix /usr/local --offline --cache "$cache" --no-audit --no-fund \
    --registry "$(cat "$PAYLOAD/npm-registry")" "$PAYLOAD/tsctr.tgz"
  cp /usr/local/lib/node_modules/tsctr/packaging/*.service /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable --now tsctr tsctr-shutdown
  hash -r
  equal 'the program' /usr/local/bin/tsctr "$(type -P tsctr)"
  wait_for 'the unit is active' systemctl --quiet is-active tsctr
  # The images and volumes of the package before it are still there.
  apply packed
  contains get Running "$(tsctr get packed)"
  tsctr delete packed
}
prove 'npm pack gives a package that npm install -g installs, without a compiler; its units run' npm_install
