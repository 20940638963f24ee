#!/usr/bin/env bash
# npm run test:vm [-- [--smoke] [--keep] [FILTER]]: the second host. Makes the packages, boots Debian 13 in emulation, installs them
# there and runs test/vm; says what ran there, what was left out and why. FILTER is a regular expression on the titles. The last line
# is that of npm test: `N passed, N failed, N skipped`.
#   --smoke  the least that shows that it runs there, in some minutes, for CI: what the emulation is to blame for counts as skipped
#   --keep   leaves the console, the results and the payload in a directory, and says where
set -uo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
PATH="$PATH:/usr/sbin:/sbin"

keep=no filter= smoke=no
for argument; do
  case $argument in
    --keep) keep=yes ;;
    --smoke) smoke=yes ;;
    --help | -h) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) filter=$argument ;;
  esac
done
if [[ $smoke == yes && -z $filter ]]; then
  filter='^(the Debian package installs|an image comes in|the daemon as a unit|crun: (apply, get|cgroup v2 limits))'
fi
# Emulation takes what it takes: this ends only what hangs.
limit_s=${TSCTR_VM_LIMIT_S:-$([[ $smoke == yes ]] && echo 900 || echo 10800)}
passed=0 failed=0 skipped=0 starved=0
started_s=$SECONDS
qemu=

say() { printf 'vm: %s\n' "$*"; }
close() {
  # Every program in there has limits of its own, which a machine that hardly gets a turn does not keep.
  if [[ $smoke == yes ]] && ((failed > 0 && starved > 60)); then
    say "the emulator got its turn in $((100 - starved)) % of the time that it asked for: what failed proves nothing, and counts as skipped"
    skipped=$((skipped + failed)) failed=0
  fi
  echo "everything in $((SECONDS - started_s)) s"
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0 && passed + skipped > 0))
  exit
}
# Not the fault of what is tested: no more than a reason to leave it out, where it is asked for as a part of something else.
give_up() {
  if [[ $smoke == yes ]]; then
    say "skipped: $*"
    skipped=$((skipped + 1))
  else
    say "error: $*"
    failed=$((failed + 1))
  fi
  close
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/tsctr-vm.XXXXXX")
clean_up() {
  [[ -z $qemu ]] || kill "$qemu" 2>/dev/null
  if [[ $keep == yes ]]; then say "kept: $scratch"; else rm -rf "$scratch"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

install_tools() {
  local missing=()
  command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  command -v mke2fs >/dev/null || missing+=(e2fsprogs)
  ((${#missing[@]} > 0)) || return 0
  say "Debian packages: ${missing[*]}"
  { apt-get -q -o DPkg::Lock::Timeout=300 update &&
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${missing[@]}"; } >"$scratch/apt.log" 2>&1 || {
    tail -n 20 "$scratch/apt.log"
    return 1
  }
}

# npm, our package for it, and all that it depends on: there is no network in there.
pack_for_npm() {
  local payload=$1 npm
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  npm pack --silent --pack-destination "$scratch" >/dev/null && mv "$scratch"/tsctr-*.tgz "$payload/tsctr.tgz" &&
    npm install --silent --global --prefix "$scratch/npm" --cache "$payload/npm-cache" "$payload/tsctr.tgz" &&
    npm config get registry >"$payload/npm-registry" && cp -r "$npm" "$payload/npm"
}

# Two versions of the package, one to be upgraded to, an image, manifests, and what is to be proven.
make_payload() {
  local payload=$scratch/payload version
  version=$(node -p 'require("./package.json").version')
  # In a fresh clone.
  [[ -d node_modules ]] || bash scripts/setup.sh || return 1
  npm run --silent build || return 1
  mkdir -p "$payload"
  cp -r test/vm/. "$payload/" && cp examples/hello.yaml examples/pod.yaml "$payload/" || return 1
  printf '%s' "$filter" >"$payload/filter"
  bash scripts/build-deb.sh --no-build --output "$payload/old" --version "$version~0" >/dev/null &&
    bash scripts/build-deb.sh --no-build --output "$payload/new" --version "$version" >/dev/null &&
    node scripts/make-demo-image.mjs "$payload/demo.tar" >/dev/null &&
    { [[ $smoke == yes ]] || pack_for_npm "$payload"; } &&
    mke2fs -q -t ext4 -L payload -d "$payload" "$scratch/payload.img" 256M >/dev/null
}

# Of the time in which the emulator had something to do, the part in which the machine did not let it, in percent.
starved_percent() {
  awk '{ ran += $1; waited += $2 } END { printf "%d", (ran + waited > 0) ? 100 * waited / (ran + waited) : 0 }' \
    /proc/"$qemu"/task/*/schedstat 2>/dev/null || echo 0
}

# Shows a line of the results when it comes, and counts it.
tell() {
  case $1 in
    'ok '*) passed=$((passed + 1)) ;;
    'FAIL '*) failed=$((failed + 1)) ;;
    'skip '*) skipped=$((skipped + 1)) ;;
  esac
  printf '%s\n' "$1"
}

[[ $(id -u) == 0 ]] || give_up 'the disk is made by root: run `sudo npm run test:vm`'
install_tools || give_up 'QEMU and mmdebstrap cannot be installed here'
made=$(bash scripts/vm/make-disk.sh | tail -n 1) && [[ -f $made/disk.ext4 ]] || give_up 'no disk was made'
say "disk: $made"
# This is the project's own.
make_payload || { say 'error: no payload was made'; failed=1; close; }

: >"$scratch/results"
say "boots after $((SECONDS - started_s)) s (limit $limit_s s)"
bash scripts/vm/boot.sh "$made" "$scratch/payload.img" "$scratch/console" "$scratch/results" >"$scratch/qemu.log" 2>&1 &
qemu=$!
ended=no
while IFS= read -r line; do
  line=${line%$'\r'}
  if [[ $line == END ]]; then ended=yes; break; fi
  tell "$line"
  starved=$(starved_percent)
done < <(timeout "$limit_s" tail -n +1 --follow --pid="$qemu" --sleep-interval=0.5 "$scratch/results")

if [[ $ended == no ]]; then
  if kill -0 "$qemu" 2>/dev/null; then
    starved=$(starved_percent)
    why="not done within $limit_s s (the emulator got its turn in $((100 - starved)) % of the time that it asked for)"
  else
    why='the machine has ended before all was done'
  fi
  say 'the end of its console:'
  tail -c 3000 "$scratch/console" | sed 's/^/       /'
  cat "$scratch/qemu.log"
  kill "$qemu" 2>/dev/null
  wait "$qemu"
  qemu=
  give_up "$why"
fi
wait "$qemu"
qemu=
close
