# Leaves containers of several kinds behind, and reboots the machine.

leave_running() {
  remove_all
  cp "$PAYLOAD/hello.yaml" /etc/tsctr.d/hello.yaml
  wait_for 'the one of the directory runs' bash -c 'tsctr get hello | grep -q Running'
  apply applied
  apply halted 'restartPolicy: UnlessStopped'
  tsctr stop halted
  tsctr apply -f "$PAYLOAD/pod.yaml" --timeout "${PATIENCE_S}s"
  if tsctr checkpoint --help >/dev/null 2>&1; then
    apply kept 'checkpoint: { onShutdown: true }'
    wait_for 'it has counted' bash -c 'tsctr logs kept | grep -q "count 5"'
    touch "$STATE/kept"
    # Not saved at the shutdown: it goes back to the last checkpoint, as after a power cut.
    apply returning 'restore: { onBoot: true }'
    wait_for 'it has counted' bash -c 'tsctr logs returning | grep -q "count 2"'
    tsctr checkpoint returning --leave-running
    tsctr logs returning | tail -n 1 | cut -d' ' -f2 >"$STATE/returning"
    wait_for 'it goes on counting' bash -c "tsctr logs returning | grep -q 'count $(($(cat "$STATE/returning") + 3))'"
  fi
  cat /proc/sys/kernel/random/boot_id >"$STATE/boot-id"
  for name in hello applied; do pid_of "$name" >"$STATE/$name.pid"; done
}

prove 'a reboot: containers run before it' leave_running
if [[ -f $STATE/boot-id ]]; then
  touch "$STATE/rebooted"
  info "reboots after $(cut -d' ' -f1 /proc/uptime) s"
  trap - EXIT
  sync
  systemctl reboot
fi
