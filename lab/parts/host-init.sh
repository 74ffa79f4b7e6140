#!/usr/bin/env bash
# PID 1 of a region's host, in namespaces of its own. Gives it its own /run, /etc/neutron, /etc/nova, /etc/libvirt, /etc/sudoers.d and what daemons keep in /var, then sleeps.
# The rule: every mount is made here, and all of them vanish with this process.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/stay.sh"
use_region "$1"
kept=$VAR/$REGION

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/{netns,lock,sudo} /run/libvirt/common
chmod 1777 /run/lock

for folder in lib/neutron log/neutron lib/nova log/nova lib/libvirt log/libvirt cache/libvirt; do
  mkdir -p "$kept/$folder" "/var/$folder"
  # libvirt's packages bring a folder tree.
  [ $folder != lib/libvirt ] || cp -an /var/lib/libvirt/. "$kept/$folder/"
  mount --bind "$kept/$folder" "/var/$folder"
done
for folder in neutron nova libvirt sudoers.d; do mount --bind "$ETC/$REGION/$folder" "/etc/$folder"; done
mkdir -p /var/lib/nova/instances /var/lib/libvirt/qemu
# Where a router's namespace can see it, which has another /etc.
install -m 755 /etc/neutron/strongswan/updown.sh /var/lib/neutron/updown.sh
if [ "$NETNS_WRAPPER" = lab ]; then
  install -m 755 /etc/neutron/netns-wrapper.sh /var/lib/neutron/netns-wrapper.sh
  mount --bind /var/lib/neutron/netns-wrapper.sh /usr/bin/neutron-vpn-netns-wrapper
fi

stay
