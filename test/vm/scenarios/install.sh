# Installs the package as a user does, and looks at the unit.

# What the unit says of times holds for a machine that gets its turn; the watchdog has a scenario of its own.
patient_unit() {
  mkdir -p /etc/systemd/system/tsctr.service.d
  printf '[Service]\nTimeoutStartSec=1h\nTimeoutStopSec=10min\nWatchdogSec=15min\n' >/etc/systemd/system/tsctr.service.d/patient.conf
}

install_package() {
  patient_unit
  # The payload is the only source: what the package depends on is on the machine already.
  apt-get install -y -o APT::Sandbox::User=root "$PAYLOAD"/old/tsctr_*.deb
  wait_for 'the unit is active' systemctl --quiet is-active tsctr
  systemctl --quiet is-enabled tsctr || fail 'the unit is not enabled'
}
require 'the Debian package installs, and its unit starts' install_package

import_image() {
  tsctr image import "oci-archive:$PAYLOAD/demo.tar"
  contains 'images' localhost/demo:1 "$(tsctr image list)"
}
require 'an image comes in through the daemon' import_image

unit_state() {
  equal Type notify "$(systemctl show -P Type tsctr)"
  equal 'notifications come from' main "$(systemctl show -P NotifyAccess tsctr)"
  contains 'the unit as it comes' WatchdogSec=60 "$(cat /usr/lib/systemd/system/tsctr.service)"
  contains 'status line' 0 "$(systemctl show -P StatusText tsctr)"
  equal 'mode of the socket' 600 "$(stat -c %a /run/tsctr/tsctr.sock)"
  equal 'restarts so far' 0 "$(systemctl show -P NRestarts tsctr)"
}
prove 'the daemon as a unit says by sdnotify that it is ready, and what it does' unit_state

doctor() {
  local said
  said=$(tsctr doctor) || { echo "$said"; fail 'doctor finds faults'; }
  echo "$said"
  contains doctor v2 "$(grep -i cgroups <<<"$said")"
}
prove 'tsctr doctor finds no fault on this host' doctor

brings_along() {
  local page
  for page in man1/tsctr.1 man1/tsctr-checkpoint.1 man1/tsctr-oci.1 man5/tsctr-manifests.5 man7/tsctr-operations.7; do
    contains "$page" "$(basename "${page%.*}" | tr a-z A-Z)" "$(zcat "/usr/share/man/$page.gz" | head -n 1)"
  done
  bash -n /usr/share/bash-completion/completions/tsctr
  bash -c 'source /usr/share/bash-completion/completions/tsctr && complete -p tsctr'
  systemctl --quiet is-enabled tsctr-shutdown
  # What it asks for is there, as far as its compiled parts tell.
  ! ldd /usr/lib/tsctr/prebuilds/*/* | grep 'not found' || fail 'libraries that it does not depend on'
  dpkg-query --show --showformat '${Depends}\n' tsctr
}
prove 'the package brings manual pages, completions, both units and all that it needs' brings_along
