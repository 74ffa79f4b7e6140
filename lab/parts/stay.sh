# The life of a PID 1 of the lab: says that its mounts are made, then sleeps. Sourced by host-init.sh and peer-init.sh.

stay() {
  touch /run/host-ready
  trap 'exit 0' TERM INT
  while :; do
    sleep 3600 &
    wait $! || true
  done
}
