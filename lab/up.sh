#!/usr/bin/env bash
# Brings up two OpenStack regions with VPNaaS on this machine, or what is missing of them: run it again at any time.
# The rule: everything runs inside lab-root and the namespaces behind it (parts/network.sh), and all that is kept is in one folder.
#   lab/up.sh [--check]     --check only tells whether it can run here
# Exit codes: 0 all is up, 1 failed on the way, 2 cannot run here.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/parts/settings.sh"
. "$LAB/parts/tell.sh"
. "$LAB/parts/state.sh"
. "$LAB/parts/network.sh"

# First on the machine itself, which alone reaches Debian's packages
if [ "${LAB_INSIDE:-}" != yes ]; then
  . "$LAB/parts/checks.sh"
  . "$LAB/parts/jobs.sh"
  . "$LAB/parts/packages.sh"
  refuse_where_it_cannot_run
  [ "${1:-}" != --check ] || exit 0
  prepare_folders
  install_packages
  make_namespaces
  enter_lab_root LAB_SINCE="$(date +%s)" bash "$LAB/up.sh"
fi

. "$LAB/parts/jobs.sh"
. "$LAB/parts/config.sh"
. "$LAB/parts/processes.sh"
. "$LAB/parts/daemons.sh"
. "$LAB/parts/api.sh"
. "$LAB/parts/first-time.sh"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHONPATH=$STATE/pylib
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

lay_wires
make_passwords
write_configuration
begin image bash "$LAB/image/build.sh" "$VAR/image"

once database-folder database_folder
mapfile -t base < <(named mariadb epmd rabbitmq memcached 'host-*')
start "${base[@]}"
await "${base[@]}"
once database-account database_account
begin keystone-schema keystone_schema
begin rabbitmq-accounts rabbitmq_accounts
begin glance-schema glance_schema
for region in "${REGIONS[@]}"; do
  begin "neutron-schema-$region" neutron_schema "$region"
  begin "nova-schema-$region" nova_schema "$region"
done

finish keystone-schema
start keystone
await keystone
begin catalog catalog
finish rabbitmq-accounts glance-schema catalog
for region in "${REGIONS[@]}"; do finish "neutron-schema-$region" "nova-schema-$region"; done

mapfile -t control < <(named glance 'neutron-server-*' 'placement-*' 'nova-api-*' 'nova-conductor-*' 'nova-scheduler-*')
mapfile -t agents < <(named charon-peer '*-agent-*' 'libvirtd-*' 'nova-compute-*')
start "${control[@]}"
await "${control[@]}"
start "${agents[@]}"
finish image
begin glance-image glance_image
for region in "${REGIONS[@]}"; do begin "external-network-$region" external_network "$region"; done
await "${agents[@]}"
for region in "${REGIONS[@]}"; do begin "hypervisor-$region" hypervisor "$region"; done
finish glance-image
for region in "${REGIONS[@]}"; do finish "external-network-$region" "hypervisor-$region"; done

say "both regions are up after $(($(date +%s) - ${LAB_SINCE:?})) s; their clouds.yaml is $CLOUDS"
