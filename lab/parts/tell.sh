# What a person sees: one line for each thing waited for, a failure with the end of its log. Sourced by every script.
# The rule: exit code 2 is "cannot run here, nothing was touched", 1 is "failed on the way".

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }

# begin_wait WHAT, then end_wait SECONDS: what is waited for is told at once, how long it took when it is there.
begin_wait() {
  printf '%s  %-44s' "$(date +%T)" "$1"
  waiting=yes
}
end_wait() {
  printf ' %4d s\n' "$1"
  waiting=
}

# fail WHAT [LOG]
fail() {
  [ -z "${waiting:-}" ] || echo
  say "FAILED: $1" >&2
  if [ -s "${2:-}" ]; then
    echo "the end of $2:" >&2
    tail -n 25 "$2" | sed 's/^/    /' >&2
  fi
  exit 1
}

# refuse PROBLEM...
refuse() {
  printf 'lab: %s\n' "$@" >&2
  exit 2
}
