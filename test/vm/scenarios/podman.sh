# Between tsctr and podman, which takes crun here, with a CRIU of its own.

podman="$(podman --version | cut -d' ' -f1,3), $runtime"

# Each line has what only this process knows, for logs go from one to the other as well.
REMEMBERS='memory=$(cat /proc/sys/kernel/random/uuid); n=0; while :; do n=$((n + 1)); echo "count $n $memory"; sleep 1; done'

last_line() { "$@" | tail -n 1; }
counts_beyond() { # <number> <what shows the log…>
  local number=$1
  shift
  (($(last_line "$@" | cut -d' ' -f2) > number))
}

# goes_on <its last line before> <what shows the log…>
goes_on() {
  local number memory
  read -r _ number memory <<<"$1"
  shift
  wait_for 'it goes on counting' counts_beyond "$number" "$@"
  equal 'what it remembers' "$memory" "$(last_line "$@" | cut -d' ' -f3)"
}

has_image() { podman image exists localhost/demo:1 || podman load --quiet --input "$PAYLOAD/demo.tar"; }

# run_counting <name> <podman, as it is called…>
run_counting() {
  local name=$1
  shift
  "$@" run --detach --name "$name" --network none --log-driver k8s-file localhost/demo:1 sh -c "$REMEMBERS"
  wait_for 'it has counted' counts_beyond 2 "$@" logs "$name"
}

restores_ours() {
  local archive=/var/tmp/traveller.tar.zst before
  apply traveller "command: [sh, -c, '$REMEMBERS']"
  wait_for 'it has counted' counts_beyond 2 tsctr logs traveller
  tsctr checkpoint traveller --export "$archive"
  before=$(last_line tsctr logs traveller)
  tsctr delete traveller
  has_image
  podman container restore --import "$archive" --name traveller --keep || {
    find /var/lib/containers /run/containers -name restore.log -exec tail -n 20 {} +
    fail 'podman does not restore it'
  }
  goes_on "$before" podman logs traveller
  podman rm --force --time 1 traveller
  rm "$archive"
}
prove "$podman: an archive of a checkpoint of ours goes on under it" restores_ours

is_restored() {
  local place=/var/lib/second-host/trusted archive before pid
  archive=$place/theirs.tar.gz
  mkdir -p -m 700 "$place"
  has_image
  run_counting theirs podman
  contains 'the profile under podman' containers-default "$(cat "/proc/$(podman inspect --format '{{.State.Pid}}' theirs)/attr/current")"
  podman container checkpoint theirs --compress gzip --export "$archive"
  before=$(last_line podman logs theirs)
  podman rm theirs
  tsctr checkpoint inspect "$archive" --manifest "$STATE/theirs.yaml"
  contains 'the word for one that nobody trusts' '(foreign)' "$(tsctr restore "$archive" -f "$STATE/theirs.yaml" 2>&1 || true)"
  printf 'runtime: %s\ncheckpoints: { trust: { directories: [%s] } }\n' "$runtime" "$place" >/etc/tsctr/config.yaml
  systemctl restart tsctr
  tsctr restore "$archive" -f "$STATE/theirs.yaml"
  goes_on "$before" tsctr logs theirs
  pid=$(pid_of theirs)
  equal 'the profile is that of the manifest' 'tsctr-default (enforce)' "$(cat "/proc/$pid/attr/current")"
  contains 'its cgroup' "/tsctr.slice/tsctr-$(field theirs containerID).scope" "$(cat "/proc/$pid/cgroup")"
  equal 'exec' alive "$(tsctr exec theirs -- echo alive)"
  tsctr delete theirs
  rm -r "$place"
}
if [[ $runtime == crun ]]; then prove "$podman: an archive of its goes on here, under a manifest" is_restored; fi

# By that name it is crun; else it would be runc, which is installed as well.
with_ours() { podman --runtime /usr/local/bin/tsctr-oci-crun "$@"; }

takes_our_runtime() {
  local archive=/var/tmp/web.tar.gz before pid
  ln -sf /usr/bin/tsctr-oci /usr/local/bin/tsctr-oci-crun
  has_image
  run_counting web with_ours
  with_ours container checkpoint web
  before=$(last_line with_ours logs web)
  with_ours container restore web
  goes_on "$before" with_ours logs web
  equal 'exec after the restore' alive "$(with_ours exec web echo alive)"
  pid=$(with_ours inspect --format '{{.State.Pid}}' web)
  contains 'the profile after the restore' containers-default "$(cat "/proc/$pid/attr/current")"
  contains 'its scope after the restore' "libpod-$(with_ours inspect --format '{{.Id}}' web).scope" "$(cat "/proc/$pid/cgroup")"
  with_ours container checkpoint web --export "$archive"
  before=$(last_line with_ours logs web)
  with_ours rm web
  with_ours container restore --import "$archive" --name other
  goes_on "$before" with_ours logs other
  with_ours rm --force --time 1 other
  rm "$archive" /usr/local/bin/tsctr-oci-crun
}
if [[ $runtime == crun ]]; then
  prove "$podman: runs, checkpoints, exports, imports and restores with tsctr-oci" takes_our_runtime
fi
