#!/usr/bin/env bash
# Takes the lab down: its daemons, VMs and namespaces. What is kept lets the next lab:up go on with the same clouds; --purge forgets that as well.
# The rule: only processes that lab:up started are ended (parts/processes.sh); who still runs something in lab-root is told, and not killed.
#   lab/down.sh [--purge]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
. "$LAB/parts/tell.sh"
. "$LAB/parts/state.sh"
. "$LAB/parts/network.sh"
. "$LAB/parts/processes.sh"
. "$LAB/parts/daemons.sh"
case "${1:-}" in '' | --purge) ;; *) refuse "unknown option $1: lab/down.sh [--purge]" ;; esac
[ "$(id -u)" = 0 ] || refuse 'it needs root: sudo npm run lab:down'
refuse_if_not_ours
mkdir -p "$SOCKETS"
one_at_a_time

since=$SECONDS
begin_wait 'stopping'
mapfile -t first < <(named '*-server-*' 'placement-*' 'nova-*' glance keystone '*-agent-*' 'libvirtd-*' charon-peer memcached)
mapfile -t hosts < <(named 'host-*')
stop 5 "${first[@]}"
stop 2 "${hosts[@]}" # and with them all that runs there: charon, dnsmasq, haproxy, the VMs
stop 60 rabbitmq mariadb
stop 5 epmd
end_wait $((SECONDS - since))

if lab_exists; then
  for pid in $(ip netns pids lab-root); do
    say "still in lab-root, and not the lab's: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-80)"
  done
fi
remove_namespaces
[ "${1:-}" != --purge ] || purge_state
rm -rf "$SOCKETS"
say "the lab is down${1:+, and all that it kept is gone}"
