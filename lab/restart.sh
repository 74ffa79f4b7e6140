#!/usr/bin/env bash
# Restarts daemons by name or pattern, and waits until they report: lab/restart.sh l3-agent-left, lab/restart.sh 'nova-*-right'
# The rule: what a daemon has made lives on, as when a real one crashes: routers, tunnels and VMs stay while their agent is away.
# A host cannot be restarted alone: lab:down, lab:up.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
. "$LAB/parts/tell.sh"
. "$LAB/parts/state.sh"
. "$LAB/parts/network.sh"
refuse_without_lab
if [ "${LAB_INSIDE:-}" != yes ]; then
  one_at_a_time
  enter_lab_root bash "$LAB/restart.sh" "$@"
fi
. "$LAB/parts/config.sh"
. "$LAB/parts/processes.sh"
. "$LAB/parts/daemons.sh"
. "$LAB/parts/api.sh"
read_passwords

mapfile -t chosen < <(named "$@" | grep -v '^host-')
[ ${#chosen[@]} -gt 0 ] || refuse "no daemon is called that; there are: $(named '*' | grep -v '^host-' | tr '\n' ' ')"
stop 10 "${chosen[@]}"
start "${chosen[@]}"
await "${chosen[@]}"
