#!/usr/bin/env bash
# Makes the disk of the second host: Debian 13 from packages, as they come, with systemd, a stock kernel and all that tsctr needs.
# Idempotent: a disk that this version of the script has made is taken as it is. Prints the directory that holds disk.ext4, vmlinuz
# and initrd.img as its last line. Needs root.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C
PATH="$PATH:/usr/sbin:/sbin"

suite=trixie
disk_size=3G
# What a user's machine has before tsctr comes: an init, a kernel, and tsctr's dependencies, for apt has no network in there.
packages=(
  systemd systemd-sysv dbus udev kmod procps iproute2 iputils-ping e2fsprogs
  linux-image-cloud-amd64 initramfs-tools
  apparmor nodejs
  runc crun libcriu2 criu conmon netavark aardvark-dns catatonit nftables iptables skopeo golang-github-containers-common podman
  git zstd ca-certificates busybox-static
)

cache=${TSCTR_VM_CACHE:-${XDG_CACHE_HOME:-/var/cache}/tsctr-vm}
key=$(cat make-disk.sh tsctr-vm.service | sha256sum | cut -c1-16)
made=$cache/$suite-$key

say() { printf 'vm: %s\n' "$*" >&2; }
fail() { printf 'vm: error: %s\n' "$*" >&2; exit 1; }

# The archive that this machine's apt takes Debian from: `<URI> <keyring>`.
debian_archive() {
  apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN) $(LABEL) $(SIGNED_BY)' 'Created-By: Packages' |
    awk '$2 == "main" && $3 == "Debian" && $4 == "Debian" { print $1, $5; exit }'
}

# What the machine's apt is told of proxies holds for the new one as well.
apt_options() {
  apt-config dump | grep -E '^Acquire::(http|https)::Proxy ' || true
}

take_turns() {
  mkdir -p "$cache"
  exec 9<"$cache"
  flock 9
}

make_tree() {
  local archive keyring option options=()
  read -r archive keyring < <(debian_archive) || fail 'no source for Debian main was found in the sources of apt'
  [[ -f ${keyring:-} ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  while IFS= read -r option; do options+=(--aptopt="$option"); done < <(apt_options)
  nice -n 19 mmdebstrap --quiet --mode=root --variant=apt --include="${packages[*]}" "${options[@]}" \
    --keyring="$keyring" --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-include=/usr/share/man/man?/tsctr*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='chroot "$1" passwd --delete root >/dev/null' \
    --customize-hook='echo second-host >"$1/etc/hostname"; echo "127.0.0.1 localhost second-host" >"$1/etc/hosts"' \
    --customize-hook='printf "/dev/vda / ext4 rw 0 1\n" >"$1/etc/fstab"' \
    --customize-hook='mkdir -p "$1/etc/systemd/system.conf.d"; printf "[Manager]\nDefaultTimeoutStartSec=1h\nDefaultTimeoutStopSec=1h\nDefaultDeviceTimeoutSec=1h\n" >"$1/etc/systemd/system.conf.d/emulated.conf"' \
    --customize-hook='mkdir -p "$1/payload" "$1/var/log/journal"; rm -f "$1/etc/machine-id"; touch "$1/etc/machine-id"' \
    --customize-hook='chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service systemd-networkd-wait-online.service man-db.timer' \
    --customize-hook='copy-in tsctr-vm.service /etc/systemd/system' \
    --customize-hook='chroot "$1" systemctl --quiet enable systemd-networkd.service tsctr-vm.service' \
    "$suite" "$scratch/root" "deb $archive $suite main"
}

make_disk() {
  scratch=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf --one-file-system "$scratch"' EXIT
  say "makes a Debian $suite in $made (once; a few minutes)"
  make_tree
  cp -L "$scratch"/root/boot/vmlinuz-* "$scratch/vmlinuz"
  cp -L "$scratch"/root/boot/initrd.img-* "$scratch/initrd.img"
  rm -rf "$scratch"/root/var/cache/apt/*.bin "$scratch"/root/var/lib/apt/lists/*_Packages
  nice -n 19 mke2fs -q -t ext4 -d "$scratch/root" -O '^metadata_csum' -E lazy_itable_init=1,lazy_journal_init=1 "$scratch/disk.ext4" "$disk_size"
  chroot "$scratch/root" dpkg-query -W -f '${Package} ${Version}\n' >"$scratch/packages"
  rm -rf --one-file-system "$scratch/root"
  chmod 755 "$scratch"
  # Disks of earlier versions of this script are of no more use.
  find "$cache" -mindepth 1 -maxdepth 1 -name "$suite-*" -exec rm -rf {} +
  mv "$scratch" "$made"
  trap - EXIT
}

[[ $(id -u) == 0 ]] || fail 'the disk is made as root'
take_turns
if [[ ! -f $made/disk.ext4 ]]; then make_disk; fi
echo "$made"
