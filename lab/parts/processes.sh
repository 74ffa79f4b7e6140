# Starting, watching and stopping the daemons of daemons.sh. Sourced by up.sh, down.sh, status.sh and restart.sh.
# The rule: a process is signalled only if it is the one that was started here: its start time is kept beside its id.

# Slow or shared machines: LAB_PATIENCE=3 waits three times as long.
PATIENCE=${LAB_PATIENCE:-1}

DAEMONS=()
declare -A WHERE=() WITHIN=() READY=() COMMAND=()

# daemon NAME WHERE SECONDS READY COMMAND...: declares one. WHERE is lab-root or a region; READY a shell expression; SECONDS how long that may take.
daemon() {
  DAEMONS+=("$1")
  WHERE[$1]=$2 WITHIN[$1]=$3 READY[$1]=$4
  COMMAND[$1]=$(printf '%q ' "${@:5}")
}

started_at() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null || true; }

# pid_of NAME: of the running daemon, else nothing and 1.
pid_of() {
  local pid time
  read -r pid time 2>/dev/null <"$RUN/$1" || return 1
  [ -n "$time" ] && [ "$(started_at "$pid")" = "$time" ] && echo "$pid"
}

alive() { pid_of "$1" >/dev/null; }

# The process that is PID 1 on a region's host, as it is known outside.
host_pid() { pgrep -P "$(pid_of "host-$1")"; }

# Its files are seen under /proc/…/root.
host_root() { echo "/proc/$(host_pid "$1")/root"; }

on_host() {
  local region=$1
  shift
  nsenter --target "$(host_pid "$region")" --mount --net --pid -- "$@"
}

# Every daemon gets the same small environment, whatever the caller's is, and a session of its own: its id is its process group's as well.
# No green DNS and no setuptools: with them an import of eventlet takes 0.9 s of a core and without 0.2 (neutron-rootwrap), 2.8 and 1.9
# (neutron-vpn-netns-wrapper as it is packaged), and agents start them for all that they do.
start() {
  local name command enter
  for name in "$@"; do
    ! alive "$name" || continue
    enter=()
    [ "${WHERE[$name]}" = lab-root ] || enter=(nsenter --target "$(host_pid "${WHERE[$name]}")" --mount --net --pid --)
    eval "command=(${COMMAND[$name]})"
    setsid env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root PYTHONPATH="$STATE/pylib" \
      EVENTLET_NO_GREENDNS=yes SETUPTOOLS_USE_DISTUTILS=stdlib \
      "${enter[@]}" "${command[@]}" >>"$LOGS/$name.log" 2>&1 </dev/null 9>&- &
    echo "$! $(started_at $!)" >"$RUN/$name"
  done
}

# await NAME...: until each is ready; fails with its log when it has ended or its time is up.
await() {
  local name since
  for name in "$@"; do
    since=$SECONDS
    begin_wait "$name"
    until eval "${READY[$name]}" >/dev/null 2>&1; do
      alive "$name" || fail "$name has ended" "$LOGS/$name.log"
      [ $((SECONDS - since)) -lt $((WITHIN[$name] * PATIENCE)) ] || fail "$name is not ready after $((SECONDS - since)) s" "$LOGS/$name.log"
      sleep 0.5
    done
    end_wait $((SECONDS - since))
  done
}

# stop SECONDS NAME...: all at once. neutron-server takes up to 90 s to end by itself (it waits for its RPC threads), so the time is limited.
stop() {
  local limit=$((SECONDS + $1)) name pid pids=()
  for name in "${@:2}"; do
    ! pid=$(pid_of "$name") || pids+=("$pid")
    rm -f "$RUN/$name"
  done
  for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $limit ]; do sleep 0.2; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  done
}

# named PATTERN...: the declared daemons that match, in their order.
named() {
  local name pattern
  for name in "${DAEMONS[@]}"; do
    # shellcheck disable=SC2053 # a pattern
    for pattern in "$@"; do [[ $name != $pattern ]] || echo "$name"; done
  done
}
