#!/bin/busybox sh
# The guest's first process: loads the modules of one host controller, runs the tests, powers off.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
controller=none
for word in $($b cat /proc/cmdline); do
    case $word in usbd_acm.controller=*) controller=${word#*=} ;; esac
done
while read -r module; do
    $b insmod "$module" || echo "insmod $module failed"
done < "/modules/$controller.list"
# udev would do this; the devices' files come by devtmpfs.
tries=0
while [ ! -e /dev/vport0p1 ] && [ $tries -lt 100 ]; do
    $b usleep 20000
    tries=$((tries + 1))
done
/bin/guest || echo "the guest program failed"
$b sync
$b poweroff -f
