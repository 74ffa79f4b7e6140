# Can the lab run here? All reasons against it are told at once, and nothing is touched but apt's package lists, where packages are missing. Sourced by up.sh.
# The rule: whoever is refused is told what to do about it.

# Measured: 6.4 GB with two test VMs; 1.3 GB of packages, 0.5 GB of state, and room for what apt unpacks and the databases grow by. Set these lower if you know better.
NEEDS_MEMORY_MB=${LAB_NEEDS_MEMORY_MB:-7500}
NEEDS_DISK_MB=${LAB_NEEDS_DISK_MB:-6000}

refuse_where_it_cannot_run() {
  local problems=()
  problem() { problems+=("$1"); }
  check_system
  if [ ${#problems[@]} -eq 0 ]; then
    # One lab a machine, since the namespaces' names are fixed.
    refuse_if_not_ours
    # What is up has its memory already.
    lab_exists || check_room
  fi
  # Only now, since it takes seconds and changes the package lists.
  if [ ${#problems[@]} -eq 0 ] && [ -n "$(missing_packages)" ] && ! update_package_lists; then
    problem "packages are missing and apt cannot reach any: check /etc/apt/sources.list and the network (apt-get update tells more)"
  fi
  [ ${#problems[@]} -eq 0 ] || refuse "${problems[@]}"
}

check_system() {
  local ID='' VERSION_ID=''
  [ "$(uname -m)" = x86_64 ] || problem "this is $(uname -m), and the lab's VMs are x86_64: use such a machine"
  # shellcheck source=/dev/null
  . "${LAB_OS_RELEASE:-/etc/os-release}" 2>/dev/null || true
  [ "$ID $VERSION_ID" = 'debian 12' ] || problem "this is ${ID:-an unknown system} $VERSION_ID, and the lab is made of Debian 12's packages: use a Debian 12 machine, VM or privileged container"
  if [ "$(id -u)" != 0 ]; then
    problem 'it needs root, to install packages and make network namespaces: sudo npm run lab:up'
  elif ! unshare --net --mount --pid --fork true 2>/dev/null; then
    problem 'it may make no network, mount and PID namespaces here: use a VM, or a container started with --privileged'
  elif modprobe -q tun 2>/dev/null; [ ! -c /dev/net/tun ]; then
    problem 'there is no /dev/net/tun, which the VMs and IPsec need: modprobe tun, or start the container with --device /dev/net/tun'
  fi
  case $STATE in
    *[[:space:]\"\'\$\&\|\\]*) problem "the state folder's path must have no spaces or special characters: $STATE. Set LAB_STATE to another" ;;
    /run/* | /var/run/* | /var/lib/* | /proc/* | /sys/*) problem "the state folder must not be in ${STATE%/*}, which a region's host sees otherwise: set LAB_STATE to another" ;;
  esac
}


check_room() {
  local memory disk folder=$STATE
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  [ "$memory" -ge "$NEEDS_MEMORY_MB" ] || problem "$memory MB of memory are free, and it needs $NEEDS_MEMORY_MB: stop something, or set LAB_NEEDS_MEMORY_MB if you know better"
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  disk=$(df --output=avail -BM "$folder" | tail -1 | tr -dc 0-9)
  [ "$disk" -ge "$NEEDS_DISK_MB" ] || problem "$disk MB of disk are free for $STATE, and it needs $NEEDS_DISK_MB: make room, set LAB_STATE to another disk, or LAB_NEEDS_DISK_MB if you know better"
}
