#!/usr/bin/env bash
# Brings a Debian machine to where tsctr can be built and run: Debian packages, a CRIU that runs on this kernel, npm packages,
# the build. Idempotent: what is there stays as it is, and when all is there nothing is done. Needs root only for what it installs.
# The system's C library is never upgraded, no service is started, nothing comes from anywhere but the machine's own apt and npm
# sources.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: npm run setup -- [--dry-run] [--tests] [--with-podman] [--no-build]
  --dry-run      say what would be done, and do nothing
  --tests        also what the tests need: a registry, clang-format, zstd, podman
  --with-podman  also podman, which tests and benchmarks take as the model to compare with; tsctr itself never calls it
  --no-build     leave out npm packages and the build
environment: TSCTR_CRIU_PREFIX  where a CRIU of our own goes, if one is needed (/opt/tsctr/criu)
             TSCTR_CRIU_SUITE   the Debian suite that it is taken from (trixie; forky for kernels from 6.16 on)
USAGE
}

cd "$(dirname "$0")/.."
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

prefix=${TSCTR_CRIU_PREFIX:-/opt/tsctr/criu} # engine/host.ts looks there
# Before version 4 CRIU does not know the vDSO of kernels after 6.12. From 6.16 on a kernel answers SO_PASSCRED for unix sockets
# only, and before 4.2 CRIU asks every socket for it and gives up: no process with an internet socket could be saved.
criu_wanted=4.0 criu_suite=trixie
if [[ $(printf '%s\n' 6.16 "$(uname -r)" | sort -V | head -n 1) == 6.16 ]]; then criu_wanted=4.2 criu_suite=forky; fi
criu_suite=${TSCTR_CRIU_SUITE:-$criu_suite}
dry_run=no tests=no podman=no build=yes
for argument; do
  case $argument in
    --dry-run) dry_run=yes ;;
    --tests) tests=yes podman=yes ;;
    --with-podman) podman=yes ;;
    --no-build) build=no ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

started_s=$SECONDS
steps=0
scratch=
policy_file=

say() { printf 'set-up: %s\n' "$*"; }
fail() { printf 'set-up: error: %s\n' "$*" >&2; exit 1; }

clean_up() {
  [[ -z $policy_file ]] || rm -f "$policy_file"
  [[ -z $scratch ]] || rm -rf "$scratch"
}
trap clean_up EXIT

# Runs a command with its output in the log, which is shown when the command fails: noise only when it helps.
logged() {
  local log=$scratch/log
  if ! "$@" >"$log" 2>&1 </dev/null; then
    if [[ $(wc -l <"$log") -le 80 ]]; then cat "$log" >&2; else { head -n 40 "$log"; echo ...; tail -n 40 "$log"; } >&2; fi
    fail "$1 failed: $*"
  fi
}

# Counts a step and says it. False in a dry run, so that `if step …; then` guards every effect.
step() {
  steps=$((steps + 1))
  if [[ $dry_run == yes ]]; then
    say "would: $*"
    return 1
  fi
  say "$*"
  prepare_scratch
}

prepare_scratch() {
  if [[ -z $scratch ]]; then scratch=$(mktemp -d "${TMPDIR:-/tmp}/tsctr-setup.XXXXXX") || fail "no temporary directory can be made"; fi
}

need_root() { [[ $(id -u) == 0 ]] || fail "$1 needs root: run \`sudo npm run setup\`"; }

# --- Debian packages ---------------------------------------------------------------------------------------------------------

# README.md says what each is for.
wanted_packages() {
  echo runc conmon skopeo netavark aardvark-dns catatonit nftables iptables iproute2 git busybox-static ca-certificates
  if [[ $tests == yes ]]; then echo docker-registry clang-format zstd; fi
  if [[ $podman == yes ]]; then echo podman; fi
  if [[ $build == yes ]]; then
    command -v g++ >/dev/null || echo g++ libc6-dev
    command -v make >/dev/null || echo make
    echo libzstd-dev
    command -v python3 >/dev/null || echo python3 # node-gyp is written in it
  fi
}

missing_packages() {
  local installed package
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' 2>/dev/null | tr ' ' '\n' | sed -n 's/^installed://p' | tr '\n' ' ')"
  for package in $(wanted_packages); do
    [[ $installed == *" $package "* ]] || echo "$package"
  done
}

apt_updated=no
update_package_lists() {
  if [[ $apt_updated == yes ]]; then return; fi
  logged apt-get -q -o DPkg::Lock::Timeout=300 update
  apt_updated=yes
}

# A package that would bring another C library with it is refused: every program on the machine depends on that one.
refuse_new_libc() {
  local plan
  plan=$(apt-get -s -o Debug::NoLocking=1 --no-install-recommends install "$@" 2>&1) || { echo "$plan" >&2; fail "apt-get cannot install $*"; }
  plan=$(grep -E '^Inst libc6 \[' <<<"$plan" || true)
  [[ -z $plan ]] || fail "installing $* would upgrade the C library, which is left to you ($plan): run \`apt-get install libc6\`, then this again"
}

# Debian's packages start their services unless this file says no (invoke-rc.d(8)); it is ours for as long as apt runs.
forbid_service_starts() {
  if [[ -e /usr/sbin/policy-rc.d ]]; then return; fi
  policy_file=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' >"$policy_file"
  chmod 755 "$policy_file"
}

# Nor at the next boot: the tests start their registry by themselves, and podman's units are not used.
disable_new_services() {
  local package unit
  for package; do
    case $package in docker-registry | podman) ;; *) continue ;; esac
    for unit in $(dpkg -L "$package" | sed -n 's|^\(/usr\)\?/lib/systemd/system/\([^/]*\)$|\2|p'); do
      DPKG_MAINTSCRIPT_PACKAGE=$package deb-systemd-helper disable "$unit" >/dev/null 2>&1 || true
    done
  done
}

install_packages() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  missing=${missing% }
  if [[ -z $missing ]]; then return; fi
  if step "Debian packages: $missing"; then
    need_root 'installing packages'
    update_package_lists
    # shellcheck disable=SC2086 # a list of words
    refuse_new_libc $missing
    forbid_service_starts
    # shellcheck disable=SC2086
    logged apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 --no-install-recommends install $missing
    # shellcheck disable=SC2086
    disable_new_services $missing
  fi
}

# --- CRIU ------------------------------------------------------------------------------------------------------------------

# True for `4.10` and `4.2`, false for `4.1.1` where 4.2 is wanted.
is_criu_version_wanted() { [[ -n $1 && $(printf '%s\n' "$criu_wanted" "$1" | sort -V | head -n 1) == "$criu_wanted" ]]; }

# True when the CRIU at that path runs and is new enough for this kernel.
is_criu_new_enough() { is_criu_version_wanted "$("$1" --version 2>/dev/null | sed -n 's/^Version: //p')"; }

has_criu() { is_criu_new_enough "$prefix/bin/criu" || { command -v criu >/dev/null && is_criu_new_enough criu; }; }

distribution_criu() { apt-cache policy criu | sed -n 's/^  Candidate: \([0-9.]*\).*/\1/p'; }

install_criu() {
  if has_criu; then return; fi
  if [[ $dry_run == no && -z $(apt-cache policy criu) ]]; then
    need_root 'installing packages'
    prepare_scratch
    update_package_lists
  fi
  if is_criu_version_wanted "$(distribution_criu)"; then
    if step 'Debian package: criu'; then
      need_root 'installing packages'
      update_package_lists
      refuse_new_libc criu
      logged apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 --no-install-recommends install criu
    fi
  elif step "criu and its libraries from Debian $criu_suite into $prefix, apart from the system's own"; then
    need_root "writing to $prefix"
    mkdir -p "$(dirname "$prefix")"
    exec 8<"$(dirname "$prefix")" # another checkout may be doing the same
    flock 8
    if ! has_criu; then
      update_package_lists
      unpack_criu
    fi
    exec 8<&-
  fi
}

# The archive of Debian that this machine uses, as apt itself reads its sources: `<URI> <keyring>`.
debian_archive() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)' 'Created-By: Packages' |
    awk -v codename="$codename" '$3 == "main" && ($2 == codename || $2 == "stable" || $2 == "oldstable") { print $1, $4; exit }'
}

# apt-get with a package list and a status of its own: it sees the other suite and an empty machine, so that it resolves the
# whole closure of libraries, C library included, while the system's lists, pins and packages stay out of it.
apt_apart() {
  apt-get -q -o Dir::Etc::sourcelist="$scratch/apt/other.sources" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$scratch/apt/lists" -o Dir::State::status="$scratch/apt/status" \
    -o Dir::Cache="$scratch/apt/cache" -o APT::Sandbox::User=root "$@"
}

download_criu() {
  local archive keyring
  read -r archive keyring < <(debian_archive) || fail 'no source for Debian main was found in the sources of apt'
  [[ -f ${keyring:-} ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$scratch"/apt/{lists,cache/archives}/partial "$scratch"/{root,tool}
  : >"$scratch/apt/status"
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$archive" "$criu_suite"
    if [[ -f $keyring ]]; then printf 'Signed-By: %s\n' "$keyring"; fi
  } >"$scratch/apt/other.sources"
  logged apt_apart update
  logged apt_apart -y --no-install-recommends --download-only install criu
  local deb
  for deb in "$scratch"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$scratch/root"; done
  # This one is a tool for a moment: used from where it is unpacked.
  (cd "$scratch/tool" && logged apt-get -q -o APT::Sandbox::User=root download patchelf && dpkg-deb -x patchelf_*.deb .)
}

# Lays criu, the libraries that it loads and their loader into one directory, and writes both paths into the executable: it
# then is an ordinary program that can be started by any name, with any descriptors, and gives its children a clean environment.
unpack_criu() {
  download_criu
  local staged=$scratch/staged patchelf=$scratch/tool/usr/bin/patchelf criu loader libraries library
  criu=$staged/bin/criu
  mkdir -p "$staged"/{bin,lib}
  cp "$scratch/root/usr/sbin/criu" "$criu"
  loader=$(basename "$("$patchelf" --print-interpreter "$criu")")
  libraries=$(dirname "$(find "$scratch/root/usr/lib" -name "$loader" -print -quit)")
  "$libraries/$loader" --library-path "$libraries" --list "$criu" >"$scratch/needed"
  ! grep 'not found' "$scratch/needed" >&2 || fail "criu of Debian $criu_suite needs libraries that its packages do not bring"
  for library in "$loader" $(awk '$2 == "=>" && $1 !~ "/" { print $1 }' "$scratch/needed"); do
    cp -L "$libraries/$library" "$staged/lib/"
  done
  # The old kind of run path is the one that holds for the libraries of libraries too.
  logged "$patchelf" --force-rpath --set-rpath "$prefix/lib" --set-interpreter "$prefix/lib/$loader" "$criu"
  rm -rf "$prefix.old" "$prefix.new"
  cp -a "$staged" "$prefix.new"
  if [[ -e $prefix ]]; then mv "$prefix" "$prefix.old"; fi
  mv "$prefix.new" "$prefix"
  rm -rf "$prefix.old"
  is_criu_new_enough "$prefix/bin/criu" || fail "$prefix/bin/criu does not run: $("$prefix/bin/criu" --version 2>&1)"
  check_criu
}

# Not fatal: everything but checkpoints works without it, and `tsctr doctor` says the same.
check_criu() {
  if ! "$prefix/bin/criu" check >"$scratch/log" 2>&1; then
    say "warning: CRIU's own check of this host fails, so checkpoints may: $(tail -n 1 "$scratch/log")"
  fi
}

# --- npm packages and the build --------------------------------------------------------------------------------------------

install_npm_packages() {
  if [[ node_modules/.package-lock.json -nt package-lock.json || node_modules/.package-lock.json -ef package-lock.json ]]; then return; fi
  local count
  count=$(grep -c '^    "node_modules/' package-lock.json)
  # Scripts of packages do not run: the one build that is needed is our own.
  if step "npm packages: $count"; then logged npm ci --ignore-scripts --no-progress; fi
}

is_built() {
  [[ -x bin/tsctr && -f dist/main.js && -f build/Release/tsctr_native.node && -x build/Release/tsctr-exited && -x build/Release/tsctr-client ]] || return 1
  [[ -z $(find schemas native engine reconciler machines cli bin package.json package-lock.json binding.gyp scripts/build.mjs \
    -type f -newer dist/main.js -print -quit) ]]
}

run_build() {
  if is_built; then return; fi
  if step 'build: addon and bundle'; then logged npm run --silent build; fi
}

# ---------------------------------------------------------------------------------------------------------------------------

check_node() {
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node 20.19 or newer is needed, found $(node --version 2>/dev/null || echo none)"
}

# Two at once (a demo beside the tests) would run two builds into the same directory. apt has a lock of its own.
take_turns() {
  exec 9<package.json
  flock 9
}

command -v apt-get >/dev/null || fail 'this is no Debian: install the packages named in README.md by hand, then `npm ci && npm run build`'
check_node
if [[ $dry_run == no ]]; then take_turns; fi
install_packages
install_criu
if [[ $build == yes ]]; then
  install_npm_packages
  run_build
fi
if [[ $steps == 0 ]]; then
  say 'nothing to do'
elif [[ $dry_run == no ]]; then
  say "ready after $((SECONDS - started_s)) s"
fi
