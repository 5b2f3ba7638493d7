#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What became of packets that did not simply arrive, as people have met it: each is intact,
# and its end is what it was. ENDS="NAME..."

. "$(dirname "$0")/lib.sh"

spaces=(here other third)
staying=()

# in_ SPACE COMMAND...
in_() { ip netns exec "$@"; }

# stays ARGUMENT...: of ends_traffic.py, until spaces_down
stays() { staying+=("$(py ends_traffic.py "$@")"); }

# send SPACE ADDRESS PORT BYTES
send() { py ends_traffic.py send "$@"; }

spaces_up() {
	local name
	spaces_down
	for name in "${spaces[@]}"; do
		echo "netns add $name"
	done | ip -batch -
	for name in "${spaces[@]}"; do
		in_ "$name" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.disable_ipv6=1
		ip -n "$name" link set lo up
	done
	sysctl -qw net.bridge.bridge-nf-call-iptables=0
}

spaces_down() {
	local name
	[ ${#staying[@]} = 0 ] || kill "${staying[@]}"
	staying=()
	for name in "${spaces[@]}"; do
		echo "netns del $name"
	done | ip -force -batch - 2>/dev/null
	# A namespace is gone when its last socket is, and that may be later.
	for name in br0 tap0 port1 port2 port3; do
		echo "link del $name"
	done | ip -force -batch - 2>/dev/null
	nft flush ruleset 2>/dev/null
	return 0
}

# pod NUMBER SPACE: a namespace at the bridge br0, 10.22.0.NUMBER
pod() {
	ip -batch - <<-END
		link add port$1 type veth peer name eth0 netns $2
		link set port$1 master br0 up
	END
	ip -n "$2" -batch - <<-END
		addr add 10.22.0.$1/24 brd 10.22.0.255 dev eth0
		link set eth0 address 02:00:00:00:00:0$1 up
		route add default via 10.22.0.254
	END
}

# bridge_up [OPTION]...: br0 is 10.22.0.254, with two pods, who know each other and it
bridge_up() {
	local space number link
	spaces_up
	ip link add br0 type bridge mcast_snooping 0 "$@"
	ip addr add 10.22.0.254/24 dev br0
	ip link set br0 address 02:00:00:00:00:fe up
	pod 1 here
	pod 2 other
	while read -r space number link; do
		ip -n "$space" neigh replace "10.22.0.$number" dev eth0 lladdr "02:00:00:00:00:$link"
	done <<-END
		here 2 02
		here 254 fe
		other 1 01
		other 254 fe
	END
	until_true 30 in_ here ping -q -c 1 -W 1 10.22.0.2 >/dev/null
}

# All lengths differ: what came before is left in the rings.
# ended EXPRESSION PROTO BYTES END [KEY=REGEX]...: what ends.py says of these
ended() {
	quiet
	skbtrace report --json ${1:+"$1"} >"$work/journeys.json" &&
		py -i "$work/journeys.json" ends.py "${@:2}"
}

# told EXPRESSION REGEX: so says the report
told() {
	skbtrace report ${1:+"$1"} >"$work/report" && grep -E "$2" "$work/report" ||
		{ grep -A 1 '^#' "$work/report"; return 1; }
}

# to_service ADDRESS...: what is for 10.96.0.1 goes to ADDRESS, and what a pod sends to itself
# comes from the bridge
to_service() {
	sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.ipv4.ip_forward=1
	nft -f - <<-END
		table ip skbtrace {
			chain prerouting {
				type nat hook prerouting priority -100
				ip daddr 10.96.0.1 dnat to $1
			}
			chain postrouting {
				type nat hook postrouting priority 100
				ip saddr $1 ip daddr $1 masquerade
			}
		}
	END
}

test_forward_policy() {
	bridge_up
	sysctl -qw net.bridge.bridge-nf-call-iptables=1
	iptables -P FORWARD DROP
	send here 10.22.0.2 9 101
	check "FORWARD's policy is DROP: dropped in the bridge's hook" \
		ended udp udp 101 dropped last=br_nf_forward
	iptables -P FORWARD ACCEPT
}

# A pod reaches itself through a service's address.
test_hairpin() {
	bridge_up
	to_service 10.22.0.1 || { skip 2 "hairpin" "no NAT of nft in this kernel"; return; }
	stays sink here 5005
	send here 10.96.0.1 5005 102
	check "a pod to itself, its port is no hairpin: dropped where it came in" \
		ended udp udp 102 dropped last='br_.*@port1'
	bridge link set dev port1 hairpin on
	send here 10.96.0.1 5005 103
	check "with hairpin it is delivered" ended udp udp 103 delivered last='@eth0$'
}

# Nobody to ask for; and strict rp_filter, when what comes back takes another way.
test_neighbour() {
	spaces_up
	ip link add x netns here type veth peer name x netns other
	ip -n here addr add 10.1.0.1/24 dev x
	ip -n here link set x up
	ip -n other link set x up
	send here 10.1.0.2 9 104
	check "nobody answers ARP: it waits for its neighbour" \
		ended udp udp 104 open detail='link address'
	nap 4
	check "and is given up" ended udp udp 104 dropped last='ip_finish_output2@x'
	ip -n here neigh replace 10.1.0.2 dev x lladdr "$(in_ other cat /sys/class/net/x/address)"
	ip -n other addr add 10.1.0.2/32 dev x
	ip -n other route add 10.1.0.0/24 dev lo
	in_ other sysctl -qw net.ipv4.conf.all.rp_filter=1
	send here 10.1.0.2 9 105
	check "rp_filter: dropped where it comes in" ended udp udp 105 dropped last='ip_rcv.*@x$'
}

test_mtu() {
	bridge_up
	ip -n other link set eth0 mtu 1402
	stays sink other 161
	send here 10.22.0.2 161 1300
	send here 10.22.0.2 161 1405
	check "the other end takes 1402 bytes: 1300 arrive" ended udp udp 1300 delivered
	check "1433 are dropped in veth_xmit" ended udp udp 1405 dropped last='veth_xmit@port2'
}

# What is meant for a service comes to the pod by the bridge, and by way of the router.
test_twice() {
	bridge_up
	ip link set br0 promisc on
	to_service 10.22.0.2 || { skip 2 "twice" "no NAT of nft in this kernel"; return; }
	stays sink other 5005
	ip neigh replace 10.22.0.2 dev br0 lladdr 02:00:00:00:00:02
	send here 10.96.0.1 5005 106
	check "a promiscuous bridge: delivered twice" ended udp udp 106 delivered delivered=2
	check "so says the report" told udp 'delivered twice'
}

test_vlans() {
	bridge_up vlan_filtering 1
	bridge vlan add dev port1 vid 201 pvid untagged
	send here 10.22.0.2 9 107
	check "ports of different VLANs: dropped in the bridge" \
		ended udp udp 107 dropped last='^br_'
}

# A DHCP client reads a packet socket, its address is not its own yet.
test_packet_socket() {
	bridge_up
	modprobe -q af_packet
	stays packet other eth0
	set_parameter verify_csum 1
	ip neigh replace 10.22.0.50 lladdr 02:00:00:00:00:02 dev br0
	send - 10.22.0.50 68 300
	set_parameter verify_csum 0
	check "for a packet socket: its checksum is still to be made" \
		ended udp udp 300 - csum='^partial( partial)*$'
	# IP, whose address it is not, drops it before or after.
	check "so says the report" told 'dst port 68' \
		'freed by .*a packet socket had it|dropped after .* for packet sockets'
}

# The bridge keeps what nobody has joined from ports, and gives itself a copy.
test_multicast() {
	bridge_up
	pod 3 third
	stays sink other 5353
	send here 10.22.0.255 5353 108
	check "a broadcast: of its copies one is delivered, the others are dropped" \
		ended udp udp 108 delivered delivered=1 dropped=[23]
	ip -n here route add 224.0.0.0/4 dev eth0
	ip link set br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_startup_query_interval 1 \
		mcast_query_response_interval 1
	nap 3
	send here 239.1.2.3 5353 109
	check "a multicast that nobody has joined: no copy is delivered" \
		ended udp udp 109 - delivered=0
}

test_macvlan() {
	modprobe -q macvlan
	spaces_up
	ip link add eth0 netns other type veth peer name eth0 netns third
	ip -n other addr add 10.9.0.1/24 dev eth0
	ip -n other link set eth0 up
	ip -n third addr add 10.9.0.2/24 dev eth0
	ip -n third link set eth0 up
	ip -n other link add mv link eth0 type macvlan mode bridge ||
		{ skip 2 "macvlan" "not in this kernel"; return; }
	ip -n other link set mv netns here
	ip -n here addr add 10.9.0.3/24 dev mv
	ip -n here link set mv up
	until_true 30 in_ here ping -q -c 1 -W 1 10.9.0.2 >/dev/null
	ip -n here neigh replace 10.9.0.1 dev mv lladdr "$(in_ other cat /sys/class/net/eth0/address)"
	stays sink third 9
	stays sink other 9
	send here 10.9.0.1 9 110
	send here 10.9.0.2 9 111
	check "macvlan to another machine: delivered" ended udp udp 111 delivered last='@eth0$'
	check "macvlan to its own host: sent to the other machine, which has no use for it" \
		ended udp udp 110 dropped
}

# A listener that accepts nobody, one that does, and none.
test_listeners() {
	local syn='tcp[13] == 2'
	bridge_up
	stays listen other 80
	stays connect here 10.22.0.2 80 6
	check "SYNs to a listener: answered, until its queue is full" \
		ended "$syn and dst port 80" tcp 0 - detail='answer'
	check "the first was answered" told "$syn and dst port 80" 'delivered by tcp_v4_rcv.*answered'
	check "the last was not" told "$syn and dst port 80" 'freed by tcp_v4_rcv.*no answer'
	stays connect here 10.22.0.2 81 1
	check "where nobody listens it is dropped, or refused" told "$syn and dst port 81" \
		'dropped after tcp_v4_rcv .* NO_SOCKET|delivered by tcp_v4_rcv.*answered'
}

test_arp() {
	bridge_up
	fresh_trace ring_kb=16384
	ip -n here neigh del 10.22.0.2 dev eth0
	send here 10.22.0.2 9 112
	check "ARP that is answered, and the answer" ended "" arp - delivered
	check "so says the report" told "" 'delivered by arp_rcv.*answered'
	fresh_trace ring_kb=16384
	send here 10.22.0.77 9 113
	check "ARP that asks for somebody else" ended "" arp - freed detail='no answer'
}

# action NAME MODE BYTES END [KEY=REGEX]...
action() {
	py -n other ends_traffic.py xdp eth0 "$2" "$1" >"$work/xdp" 2>&1 ||
		{ skip 1 "XDP $1, $2" "$(tail -n 1 "$work/xdp")"; return; }
	send here 10.22.0.2 9 "$3"
	check "XDP $1, $2" ended udp udp "${@:3}"
	in_ other ip link set dev eth0 "$2" off
}

test_xdp() {
	bridge_up
	action drop xdp 120 dropped last='veth_xmit@port2'
	action drop xdpgeneric 121 dropped last='@eth0$'
	action redirect xdp 122 freed last='veth_xmit@port2' detail='XDP'
	action redirect xdpgeneric 123 dropped last='@eth0$'
	# The port has no NAPI, which would take it.
	action tx xdp 124 freed last='veth_xmit@port2' detail='XDP'
	# It comes to the bridge again, at the port that it was sent out of.
	action tx xdpgeneric 125 dropped last='br_.*@port2'
}

# As of a virtual machine.
test_tap() {
	bridge_up
	modprobe -q tun
	stays tap tap0
	ip link set tap0 master br0 up
	ip neigh replace 10.22.0.60 lladdr 02:00:00:00:00:60 dev br0
	bridge fdb replace 02:00:00:00:00:60 dev tap0 master static
	send - 10.22.0.60 9 130
	check "a tap: read by who has it" ended udp udp 130 freed last='@tap0$' detail='python3'
	kill "${staying[@]}"
	staying=()
}

# The tunnel's own checksum is wrong, what is in it is right.
test_outer_checksum() {
	local i space spec
	bridge_up
	modprobe -qa sch_ingress cls_u32 act_pedit
	for i in "here 2 1" "other 1 2"; do
		read -r space spec i <<<"$i"
		ip -n "$space" link add vx type vxlan id 1 dev eth0 remote "10.22.0.$spec" dstport 4789 \
			udpcsum || { skip 1 "VXLAN" "not in this kernel"; return; }
		ip -n "$space" link set vx address "02:00:00:00:01:0$i" up
		ip -n "$space" addr add "10.9.0.$i/24" dev vx
	done
	ip -n here neigh replace 10.9.0.2 dev vx lladdr 02:00:00:00:01:02
	in_ here ethtool -K eth0 tx off >/dev/null
	tc -batch - <<-END
		qdisc add dev port1 ingress
		filter add dev port1 parent ffff: protocol ip u32 match ip protocol 17 0xff action pedit munge offset 26 u16 set 0xbad1
	END
	send here 10.9.0.2 9 140
	check "VXLAN, its own checksum wrong: intact, and dropped" \
		ended udp udp 140 dropped last='udp_rcv@eth0'
}

test_sctp() {
	bridge_up
	modprobe -q sctp
	py ends_traffic.py sctp other here 10.22.0.2 1140 >"$work/sctp" 2>&1 ||
		{ skip 1 "SCTP" "$(tail -n 1 "$work/sctp")"; return; }
	check "SCTP: its protocol had it" told sctp 'freed by .*, its protocol had it'
}

ktap_print_header
ktap_set_plan 34
modprobe -a veth bridge br_netfilter
sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
load ring_kb=16384
for t in ${ENDS:-forward_policy hairpin neighbour mtu twice vlans packet_socket multicast macvlan \
	listeners arp xdp tap outer_checksum sctp}; do
	start=$SECONDS
	"test_$t"
	echo "# $t: $((SECONDS - start)) s"
done
spaces_down
skbtrace report --json >"$work/journeys.json"
check "no journey is called changed" judge none-changed
ktap_finished
