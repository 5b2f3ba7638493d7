#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Other ways to change payload than tc's hooks: nft, netem, a file overwritten while it
# is sent. And changes that are harder to name: several, undone ones, those of packets
# that are cut up.

. "$(dirname "$0")/lib.sh"

tcp=(tcp/4/80/600/2 tcp/6/80/600/2)
udp=(udp/4/7878/600/3 udp/6/7878/600/3)

# pedit DEVICE ingress|egress OFFSET BYTE: overwrite it in web pages and datagrams
pedit() {
	local filter="filter add dev $1 $2 protocol" action="action pedit munge offset $3 u8 set $4"
	at "$1" tc -batch - <<-END
		qdisc add dev $1 clsact
		$filter ip prio 1 u32 match ip protocol 6 0xff match ip sport 80 0xffff $action
		$filter ip prio 2 u32 match ip protocol 17 0xff match ip dport 7878 0xffff $action
		$filter ipv6 prio 3 u32 match ip6 protocol 6 0xff match ip6 sport 80 0xffff $action
		$filter ipv6 prio 4 u32 match ip6 protocol 17 0xff match ip6 dport 7878 0xffff $action
	END
}

send_datagrams() { py -n ns-calm1 udp.py burst 78.78.0.11,fd78::11 "$@"; }

# between AFTER BEFORE DEVICE
between() { echo "$1@$3..$2@$3"; }
leaving() { between __dev_queue_xmit dev_hard_start_xmit "$1"; }
# Of packets that leave a queue together dev_hard_start_xmit is given a list, and we see
# the first.
unqueued() { between __dev_queue_xmit "dev_hard_start_xmit|veth_xmit" "$1"; }

# garbled WHAT PLACES PACKETS...: two tests
garbled() {
	local what=$1
	watch
	check "$what: the client gets garbled pages" pages_are_garbled 10 11
	case "$*" in *udp/*) send_datagrams 7878:900 7879:900 ;; esac
	settled
	attributed "$what: changed in $2" only "${@:2}"
}

# in_bridge HOOK PLACE
in_bridge() {
	# Not after priority 0: there br_netfilter takes IP packets out of the hook.
	if ! nft -f - <<-END
		table bridge skbtrace {
			chain $1 {
				type filter hook $1 priority -200
				tcp sport 80 meta length >= 600 @th,2000,8 set 0x5a
				udp dport 7878 meta length >= 600 @th,2000,8 set 0x5a
			}
		}
	END
	then
		skip_or_fail 2 "nft in bridge $1"
		return
	fi
	garbled "nft in bridge $1" "$2" "${tcp[@]}" "${udp[@]}"
	nft delete table bridge skbtrace
}

# Only what is older than the feature may lack it.
skip_or_fail() {
	local i
	for ((i = 0; i < $1; i++)); do
		if printf '%s\n' "$(uname -r)" 4.5 | sort -V -C; then
			ktap_test_skip "$2: nftables writes payload since 4.5"
		else
			ktap_test_fail "$2"
		fi
	done
}

test_nft() {
	in_bridge prerouting "$(between br_handle_frame br_nf_pre_routing calmveth1_peer)"
	in_bridge forward "__br_forward@calmveth1_peer..br_nf_forward|br_nf_forward_ip@calmveth2_peer"
	in_bridge postrouting "$(between br_forward_finish br_nf_post_routing calmveth2_peer)"
}

# overwritten ADDRESS
overwritten() {
	local from to
	tr Z z </dev/urandom | head -c 12000 >"$work/tmpfs/file"
	cp "$work/tmpfs/file" "$work/original"
	watch
	in1 /usr/bin/python3 -ES "$dir/sendfile.py" :: "$work/tmpfs/file" >"$work/when" &
	until_true 60 has_port tcp 8080
	check "sendfile, $1: another file arrives" arrives_overwritten "$1"
	wait $!
	settled
	read -r from to <"$work/when"
	attributed "sendfile, $1: changed while netem had it" during "$(unqueued calmveth1)" \
		"$from" "$to" 8080
}

arrives_overwritten() {
	in2 /usr/bin/python3 -ES -c "import socket, sys
s = socket.create_connection(('$1', 8080), 120)
while data := s.recv(65536): sys.stdout.buffer.write(data)" >"$work/fetched"
	is_garbled "$work/original" "$work/fetched"
}

test_sendfile() {
	mkdir "$work/tmpfs" && mount -t tmpfs tmpfs "$work/tmpfs"
	tc -n ns-calm1 qdisc add dev calmveth1 root netem delay 1s
	overwritten 78.78.0.10
	overwritten fd78::10
	tc -n ns-calm1 qdisc del dev calmveth1 root
	umount "$work/tmpfs"
}

# netem flips a bit of the linear part: in headers as well, and they are all there is
# of it in many a TCP segment. Datagrams without a checksum arrive in spite of it.
test_netem() {
	tc qdisc add dev calmveth2_peer root netem corrupt 100%
	watch
	py udp.py differing ns-calm2 ns-calm1 78.78.0.11 100 >"$work/differing"
	settled
	attributed "netem: the $(cat "$work/differing") datagrams that differ are changed there" \
		seen "$(unqueued calmveth2_peer)" "$(cat "$work/differing")"
	tc qdisc change dev calmveth2_peer root netem corrupt 20%
	watch
	# It may take for ever.
	in2 curl -s -m 5 -o "$work/fetched" http://78.78.0.10/large
	settled
	attributed "netem: no TCP journey is changed elsewhere" \
		seen "$(unqueued calmveth2_peer)" -
	tc qdisc del dev calmveth2_peer root
}

test_several() {
	local two
	two="$(leaving calmveth1),$(leaving calmveth2_peer)"
	pedit calmveth1 egress 600 0x5a
	pedit calmveth2_peer egress 700 0x5a
	garbled "at two devices" "$two" "${tcp[@]}" "${udp[@]}"
	heal calmveth2_peer
	# What the byte was: the pages shall be all the same.
	tr -c x x </dev/zero | head -c 900 >"$work/www/small"
	tr -c x x </dev/zero | head -c 20000 >"$work/www/large"
	pedit calmveth2_peer egress 600 0x78
	watch
	check "undone: the pages are right" pages_arrive 10 11
	settled
	attributed "undone: changed twice all the same" only "$two" "${tcp[@]}"
	heal calmveth2_peer
	heal calmveth1
}

# First of all, because the report is of all that is retained.
test_stacks() {
	load stack=1
	pedit calmveth1 egress 600 0x5a
	get_pages 10 11
	quiet
	skbtrace report --json >"$work/journeys.json"
	attributed "stack=1: JSON has the stacks of both hops" stacks "$(leaving calmveth1)"
	check "stack=1: so has the text" text_has_stacks
	heal calmveth1
	set_parameter stack 0
}

text_has_stacks() {
	skbtrace report >"$work/report"
	grep -A 2 -E 'last right|first wrong' "$work/report" | head -n 20
	awk '/^     (last right|first wrong)/ { getline; n++; if (!/^ {20}[^ ]/) bad = 1 }
		END { exit bad || n < 2 }' "$work/report"
}

# cut WHAT DEVICE HOOK PLACE
cut() {
	pedit "$2" "$3" 600 0x5a
	garbled "$1, $2 $3" "$4" "${tcp[@]}"
	heal "$2"
}

test_segments() {
	local arriving
	arriving=$(between __netif_receive_skb_core "ip_rcv|ipv6_rcv" calmveth2)
	ethtool -K calmveth2_peer tso off
	cut "before the segmentation" calmveth1 egress "$(leaving calmveth1)"
	cut "with the segmentation" calmveth2_peer egress "$(leaving calmveth2_peer)"
	cut "after the segmentation" calmveth2 ingress "$arriving"
	in1 ethtool -K calmveth1 tso off gso off
	cut "segmented where it is sent" calmveth1_peer ingress \
		"$(between __netif_receive_skb_core br_handle_frame calmveth1_peer)"
	in1 ethtool -K calmveth1 tso on gso on
	ethtool -K calmveth2_peer tso on
}

# Datagrams as long as can be, which the kernel keeps in pages.
test_jumbo() {
	local dev
	for dev in calmveth1 calmveth1_peer calmveth2_peer calmveth2 calmbr; do
		at $dev ip link set $dev mtu 65535
	done
	pedit calmveth1_peer ingress 40000 0x5a
	watch
	send_datagrams 7878:60000 7879:60000
	settled
	attributed "datagrams of 60000 bytes" only \
		"$(between __netif_receive_skb_core br_handle_frame calmveth1_peer)" \
		udp/4/7878/40000/3 udp/6/7878/40000/3
	heal calmveth1_peer
}

ktap_print_header
ktap_set_plan 27
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
modprobe -a sch_ingress cls_u32 act_pedit sch_netem
servers_up 20000 || { ktap_test_fail "web servers"; ktap_finished; }
test_stacks
test_nft
test_sendfile
test_segments
test_jumbo
test_several
test_netem
corruption_finished
