# The table of everything that runs. Sourced by up.sh, down.sh, status.sh and restart.sh.
# The rule: a daemon is declared here, in the order of its start, and nowhere else.

answers() { curl -fsS -m 20 -o /dev/null "$1"; }
port_open() { (exec 3<>"/dev/tcp/$1/$2"); }
sql() { mariadb --socket="$SOCKETS/mysqld.sock" --user=root "$@"; }
rabbitmqctl() (
  # shellcheck source=/dev/null
  . "$ETC/shared/rabbitmq/environment"
  cd /
  /usr/lib/rabbitmq/bin/rabbitmqctl "$@"
)

# In the place of `uwsgi`. "Connection: close": without it keystoneauth uses a closed connection again, and about every third call ends in RemoteDisconnected.
uwsgi=(uwsgi --plugin python3 --master --die-on-term --need-app --lazy-apps --threads 1 --buffer-size 65535 --add-header 'Connection: close')

# All of them are root's, in namespaces that lead nowhere: the state folder may be where no other user can go.
daemon mariadb lab-root 120 'sql -e "select 1"' \
  mariadbd --no-defaults --user=root --datadir="$VAR/mysql" --socket="$SOCKETS/mysqld.sock" --pid-file="$SOCKETS/mysqld.pid" --bind-address=127.0.0.1 \
  --max-connections=800 --innodb-flush-log-at-trx-commit=0 --skip-log-bin --character-set-server=utf8mb3 --innodb-buffer-pool-size=256M
daemon epmd lab-root 20 'port_open 127.0.0.1 4369' epmd -address 127.0.0.1
daemon rabbitmq lab-root 180 "port_open $API 5672" \
  bash -c ". '$ETC/shared/rabbitmq/environment' && cd / && exec /usr/lib/rabbitmq/bin/rabbitmq-server"
daemon memcached lab-root 20 "port_open $API 11211" \
  memcached -u nobody -l "$API" -p 11211 -m 64 -U 0

# A region's host is a network, a mount and a PID namespace. The PID namespace must be: neutron-vpn-netns-wrapper runs only where /proc/1/ns/net can be
# read and differs from its own, and where PID 1 is another's it cannot (PermissionError in the l3 agent's log, and the connections stay
# PENDING_CREATE for ever, with no word of it in the API).
for region in "${REGIONS[@]}"; do
  daemon "host-$region" lab-root 30 "[ -e \$(host_root $region)/run/host-ready ]" \
    ip netns exec "lab-$region" unshare --pid --fork --kill-child --mount-proc env LAB_STATE="$STATE" LAB_NETNS_WRAPPER="$NETNS_WRAPPER" bash "$LAB/parts/host-init.sh" "$region"
done

# A site that is not OpenStack, for `sites.NAME.external`: a strongSwan that swanctl configures.
daemon host-peer lab-root 30 "[ -e \$(host_root peer)/run/host-ready ]" \
  ip netns exec lab-peer unshare --pid --fork --kill-child --mount-proc env LAB_STATE="$STATE" bash "$LAB/parts/peer-init.sh"
daemon charon-peer peer 30 "[ -S \$(host_root peer)/run/charon.vici ]" /usr/lib/ipsec/charon

daemon keystone lab-root 120 "answers $KEYSTONE" \
  "${uwsgi[@]}" --http-socket "$API:5000" --processes 3 --thunder-lock --listen 100 \
  --wsgi-file /usr/bin/keystone-wsgi-public --pyargv "--config-file $ETC/shared/keystone/keystone.conf"
daemon glance lab-root 120 "answers http://$API:$GLANCE_PORT/" \
  glance-api --config-file "$ETC/shared/glance/glance-api.conf"

for region in "${REGIONS[@]}"; do
  use_region "$region"
  neutron=(--config-file "$ETC/$region/neutron/neutron.conf" --config-file "$ETC/$region/neutron/ml2.conf" --config-file "$ETC/$region/neutron/server.conf")
  nova=(--config-file "$ETC/$region/nova/nova.conf" --config-file "$ETC/$region/nova/control.conf")
  daemon "neutron-server-$region" lab-root 180 "answers http://$API:$NEUTRON_PORT/" neutron-server "${neutron[@]}"
  daemon "placement-$region" lab-root 120 "answers http://$API:$PLACEMENT_PORT/" \
    env OS_PLACEMENT_CONFIG_DIR="$ETC/$region/placement" "${uwsgi[@]}" --http-socket "$API:$PLACEMENT_PORT" --processes 1 --wsgi-file /usr/bin/placement-api
  daemon "nova-api-$region" lab-root 180 "answers http://$API:$NOVA_PORT/" nova-api "${nova[@]}"
  for service in conductor scheduler; do
    daemon "nova-$service-$region" lab-root 180 "nova_reports $region nova-$service nova-$service-$region" "nova-$service" "${nova[@]}"
  done
done

# On the hosts, where /etc/neutron and /etc/nova are the region's own
for region in "${REGIONS[@]}"; do
  agent() { daemon "$1-agent-$region" "$region" 240 "neutron_reports $region neutron-$1-agent $1-agent-$region" "neutron-$1-agent" --config-file /etc/neutron/neutron.conf "${@:2}"; }
  agent linuxbridge --config-file /etc/neutron/linuxbridge_agent.ini
  agent l3 --config-file /etc/neutron/l3_agent.ini --config-file /etc/neutron/vpn_agent.ini
  agent dhcp --config-file /etc/neutron/dhcp_agent.ini
  agent metadata --config-file /etc/neutron/metadata_agent.ini
  daemon "libvirtd-$region" "$region" 60 "[ -S \$(host_root $region)/run/libvirt/libvirt-sock ]" libvirtd
  daemon "nova-compute-$region" "$region" 240 "nova_reports $region nova-compute nova-compute-$region" nova-compute --config-file /etc/nova/nova.conf
done
