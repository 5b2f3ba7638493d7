#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A pair of netkit devices, as of Cilium's pods: followed as veths are, with its peer, and a
# change at it is found.

. "$(dirname "$0")/lib.sh"

# pair l3|l2: kit1 in ns-calm1, its other end kit2 in ns-calm2
pair() {
	local i
	for i in 1 2; do
		ip netns add ns-calm$i
		ip -n ns-calm$i link set lo up
	done
	py -n ns-calm1 netkit.py kit1 kit2 ns-calm2 "$1" || return
	for i in 1 2; do
		ip -n ns-calm$i -batch - <<-END
			addr add 78.78.0.$((i + 9))/24 dev kit$i
			addr add fd78::$((i + 9))/64 dev kit$i nodad
			link set kit$i up
		END
	done
	until_true 60 in2 ping -q -c 1 -W 1 78.78.0.10 >/dev/null &&
		until_true 60 in2 ping -q -c 1 -W 1 fd78::10 >/dev/null
}

apart() {
	ip netns del ns-calm1
	ip netns del ns-calm2
}

# ADDRESS: fifty datagrams from ns-calm2, and a connection
all_arrive() {
	udp_send "$1" 700 50 && traffic stream ns-calm1 ns-calm2 tcp "$1" 8080 8080 100000
}

# What is sent to ns-calm1 is on its way from one to the other.
peers_are_shown() {
	skbtrace report --json 'udp port 7878' | tr '{' '\n' |
		awk '/"point":"netkit_xmit"/ { n[/"dev":"kit2"/ && /"peer":"kit1"/]++ }
		     END { print n[1] + 0, "shown,", n[0] + 0, "not"; exit !n[1] || n[0] }'
}

# healthy MODE
healthy() {
	local address
	load ring_kb=16384
	for address in 78.78.0.10 fd78::10; do
		benign "netkit $1, $address" 60 all_arrive $address
	done
	check "netkit $1: whole journeys, from one end to the other" \
		judge whole udp 7878 50 __dev_queue_xmit@kit2 netkit_xmit@kit2 \
		"__netif_receive_skb_core@kit1"
	check "netkit $1: the other end is shown" peers_are_shown
	unload
}

# corrupted MODE HOOK AFTER BEFORE: at kit2 where it leaves, at kit1 where it arrives
corrupted() {
	local mode=$1 hook=$2 space=ns-calm2 dev=kit2
	[ "$hook" = egress ] || { space=ns-calm1 dev=kit1; }
	tc -n $space -batch - <<-END
		qdisc add dev $dev clsact
		filter add dev $dev $hook protocol ip u32 match ip protocol 17 0xff action pedit munge offset 100 u8 invert
	END
	load
	py -n ns-calm2 udp.py send 78.78.0.10 700 20
	quiet
	reported=
	check "netkit $mode, a change at $hook of $dev" journeys changed udp "$3" "$4" 20
	unload
	tc -n $space qdisc del dev $dev clsact
}

ktap_print_header
ktap_set_plan 16
modprobe -qa sch_ingress cls_u32 act_pedit
for mode in l3 l2; do
	if ! pair $mode >"$work/pair" 2>&1; then
		apart
		skip 8 "netkit $mode" "not in this kernel: $(tail -n 1 "$work/pair")"
		continue
	fi
	healthy $mode
	corrupted $mode egress __dev_queue_xmit@kit2 dev_hard_start_xmit@kit2
	corrupted $mode ingress __netif_receive_skb_core@kit1 ip_rcv@kit1
	apart
done
benign_finished
