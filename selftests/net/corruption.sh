#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Payload changed on purpose, silently: the verdict names the two hops.

. "$(dirname "$0")/lib.sh"

# garble NETNS DEVICE ingress|egress PROTOCOL PORT-MATCH...: overwrite one byte
# of each packet that matches, 600 bytes into it, and leave checksums alone
garble() {
	local netns=$1 dev=$2 hook=$3
	shift 3
	tc ${netns:+-n "$netns"} qdisc add dev "$dev" clsact &&
		tc ${netns:+-n "$netns"} filter add dev "$dev" "$hook" protocol ip prio 1 \
			u32 match ip "$@" 0xffff action pedit munge offset 600 u8 set 0x5a
}

heal() { tc ${1:+-n "$1"} qdisc del dev "$2" clsact; }

# A page whose byte at the garbled place is not 0x5a already.
page() { head -c 900 /dev/zero | tr '\0' 'x' >"$work/www/page"; }

garbled_tcp() {
	fetch http://78.78.0.10/page || return
	[ "$(stat -c %s "$work/fetched")" = 900 ] || { echo "another length"; return 1; }
	not cmp -s "$work/www/page" "$work/fetched"
}

# exits STATUS: what skbtrace check says
exits() {
	local status
	skbtrace check >"$work/check.out" 2>&1
	status=$?
	cat "$work/check.out"
	[ $status = "$1" ]
}

# attributed NETNS DEVICE HOOK AFTER BEFORE: the HTTP answer is garbled there
attributed() {
	local netns=$1 dev=$2 hook=$3 after=$4 before=$5
	garble "$netns" "$dev" "$hook" sport 80 || { ktap_test_fail "pedit on $dev $hook"; return; }
	fresh_trace
	check "$dev $hook: the client gets a garbled body" garbled_tcp
	sleep 0.5
	set_parameter on 0
	check "$dev $hook: changed between $after and $before" \
		journeys changed tcp "$after" "$before"
	check "$dev $hook: skbtrace check exits 1" exits 1
	heal "$netns" "$dev"
}

attributed_udp() {
	garble ns-calm1 calmveth1 ingress dport 7878 || { ktap_test_fail "pedit"; return; }
	in2 ethtool -K calmveth2 tx-checksumming off >/dev/null
	fresh_trace
	in2 /usr/bin/python3 "$dir/udp.py" send 78.78.0.10 1000 20
	sleep 0.5
	set_parameter on 0
	check "UDP: changed on the way up, and dropped for its checksum or not" \
		journeys changed udp __netif_receive_skb_core@calmveth1 ip_rcv@calmveth1 20
	in2 ethtool -K calmveth2 tx-checksumming on >/dev/null
	heal ns-calm1 calmveth1
}

ktap_print_header
ktap_set_plan 15
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
modprobe -a sch_ingress cls_u32 act_pedit
http_up
page

attributed ns-calm1 calmveth1 egress __dev_queue_xmit@calmveth1 dev_hard_start_xmit@calmveth1
attributed '' calmveth1_peer ingress __netif_receive_skb_core@calmveth1_peer br_handle_frame@calmveth1_peer
attributed '' calmveth2_peer egress __dev_queue_xmit@calmveth2_peer dev_hard_start_xmit@calmveth2_peer
attributed ns-calm2 calmveth2 ingress __netif_receive_skb_core@calmveth2 ip_rcv@calmveth2
attributed_udp

fresh_trace
check "healed: the body is right" fetch http://78.78.0.10/page
sleep 0.5
check "healed: skbtrace check exits 0" exits 0
ktap_finished
