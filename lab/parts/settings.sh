# Where everything is: the lab's folders, addresses, ports and regions. Sourced by every script.
# The rule: an address, a port or a path is declared here and nowhere else; configuration files name the variable.

# Before anything that another system's shell or tools do not know.
if [ "$(uname -s)" != Linux ]; then
  echo "lab: this is $(uname -s), and the lab is made of Linux network namespaces: use a Debian 12 machine or VM" >&2
  exit 2
fi

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STATE=$(realpath -m "${LAB_STATE:-$LAB/../.lab}")
export LAB STATE # the templates of etc/ are filled from the environment
export ETC=$STATE/etc   # generated configuration: never edit it, the next lab:up writes it anew
export VAR=$STATE/var   # databases, images, keys, what the agents keep
export LOGS=$STATE/logs # one file a daemon or a step
export RUN=$STATE/run   # one file a daemon: its process id and start time
# The one thing outside of $STATE: a unix socket's path is at most 107 characters, and $STATE's may be long.
export SOCKETS=/run/regionlink-lab
export CLOUDS=$STATE/clouds.yaml

export API=10.250.0.1 # in lab-root: all APIs, RabbitMQ and memcached listen here and nowhere else
export WAN=10.250.0.2 # lab-wan's address on the same bridge, the way to the floating IPs
export KEYSTONE=http://$API:5000/v3
export GLANCE_PORT=9292

# The peer that is not OpenStack: its address behind lab-wan, and the network behind it (the first three numbers of each).
export PEER=172.24.6 PEER_INSIDE=192.168.10

# The tunnel's status is read every so many seconds: neutron-vpnaas's own default.
export IPSEC_STATUS_INTERVAL=${LAB_IPSEC_STATUS_INTERVAL:-60}
# Whose neutron-vpn-netns-wrapper runs: the lab's (etc/region/neutron/netns-wrapper.sh), or debian's.
export NETNS_WRAPPER=${LAB_NETNS_WRAPPER:-lab}
# qemu emulates; kvm is faster where it works.
export VIRT_TYPE=${LAB_VIRT_TYPE:-qemu}

# region: ports of its APIs are moved by, its host's address, external network (the first three numbers), libvirt's id of the host
REGION_TABLE='
left    0  10.250.0.11  172.24.4  11111111-1111-4111-8111-111111111111
right 100  10.250.0.12  172.24.5  22222222-2222-4222-8222-222222222222
'
# shellcheck disable=SC2034 # read by the scripts that source this one
REGIONS=(left right)

# use_region NAME: sets and exports the variables of one region.
use_region() {
  local name shift_by host external uuid
  read -r name shift_by host external uuid < <(grep "^$1 " <<<"$REGION_TABLE")
  export REGION=$name HOST_ADDRESS=$host HOST_UUID=$uuid EXTERNAL=$external VXLAN_GROUP=239.1.1.${host##*.}
  export NEUTRON_PORT=$((9696 + shift_by)) NOVA_PORT=$((8774 + shift_by)) METADATA_PORT=$((8775 + shift_by)) PLACEMENT_PORT=$((8778 + shift_by))
}
