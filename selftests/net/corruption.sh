#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Payload changed on purpose, silently, at each hook of tc on the way: the verdict
# names the two hops between which it lies, of all packets that were changed and of
# no others.

. "$(dirname "$0")/lib.sh"

# From where on the byte to be overwritten is in all packets; small ones have it in
# their linear part, super-packets of this size at 40000.
small=600 large=41000

# garble DEVICE ingress|egress: overwrite one byte of each web page and datagram
# that is as long, and leave checksums alone
garble() {
	local filter="filter add dev $1 $2 protocol"
	local near="action pedit munge offset $small u8 set 0x5a"
	local far="action pedit munge offset 40000 u8 set 0x5a"
	local tcp="protocol 6 0xff" udp="protocol 17 0xff"

	# u32 has no greater than: both bits, 40960 bytes and more. Of IP fragments only
	# the first has ports, and an IPv6 one has them behind another header.
	at "$1" tc -batch - <<-END
		qdisc add dev $1 clsact
		$filter ip prio 1 u32 match ip $tcp match ip sport 80 0xffff match u16 0xa000 0xa000 at 2 $far
		$filter ip prio 2 u32 match ip $tcp match ip sport 80 0xffff $near
		$filter ip prio 3 u32 match ip $udp match ip dport 7878 0xffff $near
		$filter ip prio 4 u32 match ip $udp match u16 0x2000 0x2000 at 6 $near
		$filter ipv6 prio 5 u32 match ip6 $tcp match ip6 sport 80 0xffff match u16 0xa000 0xa000 at 4 $far
		$filter ipv6 prio 6 u32 match ip6 $tcp match ip6 sport 80 0xffff $near
		$filter ipv6 prio 7 u32 match ip6 $udp match ip6 dport 7878 0xffff $near
		$filter ipv6 prio 8 u32 match ip6 protocol 44 0xff $near
	END
}

# Of 20812 bytes the last fragment is too short to be changed.
send_datagrams() {
	local netns=(-n "ns-calm$(($1 - 9))")
	[ "$1" != 1 ] || netns=()
	py ${netns[@]+"${netns[@]}"} udp.py burst "78.78.0.$2,fd78::$2" 7878:900 7878:20812 7879:900
}

# changed FROM TO DEVICE HOOK AFTER BEFORE: three tests
changed() {
	local from=$1 to=$2 dev=$3 what="$3 $4" place="$5..$6"
	garble "$dev" "$4" || echo "# $what: no pedit"
	watch
	check "$what: the client gets garbled pages" pages_are_garbled "$from" "$to"
	send_datagrams "$from" "$to"
	settled
	attributed "$what: TCP and UDP changed in $place" only "$place" \
		tcp/4/80/$small/2 tcp/6/80/$small/2 tcp/4/80/$large/1 tcp/6/80/$large/1 \
		udp/4/7878/$small/6 udp/6/7878/$small/6
	heal "$dev"
}

# From a host to the next: where packets leave, and where they arrive.
leaving() { changed "$1" "$2" "$3" egress "__dev_queue_xmit@$3" "dev_hard_start_xmit@$3"; }
arriving() { changed "$1" "$2" "$3" ingress "__netif_receive_skb_core@$3" "ip_rcv|ipv6_rcv@$3"; }
bridged() { changed "$1" "$2" "$3" ingress "__netif_receive_skb_core@$3" "br_handle_frame@$3"; }

ktap_print_header
ktap_set_plan 22
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
modprobe -a sch_ingress cls_u32 act_pedit
servers_up 150000 || { ktap_test_fail "web servers"; ktap_finished; }
load
# Super-packets as large as can be, from the first on: they take half a window. Once
# these parameters were init's alone.
for host in 1 10 11; do
	on $host sysctl -q -w net.ipv4.tcp_min_tso_segs=64 \
		net.ipv4.tcp_rmem='4096 1000000 4000000' 2>/dev/null
	dev=calmveth$((host - 9))
	[ $host != 1 ] || dev=calmbr
	on $host ip route change 78.78.0.0/24 dev $dev initcwnd 64 initrwnd 100
	on $host ip route change fd78::/64 dev $dev metric 256 initcwnd 64 initrwnd 100
done

leaving 10 11 calmveth1
bridged 10 11 calmveth1_peer
leaving 10 11 calmveth2_peer
arriving 10 11 calmveth2
leaving 11 10 calmveth2
bridged 11 10 calmveth2_peer
leaving 11 10 calmveth1_peer
arriving 11 10 calmveth1
arriving 10 1 calmbr
leaving 1 11 calmbr

watch
check "healed: the pages are right" pages_arrive 10 11
settled
attributed "healed: nothing is changed" only -
corruption_finished
