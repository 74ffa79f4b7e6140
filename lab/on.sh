#!/usr/bin/env bash
# Runs a command on a region's host, on the peer that is not OpenStack, or on the way between them:
#   lab/on.sh left ip netns                          the routers' namespaces, where charon runs
#   lab/on.sh peer swanctl --list-sas                its tunnels; its /etc/swanctl is its own
#   lab/on.sh wan tcpdump -ni w-left udp port 4500   what passes between the regions
# The rule: on a host it is among the host's own processes and mounts; on the way (wan) only the network is another.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
. "$LAB/parts/tell.sh"
. "$LAB/parts/state.sh"
. "$LAB/parts/processes.sh"
place=${1:-}
places="wan peer ${REGIONS[*]}"
case " $places " in *" $place "*) ;; *) refuse "lab/on.sh PLACE COMMAND..., where PLACE is one of: $places" ;; esac
refuse_without_lab
shift
[ $# -gt 0 ] || set -- bash
[ "$place" = wan ] || alive "host-$place" || refuse "the host of $place does not run: npm run lab:up"
if [ "$place" = wan ]; then exec nsenter --net=/run/netns/lab-wan "$@"; fi
exec nsenter --target "$(host_pid "$place")" --mount --net --pid -- "$@"
