# The wires. Sourced by up.sh, down.sh, in.sh and on.sh.
# The rule: no interface, address or route in the machine's own namespace, and no wire from here to there. Nothing of the lab can leave the machine.

NAMESPACES=(lab-root lab-wan lab-peer)
for region in "${REGIONS[@]}"; do NAMESPACES+=("lab-$region"); done

make_namespaces() {
  local name
  for name in "${NAMESPACES[@]}"; do
    [ -e "/run/netns/$name" ] || ip netns add "$name"
    ip -n "$name" link set lo up
  done
}

# enter_lab_root COMMAND...: goes on there. Only the network is another: the files are the machine's.
enter_lab_root() { exec nsenter --net=/run/netns/lab-root env LAB_INSIDE=yes LAB_STATE="$STATE" "$@"; }

# Called inside lab-root.
lay_wires() {
  local region
  ip link show lab-mgmt >/dev/null 2>&1 || ip link add lab-mgmt type bridge
  ip addr replace "$API/24" dev lab-mgmt
  ip link set lab-mgmt up
  lay_leg wan "$WAN"
  ip netns exec lab-wan sysctl -qw net.ipv4.ip_forward=1
  for region in "${REGIONS[@]}"; do
    use_region "$region"
    lay_leg "$region" "$HOST_ADDRESS"
    # The host's `ext` is the flat physical network "ext".
    lay_way_out "$region" "$EXTERNAL"
    ip route replace "$EXTERNAL.0/24" via "$WAN" dev lab-mgmt
    ip netns exec "lab-$region" sysctl -qw net.ipv4.ip_forward=1
    # Security groups are rules for bridged packets. Where the kernel has br_netfilter built in, the settings are there without the module.
    modprobe -q br_netfilter || true
    ip netns exec "lab-$region" sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
  done
  lay_way_out peer "$PEER"
  ip -n lab-peer addr replace "$PEER.10/24" dev ext
  ip -n lab-peer route replace default via "$PEER.1"
  ip -n lab-peer addr replace "$PEER_INSIDE.1/24" dev lo
}

# lay_way_out NAME NETWORK: from lab-NAME's `ext` to lab-wan, which is the gateway there and has no default route.
lay_way_out() {
  ip -n "lab-$1" link show ext >/dev/null 2>&1 || ip link add "w-$1" netns lab-wan type veth peer name ext netns "lab-$1"
  ip -n "lab-$1" link set ext up
  ip -n lab-wan addr replace "$2.1/24" dev "w-$1"
  ip -n lab-wan link set "w-$1" up
}

# lay_leg NAME ADDRESS: of lab-NAME on the management bridge.
lay_leg() {
  if ! ip -n "lab-$1" link show mgmt >/dev/null 2>&1; then
    ip link add "m-$1" type veth peer name mgmt netns "lab-$1"
    ip link set "m-$1" master lab-mgmt up
  fi
  ip -n "lab-$1" addr replace "$2/24" dev mgmt
  ip -n "lab-$1" link set mgmt up
}

# The last process of a namespace gone, its wires are gone with it.
remove_namespaces() {
  local name
  for name in "${NAMESPACES[@]}"; do [ ! -e "/run/netns/$name" ] || ip netns delete "$name"; done
}
