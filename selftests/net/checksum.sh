#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# verify_csum=1: what the packet's own checksum says at each hop.

. "$(dirname "$0")/lib.sh"

offload() { in1 ethtool -K calmveth1 tx "$1" >/dev/null && in2 ethtool -K calmveth2 tx "$1" >/dev/null; }

checksums() { sleep 1; journeys checksums "$@"; }

pings() {
	in2 ping -q -c 3 -i 0.2 78.78.0.10 >/dev/null && in2 ping -q -c 3 -i 0.2 fd78::10 >/dev/null
}
ping_checksums() { checksums icmp ok 6 && checksums icmpv6 ok 6; }

# A byte of the payload is changed, and the checksum left alone.
garble() {
	tc qdisc add dev calmveth2_peer clsact &&
		tc filter add dev calmveth2_peer ingress protocol ip prio 1 u32 \
			match ip dport 7878 0xffff action pedit munge offset 600 u8 set 0x5a
}
garbled() {
	sleep 1
	skbtrace report >"$work/report"
	grep -A3 ' udp .*:7878' "$work/report" | grep 'checksum BAD at br_handle_frame on calmveth2_peer'
}

# Broken datagrams come from outside; do they arrive at the application?
from_tap() {
	local mac
	mac=$(in1 cat /sys/class/net/calmveth1/address)
	mkfifo "$work/tap" || return
	/usr/bin/python3 "$dir/tap.py" calmtap 02:00:00:00:78:78 78.78.0.99 "$mac" 78.78.0.10 20 \
		<"$work/tap" >"$work/tap.out" 2>&1 &
	exec 7>"$work/tap"
	until_true 60 grep -q ready "$work/tap.out" || { cat "$work/tap.out"; return 1; }
	ip link set calmtap master calmbr up && sleep 1
	in1 ip neigh replace 78.78.0.99 lladdr 02:00:00:00:78:78 dev calmveth1
	in1 timeout 5 /usr/bin/python3 "$dir/udp.py" receive 78.78.0.10 20 >/dev/null 2>&1 &
	sleep 1
	echo go >&7
	wait $! && arrived=1
	return 0
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

fresh_trace verify_csum=1
offload on
udp_send 78.78.0.10 700 20
check "UDP, computed by the device: partial all the way" checksums udp partial 20
offload off
fresh_trace verify_csum=1
udp_send 78.78.0.10 700 20
check "UDP, computed by the sender: ok all the way" checksums udp ok 20
fresh_trace verify_csum=1
udp_send fd78::10 700 20
check "UDP over IPv6: ok" checksums udp ok 20
fresh_trace verify_csum=1
fetch http://78.78.0.10/page
check "TCP: ok" checksums tcp ok 2
fresh_trace verify_csum=1
pings
check "ICMP and ICMPv6: ok" ping_checksums
fresh_trace verify_csum=1
in2 /usr/bin/python3 "$dir/udp.py" send-unchecked 78.78.0.10 700 20
check "UDP without checksum: none" checksums udp none 20
modprobe -a sch_ingress cls_u32 act_pedit
garble
fresh_trace verify_csum=1
in2 /usr/bin/python3 "$dir/udp.py" send 78.78.0.10 1000 20
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
