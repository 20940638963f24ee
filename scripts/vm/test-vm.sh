#!/usr/bin/env bash
# npm run test:vm [-- [--keep] [FILTER]]: the second host. Makes the packages, boots Debian 13 in emulation, installs them there and
# runs test/vm; says what ran there, what was left out and why. FILTER is a regular expression on the titles. The last line is
# that of npm test: `N passed, N failed, N skipped`.
#   --keep  leaves the console, the results and the payload in a directory, and says where
set -uo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
PATH="$PATH:/usr/sbin:/sbin"

keep=no filter=
for argument; do
  case $argument in
    --keep) keep=yes ;;
    --help | -h) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) filter=$argument ;;
  esac
done
# Emulation takes what it takes: this ends only what hangs.
limit_s=${TSCTR_VM_LIMIT_S:-3600}
passed=0 failed=0 skipped=0
started_s=$SECONDS
qemu=

say() { printf 'vm: %s\n' "$*"; }
close() {
  echo "everything in $((SECONDS - started_s)) s"
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0 && passed > 0))
  exit
}
give_up() {
  say "error: $*"
  failed=$((failed + 1))
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

# Two versions of the package, one to be upgraded to, an image, manifests, and what is to be proven.
make_payload() {
  local payload=$scratch/payload version
  version=$(node -p 'require("./package.json").version')
  npm run --silent build || return 1
  mkdir -p "$payload"
  cp -r test/vm/. "$payload/" && cp examples/hello.yaml examples/pod.yaml "$payload/" || return 1
  printf '%s' "$filter" >"$payload/filter"
  bash scripts/build-deb.sh --no-build --output "$payload/old" --version "$version~0" >/dev/null &&
    bash scripts/build-deb.sh --no-build --output "$payload/new" --version "$version" >/dev/null &&
    node scripts/make-demo-image.mjs "$payload/demo.tar" >/dev/null &&
    mke2fs -q -t ext4 -L payload -d "$payload" "$scratch/payload.img" 64M >/dev/null
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
make_payload || give_up 'no payload was made'

: >"$scratch/results"
say "boots (limit $limit_s s)"
bash scripts/vm/boot.sh "$made" "$scratch/payload.img" "$scratch/console" "$scratch/results" >"$scratch/qemu.log" 2>&1 &
qemu=$!
ended=no
while IFS= read -r line; do
  line=${line%$'\r'}
  if [[ $line == END ]]; then ended=yes; break; fi
  tell "$line"
done < <(timeout "$limit_s" tail -n +1 --follow --pid="$qemu" --sleep-interval=0.5 "$scratch/results")

if [[ $ended == no ]]; then
  failed=$((failed + 1))
  say 'error: the machine has ended, or hung, before all was done; its console:'
  tail -c 3000 "$scratch/console" | sed 's/^/       /'
  cat "$scratch/qemu.log"
  kill "$qemu" 2>/dev/null
fi
wait "$qemu"
qemu=
close
