#!/usr/bin/env bash
# Runs a command where the APIs and the floating IPs can be reached: lab/in.sh openstack --os-cloud demo --os-region-name left network list
# The rule: only the network is another; files, user and environment are the caller's, plus the lab's clouds.yaml where no other is named.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
. "$LAB/parts/tell.sh"
. "$LAB/parts/state.sh"
refuse_without_lab
[ $# -gt 0 ] || set -- "${SHELL:-bash}"
exec nsenter --net=/run/netns/lab-root env OS_CLIENT_CONFIG_FILE="${OS_CLIENT_CONFIG_FILE:-$CLOUDS}" "$@"
