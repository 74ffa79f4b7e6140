# Fills the templates of lab/etc into $ETC: shared/ and peer/ once, region/ for each region. Sourced by up.sh.
# The rule: configuration is a file in lab/etc. Only what must be copied from Debian's packages or changed in their files is done here.

# The users' passwords and the services': made once, kept until --purge.
make_passwords() {
  local name
  if [ ! -e "$VAR/passwords" ]; then
    for name in ADMIN DEMO OTHER SERVICE; do echo "${name}_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' 
')"; done >"$VAR/passwords.new"
    chmod 600 "$VAR/passwords.new"
    mv "$VAR/passwords.new" "$VAR/passwords"
  fi
  read_passwords
}

read_passwords() {
  set -a
  # shellcheck source=/dev/null
  . "$VAR/passwords"
  set +a
}

# NOVA_LOGIN and the like: the lines that every section needs where a service logs in. (An `auth_section` that names another section for them
# works only if the service happens to have registered that one's options; nova-conductor and keystonemiddleware have not.)
make_logins() {
  local service
  for service in neutron nova glance placement; do
    export "${service^^}_LOGIN=$(SERVICE=$service envsubst <"$LAB/etc/login.conf")"
  done
}

write_configuration() {
  local region part
  make_logins
  render_folder "$LAB/etc/shared" "$ETC/shared"
  render_folder "$LAB/etc/peer" "$ETC/peer"
  render "$LAB/etc/clouds.yaml" "$CLOUDS"
  for region in "${REGIONS[@]}"; do
    use_region "$region"
    # Debian's own first (rootwrap filters, paste pipelines), ours over it.
    for part in neutron nova libvirt; do
      mkdir -p "$ETC/$region/$part"
      cp -a "/etc/$part/." "$ETC/$region/$part/"
    done
    rm -rf "$ETC/$region"/libvirt/qemu/networks/autostart/*
    render_folder "$LAB/etc/region" "$ETC/$region"
    write_strongswan "$ETC/$region/neutron/strongswan"
  done
}

# render_folder FROM TO
render_folder() {
  local file
  while read -r file; do render "$1/$file" "$2/$file"; done < <(cd "$1" && find . -type f)
}

# render FROM TO: fills in ${NAMES}, all of which must be set. Nothing else that looks like a variable is touched.
render() {
  local names name
  names=$(grep -oE '\$\{[A-Z_]+\}' "$1" | sort -u || true)
  for name in $names; do
    name=${name:2:-1}
    [ -n "${!name:-}" ] || fail "$1 names $name, which is set nowhere"
  done
  mkdir -p "$(dirname "$2")"
  rm -f "$2"
  (umask 077 && envsubst "$names" <"$1" >"$2")
}

# The driver copies this folder into each router's own /etc. So Debian's /etc/strongswan.d is left as it is.
write_strongswan() {
  local plugin driver=/usr/lib/python3/dist-packages/neutron_vpnaas/services/vpn/device_drivers
  cp -an /etc/strongswan.d "$1/"
  # What needs files of /etc, raw sockets or a daemon that is not there
  for plugin in bypass-lan dhcp farp forecast connmark ha led tpm tnc-tnccs resolve certexpire lookip error-notify eap-aka eap-gtc eap-identity eap-md5 \
    eap-radius eap-tls eap-tnc eap-ttls xauth-eap xauth-pam unity attr curl ldap pkcs11 test-vectors af-alg agent vici; do
    printf '%s {\n    load = no\n}\n' $plugin >"$1/strongswan.d/charon/$plugin.conf"
  done
  sed -f "$1/ipsec.conf.sed" $driver/template/strongswan/ipsec.conf.template >"$1/ipsec.conf.template"
}
