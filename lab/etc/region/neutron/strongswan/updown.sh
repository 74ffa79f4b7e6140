#!/bin/sh
# What charon runs in a router's namespace when a tunnel comes up, in the place of strongSwan's own _updown (leftfirewall=yes), which calls `iptables`: a
# link through /etc/alternatives, and the driver mounts the router's own /etc over that. Hence also the full path here.
#
# Neutron drops everything that leaves by a qr- port without its mark for address scopes (chain neutron-l3-agent-scope), and sets that mark on what
# enters by qr- and qg- ports. With IPsec in the kernel a decapsulated packet still enters by qg-; with libipsec it enters by ipsec0. Without this rule
# ping works between the routers and not between the VMs. Neutron leaves rules that it does not know alone.
case "$PLUTO_VERB" in
  up-client*)
    for tables in iptables ip6tables; do
      set -- PREROUTING -i ipsec0 -j MARK --set-xmark 0x4000000/0xffff0000
      /usr/sbin/$tables-nft -t mangle -C "$@" 2>/dev/null || /usr/sbin/$tables-nft -t mangle -I "$@"
    done
    ;;
esac
exit 0
