#!/usr/bin/env bash
# Makes a Debian package of what is built: npm run deb [-- --output <directory>] [--version <version>] [--no-build].
# Prints the path of the package as its last line. Needs dpkg-deb; no root.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
umask 022

output=$PWD build=yes
version=$(node -p 'require("./package.json").version')
while (($# > 0)); do
  case $1 in
    --output) output=$2; shift 2 ;;
    --version) version=$2; shift 2 ;;
    --no-build) build=no; shift ;;
    *) echo 'usage: npm run deb -- [--output <directory>] [--version <version>] [--no-build]' >&2; exit 2 ;;
  esac
done

fail() { printf 'deb: error: %s\n' "$*" >&2; exit 1; }
command -v dpkg-deb >/dev/null || fail 'dpkg-deb is missing: Debian packages are made on Debian'
# All files have the time of the last commit: the same sources make the same package.
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH
architecture=$(dpkg --print-architecture)

scratch=$(mktemp -d "${TMPDIR:-/tmp}/tsctr-deb.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
mkdir -p "$tree"

# install_file <mode> <to> <from>
install_file() { install -D -m "$1" "$3" "$tree/$2"; }
compressed() { # <to>: standard input
  mkdir -p "$tree/$(dirname "$1")"
  gzip -9n >"$tree/$1"
}

lay_program() {
  local lib=usr/lib/tsctr file
  for file in dist/*.js dist/package.json; do install_file 644 "$lib/$file" "$file"; done
  # Maps of sources are half of the size and serve only who changes the program.
  sed -i '/^\/\/# sourceMappingURL=/d' "$tree/$lib"/dist/*.js
  for file in prebuilds/*/*; do install_file 755 "$lib/$file" "$file"; done
  chmod 644 "$tree/$lib"/prebuilds/*/*.node
  for file in bin/*; do install_file 755 "$lib/$file" "$file"; done
  install_file 644 "$lib/package.json" package.json
  # CRIU's messages are read from here.
  for file in schemas/criu/*.proto; do install_file 644 "$lib/$file" "$file"; done
  mkdir -p "$tree/usr/bin"
  # Without the script between: it only looks for this program.
  ln -s "../lib/tsctr/$(echo prebuilds/*/tsctr-client)" "$tree/usr/bin/tsctr"
  ln -s ../lib/tsctr/bin/tsctr-oci "$tree/usr/bin/tsctr-oci"
}

lay_system_files() {
  local unit
  for unit in tsctr tsctr-shutdown; do install_file 644 "usr/lib/systemd/system/$unit.service" "packaging/$unit.service"; done
  install_file 644 etc/tsctr/config.yaml packaging/debian/config.yaml
  mkdir -p "$tree/etc/tsctr.d"
  local shell
  for shell in bash:usr/share/bash-completion/completions/tsctr zsh:usr/share/zsh/vendor-completions/_tsctr \
    fish:usr/share/fish/vendor_completions.d/tsctr.fish; do
    mkdir -p "$tree/$(dirname "${shell#*:}")"
    bin/tsctr completion "${shell%%:*}" >"$tree/${shell#*:}"
  done
}

lay_documentation() {
  local doc=usr/share/doc/tsctr page
  node packaging/make-man-pages.mjs "$scratch/man"
  for page in "$scratch"/man/*; do compressed "usr/share/man/man${page##*.}/$(basename "$page").gz" <"$page"; done
  install_file 644 "$doc/copyright" packaging/debian/copyright
  compressed "$doc/changelog.gz" <CHANGELOG.md
  compressed "$doc/bundled-licences.gz" < <(node packaging/list-bundled-licences.mjs)
  for page in examples/*.yaml; do install_file 644 "$doc/$page" "$page"; done
}

# The newest symbols that the compiled parts ask the C library for: `2.34`.
needed_libc() {
  objdump -T "$tree"/usr/lib/tsctr/prebuilds/*/* | grep -o 'GLIBC_2\.[0-9]*' | sort -Vu | tail -n 1 | cut -d_ -f2
}

# The sources of what is linked into the compiled parts: whoever mends one of them finds what is to be built anew.
built_in() {
  dpkg-query -W -f '${source:Package} (= ${source:Version})' libzstd-dev
}

write_control() {
  local debian=$tree/DEBIAN libc
  mkdir -p "$debian"
  libc=$(needed_libc)
  [[ -n $libc ]] || fail 'the compiled parts name no version of the C library'
  cat >"$debian/control" <<CONTROL
Package: tsctr
Version: $version
Architecture: $architecture
Maintainer: the authors of tsctr <tsctr@localhost>
Section: admin
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Static-Built-Using: $(built_in)
Depends: libc6 (>= $libc), libstdc++6 (>= 12), libgcc-s1, init-system-helpers (>= 1.52), nodejs (>= 20.19), crun | runc, conmon, skopeo
Recommends: criu (>= 4), netavark, aardvark-dns, nftables, iptables, catatonit, git, golang-github-containers-common
Suggests: apparmor
Description: keep the containers and pods of a host as YAML manifests say
 tsctr keeps the containers and pods of one host, and their memory, as its YAML
 manifests say: those of a directory that its daemon follows, and those that
 are applied by hand. A plan can be shown before it is carried out, and what
 drifts is repaired.
 .
 Containers run under conmon and crun or runc. They outlive the daemon, its
 upgrade, and with CRIU a reboot.
CONTROL
  echo /etc/tsctr/config.yaml >"$debian/conffiles"
  local script
  for script in postinst prerm postrm; do install -m 755 "packaging/debian/$script" "$debian/$script"; done
  (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$debian/md5sums"
}

if [[ $build == yes ]]; then npm run --silent build; fi
node scripts/prebuild.mjs >/dev/null
lay_program
lay_system_files
lay_documentation
write_control
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
package=$output/tsctr_${version}_${architecture}.deb
mkdir -p "$output"
dpkg-deb --root-owner-group -Zxz --build "$tree" "$scratch/package.deb" >/dev/null
mv "$scratch/package.deb" "$package"
bash packaging/check-deb.sh "$package"
echo "$package"
