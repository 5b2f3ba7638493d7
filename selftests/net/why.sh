#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is said of why a packet was dropped, or changed, on a router and on a bridge: the
# right reason in each of some situations of public reports, from the host itself and from
# a file.

. "$(dirname "$0")/lib.sh"

#   ns-why1        ns-why           ns-why2
#   left == left0   -          right0 == right
# once with a router between, once with a bridge.
netns_down() {
	local i
	for i in 1 2 ''; do
		ip netns del "ns-why$i"
	done 2>/dev/null
	return 0
}
inw() { ip netns exec ns-why "$@"; }

netns_up() {
	local i
	netns_down
	for i in 1 2 ''; do
		ip netns add "ns-why$i" && ip -n "ns-why$i" link set lo up || return
	done
	ip link add left netns ns-why1 type veth peer name left0 netns ns-why &&
		ip link add right netns ns-why2 type veth peer name right0 netns ns-why &&
		ip -n ns-why1 link set left address 02:00:00:00:71:01 &&
		ip -n ns-why2 link set right address 02:00:00:00:71:02
	for i in ns-why1 ns-why2 ns-why; do
		# Nothing that was not asked for.
		ip netns exec $i sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 2>/dev/null
	done
	ip -n ns-why1 link set left up && ip -n ns-why2 link set right up &&
		ip -n ns-why link set left0 up && ip -n ns-why link set right0 up
}

router_up() {
	netns_up || return
	ip -n ns-why addr add 10.71.1.254/24 dev left0
	ip -n ns-why addr add 10.71.2.254/24 dev right0
	ip -n ns-why1 addr add 10.71.1.1/24 dev left
	ip -n ns-why2 addr add 10.71.2.2/24 dev right
	ip -n ns-why1 route add default via 10.71.1.254
	ip -n ns-why2 route add default via 10.71.2.254
	inw sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.left0.rp_filter=0
	until_true 60 ip netns exec ns-why1 ping -q -c 1 -W 1 10.71.2.2 >/dev/null
}

bridge_up() {
	netns_up || return
	ip -n ns-why link add whybr type bridge vlan_filtering 1 mcast_snooping 0 &&
		ip -n ns-why link set left0 master whybr &&
		ip -n ns-why link set right0 master whybr && ip -n ns-why link set whybr up || return
	ip -n ns-why1 addr add 10.71.3.1/24 dev left
	ip -n ns-why2 addr add 10.71.3.2/24 dev right
	ip -n ns-why1 neigh add 10.71.3.2 lladdr 02:00:00:00:71:02 dev left
	ip -n ns-why2 neigh add 10.71.3.1 lladdr 02:00:00:00:71:01 dev right
	ip -n ns-why1 neigh add 10.71.3.9 lladdr 02:00:00:00:71:09 dev left
	until_true 60 ip netns exec ns-why1 ping -q -c 1 -W 1 10.71.3.2 >/dev/null
}

# send ADDRESS PORT BYTES [SOURCE]: from ns-why1; refusals are no failure of the test's
send() { py -n ns-why1 why.py send "$@" >/dev/null || true; nap 0.3; }

# because EXPRESSION PATTERN COMMAND...: does it, and has PATTERN in a line of reasons,
# asked of the host, and read from a file that was recorded
because() {
	local expression=$1 pattern=$2
	shift 2
	# shellcheck disable=SC2119
	fresh_trace || return
	"$@" || return
	nap 0.2
	skbtrace report "$expression" >"$work/why" && skbtrace record -D 0 -o "$work/why.trace" 2>/dev/null ||
		return
	grep -E "^   (why|may be): $pattern" "$work/why" ||
		{ grep -v " µs " "$work/why" | head -n 40; return 1; }
	"${undo[@]}" >/dev/null 2>&1
	skbtrace report "$work/why.trace" "$expression" | grep -E "^   (why|may be): $pattern"
}
undo=(true)

# with COMMAND -- EXPRESSION PATTERN TRAFFIC...: the situation, and what undoes it
forwarding_off() {
	inw sysctl -q -w net.ipv4.conf.left0.forwarding=0
	undo=(inw sysctl -q -w net.ipv4.conf.left0.forwarding=1)
	because 'udp port 7101' 'forwarding is off on left0, and 10.71.2.2 is not' send 10.71.2.2 7101 50
}

rp_filter() {
	inw sysctl -q -w net.ipv4.conf.left0.rp_filter=1
	ip -n ns-why1 addr add 10.71.9.9/32 dev lo
	undo=(inw sysctl -q -w net.ipv4.conf.left0.rp_filter=0)
	because 'udp port 7102' 'rp_filter is 1 \(strict\) on left0: the way back to its source 10.71.9.9' \
		send 10.71.2.2 7102 50 10.71.9.9
}

# chain_with RULE...: one at the hook where packets are forwarded
chain_with() {
	inw nft add table ip why &&
		inw nft add chain ip why guard '{ type filter hook forward priority 0; policy accept; }' &&
		inw nft add rule ip why guard "$@"
}

nft_drop() {
	chain_with udp dport 7103 counter drop || return
	undo=(inw nft delete table ip why)
	because 'udp port 7103' "dropped in netfilter's hook forward of ipv4.* where chain guard of table why drops" \
		send 10.71.2.2 7103 50
}

nfqueue() {
	chain_with udp dport 7104 counter queue num 7 || return
	undo=(inw nft delete table ip why)
	because 'udp port 7104' "a rule in netfilter's hook forward of ipv4.* queues it for a program \(NFQUEUE\), and none listens" \
		send 10.71.2.2 7104 50
}

no_neighbour() {
	undo=(inw ip neigh flush dev right0)
	because 'udp port 7105' '10.71.2.77 on right0 has not answered who it is \(ARP\)' \
		eval 'send 10.71.2.77 7105 50; nap 3.5'
}

mtu_with_df() {
	inw ip link set right0 mtu 1000
	# The sender has been told of it.
	undo=(eval 'inw ip link set right0 mtu 1500; ip -n ns-why1 route flush cache')
	because icmp 'its packet has 1228 bytes and must not be cut up: the MTU of right0 is 1000' \
		eval 'ip netns exec ns-why1 ping -q -c 1 -W 1 -M do -s 1200 10.71.2.2 >/dev/null; true'
}

peer_mtu() {
	ip -n ns-why2 link set right mtu 900
	undo=(ip -n ns-why2 link set right mtu 1500)
	because 'udp port 7106' 'too long for the other end: its packet has 1[0-9]* bytes, the MTU of right is 900' \
		send 10.71.2.2 7106 1000
}

tc_drop() {
	inw tc qdisc add dev left0 ingress &&
		inw tc filter add dev left0 parent ffff: protocol ip prio 5 u32 \
			match ip protocol 17 0xff action drop || return
	undo=(inw tc qdisc del dev left0 ingress)
	because 'udp port 7107' 'dropped by a tc filter at ingress of left0: u32, pref 5, action drop' \
		send 10.71.2.2 7107 50
}

tc_pedit() {
	inw tc qdisc add dev left0 ingress &&
		inw tc filter add dev left0 parent ffff: protocol ip prio 5 u32 \
			match ip protocol 17 0xff action pedit munge offset 60 u8 set 0x5a || return
	undo=(inw tc qdisc del dev left0 ingress)
	because 'udp port 7108' 'a tc filter at ingress of left0, u32, pref 5, with action pedit' \
		send 10.71.2.2 7108 500
}

no_socket() {
	undo=(true)
	because 'udp port 7109' 'no socket here is bound to 10.71.2.2, udp port 7109' send 10.71.2.2 7109 50
}

# release JOB: end what has a port in ns-why2, where nobody else is, and who waits for it
release() {
	local pids
	pids=$(ip netns pids ns-why2)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# is_bound tcp|udp PORT: somebody in ns-why2 has it
is_bound() { ip netns exec ns-why2 cat "/proc/net/$1" | grep -q ":$(printf %04X "$2") "; }

deaf_socket() {
	py -n ns-why2 why.py deaf 10.71.2.2 7110 60 >/dev/null &
	local job=$! status
	until_true 60 is_bound udp 7110
	undo=(true)
	because 'udp port 7110' 'the buffer of the receiving socket is full' \
		eval 'for i in 1 2 3 4 5 6; do py -n ns-why1 why.py send 10.71.2.2 7110 1200 >/dev/null; done'
	status=$?
	release $job
	return $status
}

full_queue() {
	py -n ns-why2 why.py full 10.71.2.2 7111 60 >/dev/null &
	local job=$! status
	until_true 60 is_bound tcp 7111
	undo=(true)
	because 'tcp port 7111' 'the queue of the socket that listens at port 7111 may be full' \
		py -n ns-why1 why.py knock 10.71.2.2 7111 4
	status=$?
	release $job
	return $status
}

xdp_drop() {
	# Not below /sys, of which "ip -n" has another.
	local fs=$work/bpf status
	mkdir -p "$fs" && mount -t bpf bpf "$fs" || return
	undo=(ip -n ns-why2 link set dev right xdp off)
	py why.py xdp DROP "$fs/why" &&
		ip -n ns-why2 link set dev right xdp pinned "$fs/why" &&
		because 'udp port 7112' 'XDP_DROP \(or an error\) of program [0-9]+ on right' \
			send 10.71.2.2 7112 50
	status=$?
	umount "$fs"
	return $status
}

vlan_in() {
	ip -n ns-why1 link add link left name left.7 type vlan id 7 &&
		ip -n ns-why1 addr add 10.71.7.1/24 dev left.7 && ip -n ns-why1 link set left.7 up &&
		ip -n ns-why1 neigh add 10.71.7.2 lladdr 02:00:00:00:71:02 dev left.7 || return
	undo=(ip -n ns-why1 link del left.7)
	because 'udp port 7113' 'port left0 is not in VLAN 7: the bridge does not let it in \(the port.s VLANs: 1pu\)' \
		send 10.71.7.2 7113 50
}

vlan_out() {
	inw bridge vlan add dev left0 vid 201 pvid untagged || return
	undo=(inw bridge vlan del dev left0 vid 201)
	because 'udp port 7114' 'no other port of whybr is in VLAN 201' \
		send 10.71.3.2 7114 50
	local status=$?
	inw bridge vlan add dev left0 vid 1 pvid untagged
	return $status
}

no_hairpin() {
	inw bridge fdb add 02:00:00:00:71:09 dev left0 master static vlan 1 || return
	undo=(inw bridge fdb del 02:00:00:00:71:09 dev left0 master vlan 1)
	because 'udp port 7115' 'it would have to go out of left0, the port that it came in by, which is not in hairpin mode' \
		send 10.71.3.9 7115 50
}

blocking() {
	# Without STP any other state is one of forwarding again at once.
	inw bridge link set dev right0 state 0 || return
	undo=(inw bridge link set dev right0 state 3)
	because 'udp port 7116' '(port right0 is disabled, not forwarding|no other port of whybr forwards)' send 10.71.3.2 7116 50
}

# able DESCRIPTION NEEDS COMMAND: a skip where the kernel or a tool of the machine cannot
routed=(
	"forwarding is off:forwarding_off:"
	"strict rp_filter:rp_filter:"
	"a rule of nftables drops:nft_drop:nft_works"
	"NFQUEUE, and nobody listens:nfqueue:nft_works"
	"a neighbour that does not answer:no_neighbour:"
	"the other end of a veth takes less:peer_mtu:"
	"too long, and not to be cut up:mtu_with_df:"
	"a filter of tc drops:tc_drop:"
	"a filter of tc writes into the payload:tc_pedit:"
	"nobody has the port:no_socket:"
	"a receiver that does not read:deaf_socket:"
	"nobody accepts connections:full_queue:"
	"an XDP program drops:xdp_drop:xdp_works"
)
bridged=(
	"a VLAN that the port is not in:vlan_in:"
	"a VLAN that no other port is in:vlan_out:"
	"out of the port that it came in by:no_hairpin:"
	"a port that does not forward:blocking:"
)

nft_works() { chain_with udp dport 1 queue num 7 && inw nft delete table ip why; }
xdp_works() { [ -e /proc/sys/kernel/unprivileged_bpf_disabled ] && kernel_since 4 19; }
kernel_since() {
	local major minor
	IFS=.- read -r major minor _ < <(uname -r)
	[ "$major" -gt "$1" ] || { [ "$major" = "$1" ] && [ "$minor" -ge "$2" ]; }
}

# ONLY: a pattern of functions, to run just these
situations() {
	local row what function needs
	for row; do
		IFS=: read -r what function needs <<<"$row"
		if [[ ! $function =~ ${ONLY:-.} ]]; then
			ktap_test_skip "$what # SKIP not asked for (ONLY)"
			continue
		fi
		if [ -n "$needs" ] && ! $needs >/dev/null 2>&1; then
			ktap_test_skip "$what # SKIP this kernel, or a tool for it, is not able to"
			continue
		fi
		check "$what" "$function"
		"${undo[@]}" >/dev/null 2>&1
	done
}

ktap_print_header
ktap_set_plan $((${#routed[@]} + ${#bridged[@]}))
modprobe -a veth bridge 8021q
trap 'netns_down; cleanup' EXIT
router_up || echo "# the router is not up"
situations "${routed[@]}"
bridge_up || echo "# the bridge is not up"
situations "${bridged[@]}"
ktap_finished
