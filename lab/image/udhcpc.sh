#!/bin/sh
# Sets what DHCP has answered. Called by udhcpc with its values in the environment.
# shellcheck disable=SC2154
case "$1" in
  bound | renew)
    ip addr replace "$ip/$mask" dev "$interface"
    [ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
    [ -z "$router" ] || ip route replace default via "${router%% *}"
    for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf
    echo "labvm: dhcp $ip/$mask, gateway $router, mtu $mtu" >/dev/console
    ;;
esac
