#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the network does to packets without harm, bridged: no journey is called changed.

. "$(dirname "$0")/lib.sh"

devices=(calmveth1 calmveth1_peer calmbr calmveth2_peer calmveth2)

# About a thousand packets a line; that many times as many.
scale=${SCALE:-1}

# in_place DEVICE COMMAND...: in the namespace where the device is
in_place() {
	local dev=$1
	shift
	case $dev in
	calmveth1) in1 "$@" ;;
	calmveth2) in2 "$@" ;;
	*) "$@" ;;
	esac
}

# tcp_and_udp BYTES COUNT: from ns-calm2 to ns-calm1, TCP there and back
tcp_and_udp() {
	traffic stream ns-calm1 ns-calm2 tcp 78.78.0.10 8080 8080 $(($1 * scale)) &&
		traffic datagrams ns-calm1 ns-calm2 udp 78.78.0.10 7878 7878 700 $(($2 * scale))
}

iperf() {
	in_background ns-calm1 iperf3 -s -1
	until_true 60 has_port tcp 5201
	in2 iperf3 -c 78.78.0.10 -n "$1" --bidir
}

# download MB
download() {
	random_file big $(($1 << 20)) && in2 curl -s "${curl_options[@]}" -o "$work/fetched" http://78.78.0.10/big &&
		md5sum "$work/www/big" "$work/fetched" &&
		[ "$(md5sum <"$work/www/big")" = "$(md5sum <"$work/fetched")" ]
}

test_bulk() {
	local mb=${MEGABYTES:-20}
	http_up
	benign "iperf3, both ways at once" 100 iperf 8M
	benign "HTTP, $mb MB" 300 download "$mb"
	rm -f "$work/www/big" "$work/fetched"
}

segmentation() {
	in1 ethtool -K calmveth1 tso "$1" gso "$1"
	in2 ethtool -K calmveth2 tso "$1" gso "$1"
}

# lossy NAME RETRANSMISSIONS ARGUMENT...: of netem, for what goes to ns-calm1
lossy() {
	local name=$1 retransmissions=$2
	shift 2
	tc qdisc add dev calmveth1_peer root netem "$@" || { skip 3 "$name" "no netem"; return; }
	benign "$name" $((700 * scale)) traffic_with_loss
	check "$name: retransmissions are journeys of their own, and said to be such" \
		judge retransmitted "$retransmissions"
	tc qdisc del dev calmveth1_peer root
}

traffic_with_loss() {
	traffic stream ns-calm1 ns-calm2 tcp 78.78.0.10 8080 8080 $((800000 * scale)) &&
		traffic datagrams ns-calm1 ns-calm2 udp 78.78.0.10 7878 7878 700 $((600 * scale)) lossy
}

test_loss() {
	modprobe -q sch_netem
	segmentation off
	lossy "2% lost" 5 loss 2%
	lossy "lost, out of order and twice" 5 \
		loss 2% delay 3ms reorder 25% duplicate 1%
	segmentation on
}

test_checksum_offload() {
	local dev
	for dev in "${devices[@]}"; do
		in_place "$dev" ethtool -K "$dev" tx off >/dev/null 2>&1
	done
	benign "without checksum offload" $((1000 * scale)) tcp_and_udp 500000 1000
	for dev in "${devices[@]}"; do
		in_place "$dev" ethtool -K "$dev" tx on >/dev/null 2>&1
	done
	segmentation on
}

test_offloads() {
	benign "tso, gso and gro on and off, 64 combinations" 1000 \
		traffic offloads ns-calm1:calmveth1 ns-calm2 78.78.0.10 60000 10 \
		calmveth1_peer calmveth2_peer
	in1 ethtool -K calmveth1 tso on gso on gro off
	ethtool -K calmveth1_peer tso on gso on gro off
	ethtool -K calmveth2_peer tso on gso on gro off
}

# Each has its socket.
sniffers_up() {
	[ "$(wc -l </proc/net/packet)" -gt 3 ] && [ "$(in1 wc -l /proc/net/packet | cut -d" " -f1)" -gt 1 ] &&
		[ "$(in2 wc -l /proc/net/packet | cut -d" " -f1)" -gt 1 ]
}

test_sniffers() {
	local dev pids=()
	for dev in "${devices[@]}"; do
		case $dev in
		calmveth1) in_background ns-calm1 tcpdump -i "$dev" -w /dev/null ;;
		calmveth2) in_background ns-calm2 tcpdump -i "$dev" -w /dev/null ;;
		*) tcpdump -i "$dev" -w /dev/null 2>/dev/null & ;;
		esac
		pids+=($!)
	done
	until_true 60 sniffers_up
	benign "tcpdump on every device" $((1000 * scale)) tcp_and_udp 500000 1000
	benign "tcpdump on every device, fragments" $((300 * scale)) fragments_both
	kill "${pids[@]}"
	wait "${pids[@]}"
}

test_bridge_netfilter() {
	local on
	for on in 0 1; do
		sysctl -q net.bridge.bridge-nf-call-iptables=$on net.bridge.bridge-nf-call-ip6tables=$on
		benign "bridge-nf-call-iptables $on" $((1000 * scale)) tcp_and_udp 500000 1000
	done
}

test_fragments() {
	local address
	for address in 78.78.0.10 fd78::10; do
		benign "4000 bytes in fragments, $address" $((400 * scale)) \
			traffic datagrams ns-calm1 ns-calm2 udp $address 7878 7878 4000 $((400 * scale))
		benign "20000 bytes in fragments, $address" $((100 * scale)) \
			traffic datagrams ns-calm1 ns-calm2 udp $address 7878 7878 20000 $((100 * scale))
	done
}

# With connection tracking the bridge puts fragments together and cuts them up again.
test_tracking() {
	if nft -f - <<-END
		table inet skbtrace {
			chain prerouting {
				type filter hook prerouting priority 0
				ct state invalid drop
			}
		}
	END
	then
		benign "fragments in a bridge that tracks connections, nft inet" $((300 * scale)) \
			fragments_both
		nft delete table inet skbtrace
	else
		skip 2 "nft inet with ct" "not in this kernel"
	fi
	if iptables -A FORWARD -m state --state ESTABLISHED -j ACCEPT &&
	   ip6tables -A FORWARD -m state --state ESTABLISHED -j ACCEPT; then
		benign "fragments in a bridge that tracks connections, iptables" $((300 * scale)) \
			fragments_both
	else
		skip 2 "iptables with -m state" "not in this kernel"
	fi
	iptables -F FORWARD
	ip6tables -F FORWARD
	if nft -f - <<-END
		table bridge skbtrace {
			chain forward {
				type filter hook forward priority 0
				ct state invalid drop
			}
		}
	END
	then
		sysctl -q net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
		benign "fragments in a bridge that tracks connections, nft bridge" $((300 * scale)) \
			fragments_both
		sysctl -q net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
		nft delete table bridge skbtrace
	else
		skip 2 "nft bridge with ct" "not in this kernel"
	fi
}

fragments_both() {
	traffic datagrams ns-calm1 ns-calm2 udp 78.78.0.10 7878 7878 5000 $((150 * scale)) &&
		traffic datagrams ns-calm1 ns-calm2 udp fd78::10 7878 7878 5000 $((150 * scale))
}

test_protocols() {
	if modprobe -q sctp; then
		# What waits goes into one packet.
		benign "SCTP" $((400 * scale)) \
			traffic stream ns-calm1 ns-calm2 sctp 78.78.0.10 8080 8080 $((400000 * scale))
		# The checksum is filled in there.
		ethtool -K calmveth1_peer tx-checksum-sctp off
		benign "SCTP, checksum not offloaded behind the bridge" $((400 * scale)) \
			traffic stream ns-calm1 ns-calm2 sctp 78.78.0.10 8080 8080 $((400000 * scale))
		ethtool -K calmveth1_peer tx-checksum-sctp on
	else
		skip 4 "SCTP" "not in this kernel"
	fi
	benign "IP protocol 253" $((1000 * scale)) \
		traffic datagrams ns-calm1 ns-calm2 253 78.78.0.10 0 0 700 $((1000 * scale))
	benign "IP protocol 253 over IPv6" $((1000 * scale)) \
		traffic datagrams ns-calm1 ns-calm2 253 fd78::10 0 0 700 $((1000 * scale))
}

# To all ports and up: one journey with branches, not one for each.
test_flooding() {
	local address
	ip addr add 78.78.0.1/24 brd 78.78.0.255 dev calmbr
	ip link add calmdummy type dummy
	ip link set calmdummy master calmbr up
	for address in 239.7.8.9 78.78.0.255 ff15::7878; do
		benign "flooded, $address" 500 traffic flood ns-calm2:calmveth2 $address 700 500 \
			ns-calm1:calmveth1 -:calmbr
		check "flooded, $address: one journey each, on all devices" judge branches udp 7878 500 \
			"${devices[@]}" calmdummy
	done
	ip link del calmdummy
}

ktap_print_header
ktap_set_plan 53
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
for t in ${BENIGN:-bulk loss checksum_offload offloads sniffers bridge_netfilter fragments \
	tracking protocols flooding}; do
	start=$SECONDS
	"test_$t"
	echo "# $t: $((SECONDS - start)) s"
done
benign_finished
