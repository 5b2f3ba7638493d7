#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One of two hosts: a container whose veth is in a bridge, from there to the other's over
# VXLAN and a network card.
#
#   c: vc == vcp - br0 - vxlan0 . eth0        (10.9.0.NR; 192.168.9.NR)
#
#	guest.sh NR
#
# What its module has recorded goes to /dev/ttyS3, compressed.

set -euo pipefail
nr=$1 other=$((3 - $1))
here=$(dirname "$0")
say() { echo "# host $nr: $*"; }

hostname "host-$nr"
# Its clock is wrong.
[ "$nr" = 1 ] || date -s "@$(($(date +%s) + 10))" >/dev/null
# Where these are not built in.
modprobe virtio_pci 2>/dev/null || true
modprobe virtio_net 2>/dev/null || true
for _ in $(seq 100); do
	[ ! -d /sys/class/net/eth0 ] || break
	sleep 0.1
done
modprobe -a veth bridge vxlan
ip -batch - <<-END
	addr add 192.168.9.$nr/24 dev eth0
	link set eth0 up
	link add vxlan0 type vxlan id 42 local 192.168.9.$nr remote 192.168.9.$other dstport 4789 dev eth0
	link add br0 type bridge
	netns add c
	link add vc mtu 1450 type veth peer name vcp mtu 1450
	link set vc netns c
	link set vcp master br0 up
	link set vxlan0 master br0 up
	link set br0 up
END
ip -n c -batch - <<-END
	link set lo up
	addr add 10.9.0.$nr/24 dev vc
	link set vc up
END

# corrupt DEVICE PORT: a byte of what goes to that port is another one behind the device
corrupt() {
	modprobe -a act_pedit cls_u32 sch_ingress 2>/dev/null || true
	tc qdisc add dev "$1" ingress
	tc filter add dev "$1" parent ffff: protocol ip prio 1 u32 match ip protocol 17 0xff \
		match ip dport "$2" 0xffff action pedit munge offset 300 u8 set 0x7f
}
case $nr in
1) corrupt vcp 7001 ;;
2) corrupt vxlan0 7002 ;;
esac

insmod /skbtrace/skbtrace.ko ring_kb=32768 'dev=vc*,br0,vxlan0,eth0'
say "$(uname -r): traced"
case $nr in
1) ip netns exec c /usr/bin/python3 -ES "$here/traffic.py" send 10.9.0.2 ;;
2) ip netns exec c /usr/bin/python3 -ES "$here/traffic.py" receive ;;
esac
skbtrace record -D 1 -o /tmp/recorded
gzip -1 </tmp/recorded >/dev/ttyS3
say "$(stat -c %s /tmp/recorded) bytes recorded"
