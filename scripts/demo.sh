#!/usr/bin/env bash
# The whole way on a machine of your own, in a root directory of its own: set-up, an image out of Debian's busybox, the examples
# running, an HTTP answer, a checkpoint and a restore where this tsctr has them, and everything gone again.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ $(id -u) == 0 ]] || { echo 'demo: containers need root: run `sudo npm run demo`' >&2; exit 1; }
bash scripts/setup.sh

directory=$(mktemp -d /tmp/tsctr-demo.XXXXXX)
manifests=$directory/examples
port=18080
cleaned=no

step() { printf '\n== %s\n' "$*"; }
tsctr() { bin/tsctr --root "$directory/root" --run "$directory/run" --config "$directory/config.yaml" "$@"; }
show() { # prints the command, then runs it
  printf '$ tsctr %s\n' "${*//$directory\//}"
  tsctr "$@"
}

# On a failure too: nothing of the demo stays on the machine.
clean_up() {
  local exit_code=$?
  if [[ $cleaned == no ]]; then
    echo "demo: failed with exit code $exit_code, cleaning up" >&2
    tsctr delete -f "$manifests" --force >/dev/null 2>&1 || true
    node --import tsx --input-type=module -e \
      'const { sweep } = await import(process.cwd() + "/test/support/sweep.ts"); await sweep(process.argv[1])' "$directory" || true
  fi
  rm -rf --one-file-system "$directory"
  exit "$exit_code"
}
trap clean_up EXIT

is_port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
http_get() { # without curl, which a small machine may not have
  node -e 'fetch(process.argv[1]).then(async (r) => { console.log(r.status, (await r.text()).trim()); process.exitCode = r.ok ? 0 : 1 })' "$1"
}
has_command() { tsctr "$1" --help >/dev/null 2>&1; }
what_is_left() {
  {
    awk -v d="$directory/" 'index($5, d) == 1 { print "mount " $5 }' /proc/self/mountinfo
    # The pattern comes in by a file, so that grep does not find itself.
    grep -laF -f <(echo "$directory/") /proc/[0-9]*/cmdline 2>/dev/null | sed 's/^/process /' || true
    find "$directory/root/containers" "$directory/root/pods" "$directory/run/containers" "$directory/run/pods" -mindepth 1 2>/dev/null || true
  } | sort
}

step 'an image out of busybox'
mkdir -p "$directory"/{root,run}
node scripts/make-demo-image.mjs "$directory/demo.tar"
show image import "oci-archive:$directory/demo.tar"
show image list

step 'the examples'
cp -r examples "$manifests"
while ! is_port_free $port; do port=$((port + 1)); done
sed -i "s/18080/$port/g" "$manifests"/*.yaml
show apply -f "$manifests" --wait
show get -o wide

step 'a second apply has nothing to do'
show apply -f "$manifests" --wait

step 'an answer from the web server'
echo "GET http://127.0.0.1:$port/"
http_get "http://127.0.0.1:$port/"

step 'what it has to say'
show logs container/hello --tail 3

if has_command checkpoint && has_command restore; then
  step 'a checkpoint, and the process goes on where it was'
  show checkpoint container/hello
  show restore container/hello
  show logs container/hello --tail 3
fi

step 'everything gone'
show delete -f "$manifests"
left=$(what_is_left)
if [[ -n $left ]]; then
  printf 'demo: left behind:\n%s\n' "$left" >&2
  exit 1
fi
echo 'no process, mount or file of them is left'
cleaned=yes
