# Installs what is missing of packages.txt, and starts none of it. Sourced by up.sh.
# The rule: whatever is changed on the machine to that end is put back, also after a failure.

POLICY=/usr/sbin/policy-rc.d
GREENLET=3.1.1

missing_packages() {
  local wanted
  mapfile -t wanted < <(grep -v '^\(#\|$\)' "$LAB/packages.txt")
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
    <(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/ installed$//p' | sort)
}

# apt-get update alone is content with lists that it could not fetch.
update_package_lists() { apt-get -qq -o APT::Update::Error-Mode=any update >/dev/null 2>&1; }

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} -gt 0 ]; then
    say "installs ${#missing[@]} packages and what they need, which takes minutes; follow it in $LOGS/packages.log"
    rm -f "$VAR/done/packages" # someone has removed one since
    trap put_policy_back EXIT
    forbid_services
    once packages apt_install "${missing[@]}"
    put_policy_back
    trap - EXIT
  fi
  once "greenlet-$GREENLET" install_greenlet
  once vm-kernel download_kernel
}

# Debian starts a daemon as soon as it is installed, unless policy-rc.d says 101.
forbid_services() {
  put_policy_back # of a run that was killed
  [ ! -e $POLICY ] || mv $POLICY $POLICY.before-lab
  printf '#!/bin/sh\n# regionlink lab: removed when its packages are installed\nexit 101\n' >$POLICY
  chmod 755 $POLICY
}

put_policy_back() {
  ! grep -qs 'regionlink lab' $POLICY || rm $POLICY
  [ ! -e $POLICY.before-lab ] || mv $POLICY.before-lab $POLICY
}

apt_install() {
  local package units
  # No package's script may set up a database or register an endpoint of its own.
  for package in keystone neutron-common neutron-server glance-common glance-api nova-common nova-api placement-api placement-common; do
    echo "$package $package/configure_db boolean false"
    echo "$package $package/register-endpoint boolean false"
  done | debconf-set-selections
  dpkg-query --show --showformat '${Package}\n' | sort >"$LOGS/packages.before"
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef "$@"
  # Nor may any of it start with the machine the next time.
  command -v systemctl >/dev/null || return 0
  mapfile -t units < <(dpkg-query --show --showformat '${Package}\n' | sort | comm -13 "$LOGS/packages.before" - |
    xargs dpkg --listfiles | sed -nE 's,^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket|timer))$,\2,p' | sort -u)
  [ ${#units[@]} -eq 0 ] || systemctl disable --quiet "${units[@]}" || true
}

# With Debian's greenlet 2.0.2 and Python 3.11 eventlet's hub now and then logs "SystemError: <built-in method switch of GreenThread object> returned
# NULL without setting an exception", and one client's connection hangs for ever: three times in 25 minutes, and never with 3.1.1.
install_greenlet() { /usr/bin/python3 -m pip install --quiet --no-deps --upgrade --target "$STATE/pylib" greenlet==$GREENLET; }

# Only unpacked, never installed: an installed kernel would enter the machine's own boot menu.
download_kernel() {
  local package
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -nE 's/^ +Depends: (linux-image-.*-cloud-amd64)$/\1/p')
  mkdir -p "$VAR/image"
  cd "$VAR/image" && apt-get download "$package"
}
