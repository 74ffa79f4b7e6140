# The jobs of a first start: databases, accounts, what the clouds offer. Sourced by up.sh.
# The rule: each may be run again after it was cut off.

database_folder() {
  [ ! -d "$VAR/mysql" ] || rm -rf "$VAR/mysql"
  mariadb-install-db --no-defaults --user=root --datadir="$VAR/mysql" --skip-test-db
}

database_account() {
  local host
  for host in localhost 127.0.0.1; do
    sql <<<"CREATE USER IF NOT EXISTS lab@'$host' IDENTIFIED BY '$SERVICE_PASSWORD'; GRANT ALL ON *.* TO lab@'$host';"
  done
}

make_database() { sql -e "CREATE DATABASE IF NOT EXISTS $1 CHARACTER SET utf8mb3"; }

rabbitmq_accounts() {
  local region
  rabbitmqctl await_startup
  for region in "${REGIONS[@]}"; do
    rabbitmqctl list_vhosts --silent | grep -qx "$region" || rabbitmqctl add_vhost "$region"
    rabbitmqctl list_users --silent | grep -q "^$region\b" || rabbitmqctl add_user "$region" <<<"$SERVICE_PASSWORD"
    rabbitmqctl set_permissions -p "$region" "$region" '.*' '.*' '.*'
  done
}

keystone_schema() {
  local manage=(keystone-manage --config-file "$ETC/shared/keystone/keystone.conf") region
  make_database keystone
  mkdir -p "$VAR/keystone/fernet-keys" "$VAR/keystone/credential-keys"
  chmod 700 "$VAR"/keystone/*-keys
  "${manage[@]}" db_sync
  "${manage[@]}" fernet_setup --keystone-user root --keystone-group root
  "${manage[@]}" credential_setup --keystone-user root --keystone-group root
  for region in "${REGIONS[@]}"; do
    OS_BOOTSTRAP_PASSWORD=$ADMIN_PASSWORD OS_BOOTSTRAP_PUBLIC_URL=$KEYSTONE OS_BOOTSTRAP_INTERNAL_URL=$KEYSTONE OS_BOOTSTRAP_ADMIN_URL=$KEYSTONE \
      "${manage[@]}" bootstrap --bootstrap-region-id "$region"
  done
}

glance_schema() {
  make_database glance
  glance-manage --config-file "$ETC/shared/glance/glance-api.conf" db_sync
}

neutron_schema() {
  local files=(--config-file "$ETC/$1/neutron/neutron.conf" --config-file "$ETC/$1/neutron/ml2.conf" --config-file "$ETC/$1/neutron/server.conf")
  make_database "neutron_$1"
  neutron-db-manage "${files[@]}" upgrade heads
}

nova_schema() {
  local manage=(nova-manage --config-file "$ETC/$1/nova/nova.conf" --config-file "$ETC/$1/nova/control.conf") cells
  make_database "placement_$1"
  make_database "nova_api_$1"
  make_database "nova_$1"
  make_database "nova_cell0_$1"
  placement-manage --config-file "$ETC/$1/placement/placement.conf" db sync
  "${manage[@]}" api_db sync
  "${manage[@]}" cell_v2 map_cell0 --database_connection "mysql+pymysql://lab:$SERVICE_PASSWORD@127.0.0.1/nova_cell0_$1?charset=utf8"
  "${manage[@]}" db sync
  cells=$("${manage[@]}" cell_v2 list_cells)
  grep -q cell1 <<<"$cells" || "${manage[@]}" cell_v2 create_cell --name=cell1
}

# What the clouds offer: users, catalog, external networks, image, flavor
offer() { OS_CLIENT_CONFIG_FILE=$CLOUDS /usr/bin/python3 "$LAB/parts/offer.py" "$@"; }

catalog() {
  local region endpoints=()
  for region in "${REGIONS[@]}"; do
    use_region "$region"
    endpoints+=("$region" network "http://$API:$NEUTRON_PORT" "$region" compute "http://$API:$NOVA_PORT/v2.1"
      "$region" placement "http://$API:$PLACEMENT_PORT" "$region" image "http://$API:$GLANCE_PORT")
  done
  offer catalog "${endpoints[@]}"
}

external_network() {
  use_region "$1"
  offer network "$1" "$EXTERNAL"
}

hypervisor() {
  nova-manage --config-file "$ETC/$1/nova/nova.conf" --config-file "$ETC/$1/nova/control.conf" cell_v2 discover_hosts
  offer flavor "$1"
}

# One Glance serves all regions.
glance_image() { offer image "${REGIONS[0]}" "$VAR/image"; }
