# Changes neutron-vpnaas's own template of ipsec.conf. libipsec knows no trap policies, so auto=route cannot work, and these stand in for a trap.
# Before the peer answers, the line in `ipsec status` is CONNECTING, which the driver maps to DOWN: the same that ROUTED gives on a real kernel.

# Both ends initiate; otherwise the doubles are deleted and started again in a loop.
s/^config setup/config setup\n        uniqueids=never/
s/^        keyingtries=1/        keyingtries=%forever/
# "start" and not "add": the driver calls `stroke up-nb` only when it starts charon, and a running one is only reloaded; a second connection would stay
# PENDING_CREATE until its peer calls. closeaction: without it a side whose peer closed the tunnel has no line at all in `ipsec status`,
# and the driver goes on reporting the last status, a stale ACTIVE.
s/^    auto=route/    auto=start\n    closeaction=restart\n    forceencaps=yes/
# hold is a trap as well.
s/^    dpdaction={{ipsec_site_connection.dpd_action}}/    dpdaction={{'restart' if ipsec_site_connection.dpd_action == 'hold' else ipsec_site_connection.dpd_action}}/
s,^    leftfirewall=yes,    leftupdown=/var/lib/neutron/updown.sh,
