#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Newer ways of the kernel to hand packets on: NAPI and GRO in veth, its threads,
# XDP, lists of skbs, queueing disciplines. The journeys stay whole across them, and
# those of packets that are dropped say where and why.

. "$(dirname "$0")/lib.sh"

devices=(calmveth1 calmveth1_peer calmveth2_peer calmveth2)
datagrams=${DATAGRAMS:-100}

# Not /sys/fs/bpf: ip mounts another /sys when it enters a namespace.
bpf=$work/bpf

# The way from ns-calm2 to ns-calm1 that all kernels and protocols share.
bridged=(
	veth_xmit@calmveth2
	__netif_receive_skb_core@calmveth2_peer
	br_handle_frame@calmveth2_peer
	__br_forward@calmveth2_peer
	__dev_queue_xmit@calmveth1_peer
	veth_xmit@calmveth1_peer
	__netif_receive_skb_core@calmveth1
)

# since VERSION: is the kernel that new
since() { printf '%s\n' "$1" "$(uname -r)" | sort -V -C; }

# hits REGEX: of the points of that name
hits() {
	awk -v name="^($1)\$" '$2 ~ name { n += $6 } END { print n + 0 }' $debugfs/skbtrace.d/points
}
has_hits() { [ "$(hits "$1")" -gt 0 ] || { grep -E "$1" $debugfs/skbtrace.d/points; return 1; }; }

get() { random_file page "$2" && fetch "http://$1/page" && cmp "$work/www/page" "$work/fetched"; }
ping_it() { in2 ping -q -c 5 -i 0.05 -W 60 "$1"; }

# All but TCP at once, that is quicker.
traffic_of_all_kinds() {
	local pids=() pid
	udp_send 78.78.0.10 700 $datagrams & pids+=($!)
	udp_send fd78::10 700 $datagrams & pids+=($!)
	ping_it 78.78.0.10 & pids+=($!)
	ping_it fd78::10 & pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" || return
	done
	get 78.78.0.10 20000 && get '[fd78::10]' 20000 && get 78.78.0.10 300000
}

watched_traffic() {
	local status=0
	watch
	traffic_of_all_kinds || status=$?
	settled
	return $status
}

# whole SWITCH: four tests. Live, because attaching all points anew for each switch takes
# longer than the rest.
whole() {
	check "$1: UDP, TCP and ping arrive" undisturbed watched_traffic
	check "$1: UDP journeys are whole" judge whole udp 7878 $((2 * datagrams)) \
		"${bridged[@]}" __udp_enqueue_schedule_skb@calmveth1
	check "$1: ping's are" pings_whole
	check "$1: TCP journeys are whole" judge regrouped 10
}

pings_whole() { judge whole icmp - 10 && judge whole icmpv6 - 10; }

gro_on() {
	local dev
	for dev in "${devices[@]}"; do
		# As long as a device segments, its peer does not look for anything to merge.
		at "$dev" ethtool -K "$dev" gro on tso off || return
	done
}

gro_off() {
	local dev
	for dev in "${devices[@]}"; do
		at "$dev" ethtool -K "$dev" gro off tso on
	done
}

# threaded 0|1
threaded() {
	local dev
	for dev in "${devices[@]}"; do
		at "$dev" sh -c "echo $1 >/sys/class/net/$dev/threaded" || return
	done
}

test_gro() {
	gro_on
	whole "GRO on"
	check "GRO on: veth receives by NAPI" has_hits 'napi_gro_receive|gro_receive_skb'

	check "threaded NAPI is switched on" threaded 1
	whole "threaded NAPI"
	check "threaded NAPI: the devices' threads receive" judge threads udp 7878 \
		calmveth2_peer calmveth1
	threaded 0

	# Bursts, because veth's NAPI empties its ring faster than one task fills it.
	tc qdisc add dev calmveth1_peer root netem slot 20ms 20ms
	whole "lists of skbs"
	check "lists of skbs: there were some" judge batched "$(gro_function)@calmveth1" \
		__netif_receive_skb_core@calmveth1
	check "lists of skbs: ip_list_rcv has them" lists_received
	tc qdisc del dev calmveth1_peer root
	gro_off
}

gro_function() {
	[ "$(hits napi_gro_receive)" = 0 ] && echo gro_receive_skb || echo napi_gro_receive
}
# Single packets come by ip_rcv() to ip_rcv_core(), if that is a function of its own.
lists_received() {
	{ [ "$(hits ip_rcv_core)" = 0 ] || judge path udp dport=7878 ip_rcv_core@calmveth1; } &&
		judge avoids udp 7878 ip_rcv@calmveth1 ipv6_rcv@calmveth1
}

# with_xdp NAME MODE PROGRAM DEVICE...
with_xdp() {
	local name=$1 mode=$2 program=$3 dev
	shift 3
	check "$name: attached" attach "$mode" "$program" "$@"
	whole "$name"
	for dev; do
		at "$dev" ip link set dev "$dev" "$mode" off
	done
}

attach() {
	local mode=$1 program=$2 dev netns
	shift 2
	for dev; do
		netns=
		case $dev in *_peer) ;; *) netns=ns-${dev/veth/} ;; esac
		ip ${netns:+-n "$netns"} link set dev "$dev" "$mode" pinned "$program" || return
	done
}

programs() {
	mkdir -p "$bpf" && mount -t bpf bpf "$bpf" || return
	py offloads.py xdp-pass "$bpf/pass" || return
	! since 5.18 || py offloads.py xdp-pass "$bpf/frags" frags
}

test_xdp() {
	local pass=$bpf/pass frags=$bpf/frags
	check "XDP programs are loaded" programs
	with_xdp "XDP on calmveth1" xdpdrv "$pass" calmveth1
	with_xdp "XDP on calmveth2_peer" xdpdrv "$pass" calmveth2_peer
	with_xdp "XDP on all devices" xdpdrv "$pass" "${devices[@]}"
	with_xdp "generic XDP on calmveth2_peer" xdpgeneric "$pass" calmveth2_peer
	[ -e "$frags" ] || frags=$pass
	with_xdp "generic XDP with fragments on calmveth1" xdpgeneric "$frags" calmveth1
	umount "$bpf"
}

# reason NAME: the kernel's name of it, nothing where kernels give no reasons
reason() { ! grep -q '^[0-9]' $debugfs/skbtrace.d/reasons || echo "$1"; }

send_100() { py -n ns-calm2 udp.py send "$1" 700 100; }

# drops WHAT ADDRESS MIN MAX AFTER REASON: of 100 datagrams
drops() {
	local why
	why=$(reason "$6")
	watch
	send_100 "$2"
	settled
	check "$1: dropped after $5${why:+, $why}" \
		judge dropped udp 7878 "$3" "$4" "$5" ${why:+"$why"}
}

stop_receiver() { kill "$receiver"; wait "$receiver"; } 2>/dev/null

test_drops() {
	local address handler
	for address in 78.78.0.10 fd78::10; do
		handler=udp_rcv
		[ "$address" = 78.78.0.10 ] || handler=udpv6_rcv
		drops "closed port, $address" "$address" 100 100 $handler@calmveth1 NO_SOCKET
		in_background ns-calm1 /usr/bin/python3 -ES "$dir/offloads.py" full "$address"
		receiver=$!
		until_true 60 has_port udp 7878
		drops "full socket, $address" "$address" 90 99 \
			__udp_enqueue_schedule_skb@calmveth1 SOCKET_RCVBUFF
		stop_receiver
	done
	in1 nft -f - <<-END
		table inet skbtrace {
			chain input {
				type filter hook input priority 0
				udp dport 7878 drop
			}
		}
	END
	drops "nft drop, IPv4" 78.78.0.10 100 100 ip_local_deliver@calmveth1 NETFILTER_DROP
	drops "nft drop, IPv6" fd78::10 100 100 ip6_input@calmveth1 NETFILTER_DROP
	in1 nft delete table inet skbtrace
}

# with_qdisc QDISC ARGUMENT...
with_qdisc() {
	tc qdisc add dev calmveth1_peer root "$@" ||
		{ skip 4 "$1" "this machine or kernel has no such qdisc"; return; }
	whole "$1"
	tc qdisc del dev calmveth1_peer root
}

test_qdiscs() {
	with_qdisc netem delay 5ms
	with_qdisc fq_codel
	with_qdisc tbf rate 100mbit burst 64k latency 400ms
	tc qdisc add dev calmveth1_peer root tbf rate 100kbit burst 1600 limit 3000
	in_background ns-calm1 /usr/bin/python3 -ES "$dir/udp.py" receive 78.78.0.10 100
	receiver=$!
	until_true 60 has_port udp 7878
	drops "tbf that is too small" 78.78.0.10 50 99 __dev_queue_xmit@calmveth1_peer QDISC_DROP
	stop_receiver
	tc qdisc del dev calmveth1_peer root
}

ktap_print_header
ktap_set_plan 62
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
http_up
load

if since 5.13; then
	test_gro
else
	skip 17 "veth's NAPI, its threads, lists of skbs" "veth has no GRO before 5.13"
fi
if since 4.19; then
	test_xdp
else
	skip 26 "XDP" "veth has none before 4.19"
fi
test_qdiscs
test_drops
ktap_finished
