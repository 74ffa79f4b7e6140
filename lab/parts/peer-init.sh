#!/usr/bin/env bash
# PID 1 of the peer that is not OpenStack, in namespaces of its own. Gives it its own /run, /etc/strongswan.conf and /etc/swanctl, then sleeps.
# The rule: every mount is made here, and all of them vanish with this process.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/stay.sh"

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind "$ETC/peer/strongswan.conf" /etc/strongswan.conf
# Its folders and no file of the machine's own: a lab that comes up has no tunnels of an earlier one.
mkdir /run/swanctl
(cd /etc/swanctl && find . -type d) | (cd /run/swanctl && xargs mkdir -p)
echo 'include conf.d/*.conf' >/run/swanctl/swanctl.conf
mount --bind /run/swanctl /etc/swanctl

stay
