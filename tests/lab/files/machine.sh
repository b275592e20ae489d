#!/bin/sh
# Supervises one machine: private mounts, a cgroup of its own, nspawn again after a reboot inside (it exits 133).
# Everything mounted here goes with the last process in this mount namespace.
# Arguments: CGROUP BASE ROOT MACHINE, then nspawn's own.
set -eu
cgroup=$1 base=$2 root=$3 machine=$4
shift 4

mount --make-rprivate /
umount -R /sys
# Fresh and read-only, with cgroup2 alone: nspawn then makes a pure-v2 container, and macvlans work.
mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo $$ > "/sys/fs/cgroup/$cgroup/cgroup.procs"
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t overlay overlay -o "lowerdir=$base,upperdir=$root/upper,workdir=$root/work" "$root/merged"

while :; do
    rc=0
    env -i PATH="$PATH" TERM=dumb systemd-nspawn --quiet --keep-unit --register=no --boot --link-journal=no \
        --resolv-conf=off --timezone=off --console=pipe --directory="$root/merged" --machine="$machine" \
        --network-bridge=br-lan "$@" || rc=$?
    echo "supervisor: nspawn ended with $rc"
    [ "$rc" = 133 ] || exit 0
done
