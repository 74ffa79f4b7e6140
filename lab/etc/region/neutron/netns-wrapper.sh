#!/bin/sh
# What Debian's neutron-vpn-netns-wrapper does, which the L3 agent starts six times for each change of a connection: lays the router's own /etc and /run over the host's,
# runs strongSwan's command there, and writes what the agent reads of it. Debian's imports all of Neutron for it, 2 to 4 s of a core each time. It is called as
#   --mount_paths=PATH:WHAT_IS_LAID_OVER_IT,... --rootwrap_config=FILE --cmd=WORD,...
# in the router's network namespace and in a mount namespace of `ip netns exec`. Who may run what, rootwrap has decided before.
set -f
for option; do
  case $option in
    --mount_paths=*) mounts=${option#*=} ;;
    --cmd=*) words=${option#*=} ;;
  esac
done
IFS=,
# Not all of the folders are there when a router is new.
for pair in $mounts; do
  path=${pair%%:*} over=${pair#*:}
  if [ -d "$path" ] && [ -d "$over" ]; then mount --bind "$over" "$path"; fi
done
# shellcheck disable=SC2086 # words are wanted
set -- $words
said=$("$@" 2>&1 </dev/null)
code=$?
echo "Command: $* Exit code: $code Stdout: $said Stderr: "
exit $code
