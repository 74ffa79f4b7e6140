# Asks the APIs, as admin, what the agents say of themselves. Sourced by up.sh, status.sh and restart.sh.
# The rule: a report counts only if it is younger than the daemon's start; for a minute a dead agent's last word still says "alive".

ADMIN_TOKEN=

log_in() {
  [ -z "$ADMIN_TOKEN" ] || return 0
  local domain='"domain":{"id":"default"}'
  ADMIN_TOKEN=$(curl -fsS -m 20 -o /dev/null -D - -H 'content-type: application/json' --data @- "$KEYSTONE/auth/tokens" \
    <<<"{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"admin\",$domain,\"password\":\"$ADMIN_PASSWORD\"}}},\"scope\":{\"project\":{\"name\":\"admin\",$domain}}}}" |
    tr -d '\r' | sed -n 's/^x-subject-token: //Ip')
  [ -n "$ADMIN_TOKEN" ]
}

api_get() { curl -fsS -m 20 -H @<(echo "x-auth-token: $ADMIN_TOKEN") "$1"; }

# neutron_reports REGION BINARY DAEMON
neutron_reports() {
  use_region "$1"
  log_in && api_get "http://$API:$NEUTRON_PORT/v2.0/agents" |
    jq -e --arg binary "$2" --arg since "$(date -u -r "$RUN/$3" '+%F %T')" \
      '.agents[] | select(.binary == $binary and .alive and .heartbeat_timestamp >= $since)'
}

# nova_reports REGION BINARY DAEMON
nova_reports() {
  use_region "$1"
  log_in && api_get "http://$API:$NOVA_PORT/v2.1/os-services" |
    jq -e --arg binary "$2" --arg since "$(date -u -r "$RUN/$3" '+%FT%T')" \
      '.services[] | select(.binary == $binary and .state == "up" and (.updated_at // "") >= $since)'
}
