#!/usr/bin/env bash
# Builds the test VM in a folder that has Debian's kernel package: vmlinuz, initrd.gz (busybox, dropbear, a few modules; see init) and an empty disk.raw.
# The rule: everything in it is Debian's or stands beside this file.
#   image/build.sh FOLDER
set -euo pipefail
umask 022 # dropbear refuses keys in folders that others can write to
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$1"

rm -rf kernel root
dpkg-deb --extract linux-image-*.deb kernel
version=$(basename kernel/lib/modules/*)
cp "kernel/boot/vmlinuz-$version" vmlinuz
depmod -b kernel "$version"

mkdir -p root/{bin,etc/dropbear,proc,sys,dev,root/.ssh,tmp,run,var/log,mnt,lib/modules/"$version"}
chmod 700 root/root root/root/.ssh
install -m 600 /dev/null root/root/.ssh/authorized_keys
cp /bin/busybox root/bin/busybox
ln -s busybox root/bin/sh
install -m 755 "$here/init" root/init
install -m 755 "$here/udhcpc.sh" root/etc/udhcpc.sh

# with_libraries FILE...: into the image, each with what it is linked to.
with_libraries() {
  local file library
  for file in "$@"; do
    cp "$file" root/bin/
    for library in $(ldd "$file" | grep -oE '/[^ ]+'); do install -D "$library" "root$library"; done
  done
}
with_libraries /usr/sbin/dropbear /usr/bin/dropbearkey
install -D /lib/x86_64-linux-gnu/libnss_files.so.2 root/lib/x86_64-linux-gnu/libnss_files.so.2
echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
echo 'root:x:0:' >root/etc/group
echo 'root:*:19000:0:99999:7:::' >root/etc/shadow
echo '/bin/sh' >root/etc/shells # dropbear lets nobody in whose shell is not listed
echo 'passwd: files' >root/etc/nsswitch.conf

modules=(virtio_pci virtio_net virtio_blk virtio_rng virtio_scsi af_packet ata_piix sr_mod sd_mod cdrom isofs vfat nls_ascii nls_cp437)
echo "${modules[@]}" >root/etc/modules
for module in "${modules[@]}"; do modprobe -d "$PWD/kernel" -S "$version" --show-depends "$module" 2>/dev/null || true; done |
  sed -n "s,^insmod $PWD/kernel/\([^ ]*\).*,\1,p" | sort -u |
  while read -r file; do install -D -m 644 "kernel/$file" "root/$file"; done
cp "kernel/lib/modules/$version"/modules.{builtin,order} "root/lib/modules/$version/"
depmod -b root "$version"

(cd root && find . | cpio --quiet -o -H newc -R 0:0 | gzip -9) >initrd.gz
truncate -s 16M disk.raw
rm -rf kernel root
