#!/usr/bin/env bash
# Boots the second host with a payload disk, in emulation, until it powers off: boot.sh <made> <payload.img> <console> <results>.
# What it writes to its disk is forgotten at the end, but not by a reboot in between.
set -euo pipefail
made=$1 payload=$2 console=$3 results=$4

# The emulated time stamp counter is that of this machine. The guest is told how fast it is: a busy machine would make it measure
# nonsense, and its clock race.
tsc_khz=$(awk '/^bogomips/ { printf "%d", $3 * 500; exit }' /proc/cpuinfo)

arguments=(
  -nodefaults -no-user-config -display none -monitor none
  -machine q35,hpet=off -m "${TSCTR_VM_MEMORY_MIB:-2048}" -smp "${TSCTR_VM_CPUS:-1}"
  # One processor: with more of them QEMU 7.2 runs code that another one is just patching, and the kernel panics (`Oops: int3`) soon
  # after its first cpuset. And it crashes newer kernels where it emulates cmpxchg16b.
  -accel tcg,thread=multi,tb-size=512 -cpu max,-cx16
  -kernel "$made/vmlinuz" -initrd "$made/initrd.img"
  -append "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 loglevel=4 panic=-1 mitigations=off tsc=reliable tsc_early_khz=$tsc_khz nowatchdog no_timer_check rcupdate.rcu_cpu_stall_suppress=1 apparmor=1"
  -drive "file=$made/disk.ext4,format=raw,if=virtio,snapshot=on,cache=unsafe"
  -drive "file=$payload,format=raw,if=virtio,readonly=on"
  -device virtio-rng-pci
  -serial "file:$console" -serial "file:$results"
)
exec nice -n 19 qemu-system-x86_64 "${arguments[@]}"
