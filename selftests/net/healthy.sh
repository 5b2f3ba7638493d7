#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that nothing happens to: every journey intact, every hop in its place.

. "$(dirname "$0")/lib.sh"

# The way from ns-calm2 to ns-calm1, as far as all kernels and protocols share it.
bridged=(
	veth_xmit@calmveth2
	netif_rx_internal@calmveth2_peer
	__netif_receive_skb_core@calmveth2_peer
	br_handle_frame@calmveth2_peer
	br_nf_pre_routing@calmveth2_peer
	br_handle_frame_finish@calmveth2_peer
	__br_forward@calmveth2_peer
	br_forward_finish@calmveth1_peer
	br_nf_post_routing@calmveth1_peer
	br_dev_queue_push_xmit@calmveth1_peer
	__dev_queue_xmit@calmveth1_peer
	dev_hard_start_xmit@calmveth1_peer
	veth_xmit@calmveth1_peer
	netif_rx_internal@calmveth1
	__netif_receive_skb_core@calmveth1
)
out=(__dev_queue_xmit@calmveth2 dev_hard_start_xmit@calmveth2 "${bridged[@]}")
ipv4=(ip_output@calmveth2 ip_finish_output2@calmveth2 "${out[@]}"
	ip_rcv@calmveth1 ip_local_deliver@calmveth1)
ipv6=(ip6_output@calmveth2 ip6_finish_output2@calmveth2 "${out[@]}"
	ipv6_rcv@calmveth1 ip6_input@calmveth1)

tcp() { random_file page 20000 && fetch "http://$1/page" && cmp "$work/www/page" "$work/fetched"; }
ping1() { in2 ping -q -c 5 -i 0.05 -W 60 "$1"; }
arp_and_ping() { in2 ip neigh flush all; ping1 "$1"; }

# What a command leaves in the ring is looked at when it stands still, and all of it once.
# Where probes were skipped the ring is begun anew.
traced() {
	[ "$(missed)" = 0 ] || fresh_trace || return
	"$@" || return
	quiet
	skbtrace report --json >"$work/journeys.json" || return
	checked=0
	skbtrace check >"$work/check.out" || checked=$?
}

check_exits_0() { cat "$work/check.out"; return "$checked"; }

# RHEL 7's compiler may have put ip_finish_output2() into its only caller and kept a copy
# that nobody calls.
without_inlined() {
	awk '$2 == "ip_finish_output2" { hits = $6 } END { exit hits == 0 }' \
		$debugfs/skbtrace.d/points && return
	echo "# ip_finish_output2: not called in this kernel"
	ipv4=(ip_output@calmveth2 "${ipv4[@]:2}")
}

ktap_print_header
ktap_set_plan 25
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
http_up

fresh_trace
case $(uname -r) in
3.10.*) ping1 78.78.0.10 >/dev/null; without_inlined ;;
esac
transmit=$(first_active __tcp_transmit_skb tcp_transmit_skb)
# Before 3.19 TCP copies straight to a reader that waits.
queued=(tcp_queue_rcv@)
[ "$(first_active skb_copy_datagram_iovec)" != skb_copy_datagram_iovec ] || queued=()
check "TCP over IPv4 arrives" undisturbed traced tcp 78.78.0.10
check "its journeys are intact and delivered" judge intact tcp 5
check "the request passes every hop" judge path tcp dport=80 \
	"$transmit@calmveth2" ip_queue_xmit@calmveth2 "${ipv4[@]}" \
	tcp_v4_rcv@calmveth1 "${queued[@]}"
check "the answer comes back to calmveth2" judge path tcp sport=80 \
	veth_xmit@calmveth1 br_handle_frame@calmveth1_peer \
	__br_forward@calmveth1_peer veth_xmit@calmveth2_peer \
	tcp_v4_rcv@calmveth2 "${queued[@]}"
check "nothing else is unverified" judge clean
check "skbtrace check exits 0" check_exits_0

check "TCP over IPv6 arrives" undisturbed traced tcp '[fd78::10]'
check "its journeys are intact and delivered" judge intact tcp 5
check "the request passes every hop" judge path tcp dport=80 \
	"$transmit@calmveth2" inet6_csk_xmit@calmveth2 "${ipv6[@]}" \
	tcp_v6_rcv@calmveth1 "${queued[@]}"
check "skbtrace check exits 0" check_exits_0

check "UDP over IPv4 arrives" undisturbed traced udp_send 78.78.0.10 700 50
check "its journeys are intact and delivered" judge intact udp 50
check "they pass every hop" judge path udp dport=7878 \
	ip_send_skb@calmveth2 "${ipv4[@]}" \
	udp_rcv@calmveth1 __udp_enqueue_schedule_skb@calmveth1
check "skbtrace check exits 0" check_exits_0

check "UDP over IPv6 arrives" undisturbed traced udp_send fd78::10 700 50
check "its journeys are intact and delivered" judge intact udp 50
check "they pass every hop" judge path udp dport=7878 \
	ip6_send_skb@calmveth2 "${ipv6[@]}" \
	udpv6_rcv@calmveth1 __udp_enqueue_schedule_skb@calmveth1
check "skbtrace check exits 0" check_exits_0

check "ICMP arrives" undisturbed traced arp_and_ping 78.78.0.10
check "its journeys are intact and delivered" judge intact icmp 10
check "so are those of ARP" judge intact arp 1
check "nothing else is unverified" judge clean

check "ICMPv6 arrives" undisturbed traced ping1 fd78::10
check "its journeys are intact and delivered" judge intact icmpv6 10
check "skbtrace check exits 0" check_exits_0
ktap_finished
