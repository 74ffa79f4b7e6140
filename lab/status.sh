#!/usr/bin/env bash
# What runs, what answers and what it takes. Exit code 0 when all of it is up, 1 when not.
# The rule: a daemon is up when its process is there and it is ready by the table's own words (parts/daemons.sh).
#   lab/status.sh [--json]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
. "$LAB/parts/tell.sh"
. "$LAB/parts/state.sh"
. "$LAB/parts/network.sh"
case "${1:-}" in '' | --json) ;; *) refuse "unknown option $1: lab/status.sh [--json]" ;; esac
[ "$(id -u)" = 0 ] || refuse 'it needs root: sudo npm run lab:status'
if ! lab_exists || ! lab_is_ours; then
  if [ "${1:-}" = --json ]; then echo '{"up":false,"daemons":[]}'; else echo 'the lab is down'; fi
  exit 1
fi
[ "${LAB_INSIDE:-}" = yes ] || enter_lab_root bash "$LAB/status.sh" "$@"
. "$LAB/parts/config.sh"
. "$LAB/parts/processes.sh"
. "$LAB/parts/daemons.sh"
. "$LAB/parts/api.sh"
read_passwords

# memory_of: in MB, of the process ids on standard input; each page is shared out among those who have it
memory_of() { sort -u | sed 's,.*,/proc/&/smaps_rollup,' | xargs cat 2>/dev/null | awk '/^Pss:/ { kb += $2 } END { print int(kb / 1024) }'; }

# All of the lab's processes: each daemon's session, and what runs on the hosts (charon, the VMs)
everyone() {
  local name pid host
  for name in "${DAEMONS[@]}"; do ! pid=$(pid_of "$name") || pgrep -s "$pid"; done
  for host in peer "${REGIONS[@]}"; do ! alive "host-$host" || pgrep --ns "$(host_pid "$host")" --nslist pid; done
}

state_of() {
  local name=$1 pid
  pid=$(pid_of "$name") || { echo down; return; }
  if eval "${READY[$name]}" >/dev/null 2>&1; then echo up; else echo "not ready"; fi
}

daemons() {
  local name pid
  log_in 2>/dev/null || true
  for name in "${DAEMONS[@]}"; do
    pid=$(pid_of "$name" || true)
    jq -n --arg name "$name" --arg state "$(state_of "$name")" --arg pid "$pid" --argjson memory "$(pgrep -s "${pid:-none}" 2>/dev/null | memory_of)" \
      '{name: $name, state: $state, pid: ($pid | tonumber? // null), memoryMb: $memory}'
  done | jq -s .
}

endpoints() {
  local region
  for region in "${REGIONS[@]}"; do
    use_region "$region"
    jq -n --arg region "$region" --arg keystone "$KEYSTONE" --arg api "http://$API" --arg external "$EXTERNAL.0/24" \
      --arg neutron "$NEUTRON_PORT" --arg nova "$NOVA_PORT" --arg placement "$PLACEMENT_PORT" --arg glance "$GLANCE_PORT" \
      '{region: $region, keystone: $keystone, network: "\($api):\($neutron)", compute: "\($api):\($nova)/v2.1", placement: "\($api):\($placement)", image: "\($api):\($glance)", floatingIps: $external}'
  done | jq -s .
}

report=$(jq -n --argjson daemons "$(daemons)" --argjson endpoints "$(endpoints)" --arg clouds "$CLOUDS" \
  --argjson memory "$(everyone | memory_of)" --argjson disk "$(du -sm "$STATE" | cut -f1)" \
  '{up: all($daemons[]; .state == "up"), daemons: $daemons, endpoints: $endpoints, clouds: $clouds, memoryMb: $memory, diskMb: $disk}')
if [ "${1:-}" = --json ]; then
  echo "$report"
else
  jq -r '(.daemons[] | "\(.name)\t\(.state)\t\(.memoryMb // "-") MB"),
    "", (.endpoints[] | "\(.region)\tnetwork \(.network)\tcompute \(.compute)\tfloating IPs \(.floatingIps)"),
    "", "all of it\t\(if .up then "up" else "NOT UP" end)\t\(.memoryMb) MB of memory, \(.diskMb) MB of disk", "clouds.yaml\t\(.clouds)"' <<<"$report" | column -t -s "$(printf '\t')" -L
fi
jq -e .up <<<"$report" >/dev/null
