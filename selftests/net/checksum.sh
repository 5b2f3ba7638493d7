#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# verify_csum=1: what the packet's own checksum says at each hop.

. "$(dirname "$0")/lib.sh"

offload() { in1 ethtool -K calmveth1 tx "$1" >/dev/null && in2 ethtool -K calmveth2 tx "$1" >/dev/null; }

checksums() { judge checksums "$@"; }

# watched COMMAND...
watched() { watch && "$@"; settled; }

pings() {
	in2 ping -q -c 3 -i 0.05 -W 60 78.78.0.10 >/dev/null &&
		in2 ping -q -c 3 -i 0.05 -W 60 fd78::10 >/dev/null
}
ping_checksums() { checksums icmp ok 6 && checksums icmpv6 ok 6; }

# A byte of the payload is changed, and the checksum left alone.
garble() {
	tc qdisc add dev calmveth2_peer clsact &&
		tc filter add dev calmveth2_peer ingress protocol ip prio 1 u32 \
			match ip dport 7878 0xffff action pedit munge offset 600 u8 set 0x5a
}
garbled() {
	quiet
	skbtrace report >"$work/report"
	grep -A3 ' udp .*:7878' "$work/report" | grep 'checksum BAD at br_handle_frame on calmveth2_peer'
}

# Broken datagrams come from outside; do they arrive at the application?
from_tap() {
	local mac
	mac=$(in1 cat /sys/class/net/calmveth1/address)
	mkfifo "$work/tap" || return
	/usr/bin/python3 -ES "$dir/tap.py" calmtap 02:00:00:00:78:78 78.78.0.99 "$mac" 78.78.0.10 20 \
		<"$work/tap" >"$work/tap.out" 2>&1 &
	exec 7>"$work/tap"
	until_true 60 grep -q ready "$work/tap.out" || { cat "$work/tap.out"; return 1; }
	ip link set calmtap master calmbr up
	in1 ip neigh replace 78.78.0.99 lladdr 02:00:00:00:78:78 dev calmveth1
	in1 /usr/bin/python3 -ES "$dir/udp.py" receive 78.78.0.10 20 >/dev/null 2>&1 &
	until_true 60 has_port udp 7878 || return
	echo go >&7
	until_true 60 seen_from_tap || return
	quiet
	# Those that are to arrive have; the receiver waits for the others for minutes.
	until_true 2 not kill -0 $! && arrived=1
	kill $! 2>/dev/null
	wait $! 2>/dev/null
	return 0
}
seen_from_tap() {
	[ "$(grep -c ' udp_rcv .*78\.78\.0\.99:' $debugfs/skbtrace)" -ge 20 ]
}

# Each of them is said to be bad from the start, and what became of it.
bad_from_tap() {
	local end='dropped after udp_rcv'
	# RHEL 7's veth takes all checksums for right (ce8c839b74e3, 4.4).
	[ -z "$arrived" ] || end='delivered by .*'
	skbtrace report >"$work/report"
	grep -A2 ' udp 78.78.0.99:' "$work/report" >"$work/headings"
	cat "$work/headings"
	[ "$(grep -c "payload intact; $end" "$work/headings")" = 20 ] &&
		[ "$(grep -c 'checksum BAD at __netif_receive_skb_core on calmtap.*'"${arrived:+all the same}" \
			"$work/headings")" = 20 ]
}

ktap_print_header
ktap_set_plan 9
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
http_up
random_file page 3000

load verify_csum=1
offload on
watched udp_send 78.78.0.10 700 20
check "UDP, computed by the device: partial all the way" checksums udp partial 20
offload off
watched udp_send 78.78.0.10 700 20
check "UDP, computed by the sender: ok all the way" checksums udp ok 20
watched udp_send fd78::10 700 20
check "UDP over IPv6: ok" checksums udp ok 20
watched fetch http://78.78.0.10/page
check "TCP: ok" checksums tcp ok 2
watched pings
check "ICMP and ICMPv6: ok" ping_checksums
watched py -n ns-calm2 udp.py send-unchecked 78.78.0.10 700 20
check "UDP without checksum: none" checksums udp none 20
modprobe -a sch_ingress cls_u32 act_pedit
garble
py -n ns-calm2 udp.py send 78.78.0.10 1000 20
check "garbled at calmveth2_peer: bad from there on" garbled
tc qdisc del dev calmveth2_peer clsact
offload on
arrived=
if modprobe tun 2>/dev/null && [ -e /dev/net/tun ]; then
	fresh_trace verify_csum=1 dev='veth*,calm*'
	check "broken datagrams from outside" from_tap
	check "they are said to be bad, and dropped or delivered" bad_from_tap
	exec 7>&-
else
	ktap_test_skip "broken datagrams from outside: no module tun"
	ktap_test_skip "they are said to be bad: no module tun"
fi
ktap_finished
