# The state folder: whose it is, one script at a time, and its end. Sourced by the scripts that change something.
# The rule: --purge removes what lab:up has made there by name, and never more.

prepare_folders() {
  mkdir -p "$ETC" "$LOGS" "$RUN" "$VAR/rabbitmq" "$SOCKETS"
  chmod 700 "$STATE" # passwords are in its files
  one_at_a_time
  echo "$STATE" >"$SOCKETS/state"
}

# Held by the descriptor 9, which no daemon inherits.
one_at_a_time() {
  exec 9>"$SOCKETS/lock"
  flock --nonblock 9 || refuse 'another lab:up, lab:down or restart is at work'
}

lab_exists() { [ -e "${LAB_NETNS:-/run/netns}/lab-root" ]; } # another folder only in tests
lab_is_ours() { [ "$(cat "$SOCKETS/state" 2>/dev/null)" = "$STATE" ]; }

# Of another clone or LAB_STATE, or nobody's; says whose.
refuse_if_not_ours() {
  local owner
  ! lab_exists || lab_is_ours || {
    owner=$(cat "$SOCKETS/state" 2>/dev/null || true)
    refuse "another lab is up, with its state in ${owner:-an unknown folder}: set LAB_STATE to that"
  }
}

refuse_without_lab() {
  [ "$(id -u)" = 0 ] || refuse 'it needs root'
  lab_exists || refuse 'the lab is not up: npm run lab:up'
  refuse_if_not_ours
}

purge_state() {
  rm -rf "$ETC" "$LOGS" "$RUN" "$VAR" "$STATE/pylib" "$CLOUDS"
  rmdir --ignore-fail-on-non-empty "$STATE" 2>/dev/null || true
}
