#!/usr/bin/env bash
# What Debian's policy asks of a package and could be forgotten here, without lintian: check-deb.sh <package.deb>.
set -euo pipefail
export LC_ALL=C
package=$(realpath "$1")
sources=$(realpath "$(dirname "$0")/..")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tsctr-check.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
problems=0
problem() {
  printf 'deb: %s\n' "$*" >&2
  problems=$((problems + 1))
}

dpkg-deb -R "$package" "$scratch/tree"
cd "$scratch/tree"
listing=$(dpkg-deb -c "$package")

while read -r path; do problem "not owned by root: $path"; done < <(awk '$2 != "root/root" { print $6 }' <<<"$listing")
while read -r path; do problem "group or others can write: $path"; done < <(find . ! -type l -perm /022)
while read -r path; do problem "executable, but neither a program nor a library: $path"; done < <(
  find . -type f -perm /111 ! -path './DEBIAN/*' ! -path './usr/lib/tsctr/bin/*' ! -path './usr/lib/tsctr/prebuilds/*')
while read -r path; do problem "link to nowhere: $path"; done < <(find . -xtype l)
while read -r path; do [[ -f ./$path ]] || problem "conffile that is not there: $path"; done <DEBIAN/conffiles
while read -r path; do grep -qx "/${path#./}" DEBIAN/conffiles || problem "in /etc, and no conffile: $path"; done < <(find ./etc -type f)
for field in Package Version Architecture Maintainer Section Priority Depends Description; do
  grep -q "^$field: ." DEBIAN/control || problem "control: no $field"
done
while read -r line; do problem "control: longer than 80 characters: $line"; done < <(sed -n '/^Description:/,$p' DEBIAN/control | grep -E '.{81}' || true)
for script in DEBIAN/{postinst,prerm,postrm}; do
  sh -n "$script" || problem "$script is no shell script"
  grep -q '^set -e$' "$script" || problem "$script goes on after errors"
done
md5sum --quiet -c DEBIAN/md5sums || problem 'md5sums do not fit'
for page in usr/share/man/man?/*.gz; do
  [[ $(zcat "$page" | head -c 3) == .TH ]] || problem "no manual page: $page"
  if command -v mandoc >/dev/null; then zcat "$page" | mandoc -T lint -W error >&2 || problem "manual page with errors: $page"; fi
done
for directory in etc/tsctr.d usr/lib/systemd/system usr/share/doc/tsctr; do [[ -d $directory ]] || problem "missing: $directory"; done
while read -r path; do problem "names the directory that it was built in: $path"; done < <(grep -rlF "$sources/" usr etc || true)
((problems == 0))
