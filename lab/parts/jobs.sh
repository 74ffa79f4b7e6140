# What is done once and takes time: packages, schemas, accounts. Sourced by up.sh.
# The rule: a job is marked as done only when all of it was, and doing it again does no harm.

declare -A JOB=() JOB_SINCE=()

# begin NAME COMMAND...: in the background, unless it was done before.
begin() {
  local name=$1
  shift
  [ ! -e "$VAR/done/$name" ] || return 0
  mkdir -p "$VAR/done"
  JOB_SINCE[$name]=$(date +%s)
  (
    "$@"
    touch "$VAR/done/$name"
  ) >"$LOGS/$name.log" 2>&1 9>&- &
  JOB[$name]=$!
}

# finish NAME...: waits for them.
finish() {
  local name
  for name in "$@"; do
    [ -n "${JOB[$name]:-}" ] || continue
    begin_wait "$name"
    wait "${JOB[$name]}" || fail "$name" "$LOGS/$name.log"
    end_wait $(($(stat -c %Y "$VAR/done/$name") - JOB_SINCE[$name]))
  done
}

# once NAME COMMAND...: both.
once() {
  begin "$@"
  finish "$1"
}
