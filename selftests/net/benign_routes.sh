#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What routers, NAT, VLANs and small MTUs do to packets without harm, and traffic that
# meets no bridge at all: no journey is called changed.

. "$(dirname "$0")/lib.sh"

# About a thousand packets a line; that many times as many.
scale=${SCALE:-1}
bytes=$((300000 * scale))
datagrams=$((500 * scale))

# tcp_and_udp RECEIVER SENDER ADDRESS [PORT]: random data there and back
tcp_and_udp() {
	local port=${4:-8080}
	traffic stream "$1" "$2" tcp "$3" "$port" 8080 $bytes &&
		traffic datagrams "$1" "$2" udp "$3" "$port" 8080 700 $datagrams
}

# towards_1 ADDRESS...: from ns-calm2 to ns-calm1, to each of these addresses
towards_1() {
	local address
	for address; do
		tcp_and_udp ns-calm1 ns-calm2 "$address" || return
	done
}

# This machine as a router: 10.78.1.0/24 and fd79:1::/64 with ns-calm1, 2 with ns-calm2.
routes_up() {
	local i address
	sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for i in 1 2; do
		ip link set calmveth${i}_peer nomaster
		ip addr add 10.78.$i.1/24 dev calmveth${i}_peer
		ip addr add fd79:$i::1/64 dev calmveth${i}_peer nodad
		ip -n ns-calm$i addr add 10.78.$i.10/24 dev calmveth$i
		ip -n ns-calm$i addr add fd79:$i::10/64 dev calmveth$i nodad
		ip -n ns-calm$i route add default via 10.78.$i.1
		ip -n ns-calm$i route add default via fd79:$i::1
		# RHEL 7 has no route to a router that did not answer in time.
		for address in 10.78.$i.1 fd79:$i::1; do
			ip -n ns-calm$i neigh replace $address dev calmveth$i nud permanent \
				lladdr "$(cat /sys/class/net/calmveth${i}_peer/address)"
		done
	done
	routes_reach
}

routes_reach() {
	until_true 60 in2 ping -q -c 1 -W 1 10.78.1.10 >/dev/null &&
		until_true 60 in2 ping -q -c 1 -W 1 fd79:1::10 >/dev/null
}

# nft_nat: what is for the others goes to ns-calm1 in this machine's name
nft_nat() {
	nft -f - <<-END
		table ip skbtrace {
			chain prerouting {
				type nat hook prerouting priority -100
				ip daddr 10.78.9.9 tcp dport 80 dnat to 10.78.1.10:8080
				ip daddr 10.78.9.9 udp dport 80 dnat to 10.78.1.10:8080
			}
			chain postrouting {
				type nat hook postrouting priority 100
				oifname "calmveth1_peer" masquerade
			}
		}
		table ip6 skbtrace {
			chain prerouting {
				type nat hook prerouting priority -100
				ip6 daddr fd79:9::9 tcp dport 80 dnat to [fd79:1::10]:8080
				ip6 daddr fd79:9::9 udp dport 80 dnat to [fd79:1::10]:8080
			}
			chain postrouting {
				type nat hook postrouting priority 100
				oifname "calmveth1_peer" masquerade
			}
		}
	END
}

iptables_nat() {
	local proto
	for proto in tcp udp; do
		iptables -t nat -A PREROUTING -d 10.78.9.9 -p $proto --dport 80 \
			-j DNAT --to-destination 10.78.1.10:8080 || return
	done
	iptables -t nat -A POSTROUTING -o calmveth1_peer -j SNAT --to-source 10.78.1.1
}

# Connections that began without the rules would go on without them. On RHEL 7 a table of
# iptables, even an empty one, leaves nothing to those of nft.
nat_off() {
	iptables -t nat -F
	modprobe -r iptable_nat
	nft delete table ip skbtrace
	nft delete table ip6 skbtrace
} 2>/dev/null

# nat_lacks COMMAND: no such NAT in this kernel?
nat_lacks() { ! "$@" 2>"$work/lacks"; }

test_router() {
	benign "routed, TTL decremented" $((2 * datagrams)) \
		towards_1 10.78.1.10 fd79:1::10
	check "routed: ip_forward has seen them" \
		judge path tcp dport=8080 ip_forward@calmveth2_peer veth_xmit@calmveth1_peer
	check "routed: so has ip6_forward" \
		judge path udp dport=8080 ip6_forward@calmveth2_peer veth_xmit@calmveth1_peer
}

test_routed_nat() {
	routes_reach
	if nat_lacks nft_nat; then
		skip 2 "nft NAT, routed" "not in this kernel: $(head -n 1 "$work/lacks")"
	else
		benign "nft DNAT and masquerade, routed" $((2 * datagrams)) nat_both_families
	fi
	nat_off
	if nat_lacks iptables_nat; then
		skip 2 "iptables NAT, routed" "not in this kernel: $(head -n 1 "$work/lacks")"
	else
		benign "iptables DNAT and SNAT, routed" $datagrams \
			tcp_and_udp ns-calm1 ns-calm2 10.78.9.9 80
	fi
	nat_off
}

nat_both_families() {
	tcp_and_udp ns-calm1 ns-calm2 10.78.9.9 80 && tcp_and_udp ns-calm1 ns-calm2 fd79:9::9 80
}

# The router cuts IPv4 up; of IPv6, and where DF is set, it says "too big". What
# ns-calm1 itself sends fits, but it says that it takes more.
test_small_mtu() {
	ip link set calmveth1_peer mtu 1280
	in1 ip route change default via 10.78.1.1 mtu 1280 advmss 1440
	in1 ip route change default via fd79:1::1 mtu 1280 advmss 1420
	benign "a smaller MTU behind the router" $datagrams over_small_mtu
	ip link set calmveth1_peer mtu 1500
}

over_small_mtu() {
	traffic stream ns-calm1 ns-calm2 tcp 10.78.1.10 8080 8080 $bytes &&
		traffic stream ns-calm1 ns-calm2 tcp fd79:1::10 8080 8080 $bytes &&
		traffic datagrams ns-calm1 ns-calm2 udp 10.78.1.10 8080 8080 1400 $datagrams fragment &&
		traffic datagrams ns-calm1 ns-calm2 udp 10.78.1.10 8080 8080 4000 100 fragment &&
		traffic datagrams ns-calm1 ns-calm2 udp fd79:1::10 8080 8080 4000 100 lossy
}

# In the bridge's subnet there are two addresses that nobody has: .99 is to be
# ns-calm1's, and .77 whom ns-calm1 takes ns-calm2 for.
neighbours() {
	ip -n ns-calm2 neigh "$1" 78.78.0.99 lladdr "$(in1 cat /sys/class/net/calmveth1/address)" \
		dev calmveth2
	ip -n ns-calm1 neigh "$1" 78.78.0.77 lladdr "$(in2 cat /sys/class/net/calmveth2/address)" \
		dev calmveth1
}

nft_bridge_nat() {
	nft -f - <<-END
		table ip skbtrace {
			chain prerouting {
				type nat hook prerouting priority -100
				ip daddr 78.78.0.99 tcp dport 80 dnat to 78.78.0.10:8080
				ip daddr 78.78.0.99 udp dport 80 dnat to 78.78.0.10:8080
				ip daddr 78.78.0.10 tcp dport 81 redirect to :8080
				ip daddr 78.78.0.10 udp dport 81 redirect to :8080
			}
			chain postrouting {
				type nat hook postrouting priority 100
				ip daddr 78.78.0.10 snat to 78.78.0.77
			}
		}
	END
}

iptables_bridge_nat() {
	local proto
	for proto in tcp udp; do
		iptables -t nat -A PREROUTING -d 78.78.0.99 -p $proto --dport 80 \
			-j DNAT --to-destination 78.78.0.10:8080 &&
		iptables -t nat -A PREROUTING -d 78.78.0.10 -p $proto --dport 81 \
			-j REDIRECT --to-ports 8080 || return
	done
	iptables -t nat -A POSTROUTING -d 78.78.0.10 -j SNAT --to-source 78.78.0.77
}

test_bridge_nat() {
	local tool
	sysctl -q net.bridge.bridge-nf-call-iptables=1 net.ipv4.ip_forward=1
	ip addr add 78.78.0.1/24 dev calmbr
	neighbours replace
	for tool in nft iptables; do
		if nat_lacks ${tool}_bridge_nat; then
			skip 4 "$tool NAT in the bridge" "not in this kernel: $(head -n 1 "$work/lacks")"
		else
			benign "$tool DNAT and SNAT in the bridge" $datagrams \
				tcp_and_udp ns-calm1 ns-calm2 78.78.0.99 80
			benign "$tool REDIRECT in the bridge" $datagrams \
				tcp_and_udp - ns-calm2 78.78.0.10 81
		fi
		nat_off
	done
	ip addr del 78.78.0.1/24 dev calmbr
	neighbours del
}

# vlan_device NETNS LINK PROTOCOL ID
vlan_device() {
	ip -n "$1" link add link "$2" name "$2.$4" type vlan proto "$3" id "$4" &&
		ip -n "$1" link set "$2.$4" up
}

# The default of dev= is veths and bridges; a VLAN's device is none of them.
test_vlan_devices() {
	local i
	modprobe -q 8021q
	for i in 1 2; do
		vlan_device ns-calm$i calmveth$i 802.1Q 5
		ip -n ns-calm$i addr add 78.78.5.$((i + 9))/24 dev calmveth$i.5
		ip -n ns-calm$i addr add fd78:5::$((i + 9))/64 dev calmveth$i.5 nodad
	done
	benign "802.1Q devices" $((2 * datagrams)) towards_1 78.78.5.10 fd78:5::10
	trace_dev='calm*' benign "802.1Q devices followed too" $((2 * datagrams)) \
		towards_1 78.78.5.10 fd78:5::10
	check "802.1Q devices: the journey is from one to the other" \
		judge path udp dport=8080 ip_send_skb@calmveth2.5 __dev_queue_xmit@calmveth2.5 \
		veth_xmit@calmveth2 veth_xmit@calmveth1_peer \
		__netif_receive_skb_core@calmveth1 ip_rcv@calmveth1.5
	if vlan_device ns-calm1 calmveth1 802.1ad 6 && vlan_device ns-calm2 calmveth2 802.1ad 6; then
		for i in 1 2; do
			vlan_device ns-calm$i calmveth$i.6 802.1Q 7
			ip -n ns-calm$i addr add 78.78.7.$((i + 9))/24 dev calmveth$i.6.7
			ip -n ns-calm$i addr add fd78:7::$((i + 9))/64 dev calmveth$i.6.7 nodad
		done
		trace_dev='calm*' benign "802.1Q in 802.1ad" $((2 * datagrams)) \
			towards_1 78.78.7.10 fd78:7::10
	else
		skip 2 "802.1Q in 802.1ad" "not in this kernel"
	fi
	for i in 1 2; do
		ip -n ns-calm$i link del calmveth$i.5
		ip -n ns-calm$i link del calmveth$i.6 2>/dev/null
	done
}

# A tag that only the bridge sees.
test_vlan_actions() {
	local dev lacks=
	modprobe -qa sch_ingress cls_u32 act_vlan
	for dev in calmveth1_peer calmveth2_peer; do
		tc qdisc add dev $dev clsact &&
			tc filter add dev $dev ingress protocol all prio 1 u32 match u32 0 0 \
				action vlan push id 8 &&
			tc filter add dev $dev egress protocol 802.1Q prio 1 u32 match u32 0 0 \
				action vlan pop || lacks=1
	done 2>"$work/lacks"
	if [ -n "$lacks" ]; then
		skip 2 "tc vlan push and pop" "not in this kernel: $(head -n 1 "$work/lacks")"
	else
		benign "tc vlan push and pop" $((2 * datagrams)) \
			towards_1 78.78.0.10 fd78::10
	fi
	for dev in calmveth1_peer calmveth2_peer; do
		tc qdisc del dev $dev clsact
	done 2>/dev/null
}

test_vlan_filtering() {
	local dev
	if ! echo 1 >/sys/class/net/calmbr/bridge/vlan_filtering; then
		skip 4 "vlan_filtering" "not in this kernel"
		return
	fi
	for dev in calmveth1_peer calmveth2_peer; do
		bridge vlan add dev $dev vid 9 pvid untagged
	done
	benign "vlan_filtering, one pvid" $((2 * datagrams)) towards_1 78.78.0.10 fd78::10
	# Tagged on one side.
	bridge vlan add dev calmveth1_peer vid 9
	bridge vlan add dev calmveth1_peer vid 1 pvid untagged
	vlan_device ns-calm1 calmveth1 802.1Q 9
	in1 ip addr add 78.78.9.10/24 dev calmveth1.9
	in2 ip addr add 78.78.9.11/24 dev calmveth2
	benign "vlan_filtering, tagged and untagged" $datagrams towards_1 78.78.9.10
	ip -n ns-calm1 link del calmveth1.9
	ip -n ns-calm2 addr del 78.78.9.11/24 dev calmveth2
	echo 0 >/sys/class/net/calmbr/bridge/vlan_filtering
}

# The document's scenario 1: between addresses of its own a machine uses lo.
test_own_addresses() {
	ip netns add ns-calm1
	ip -n ns-calm1 link set lo up
	ip -n ns-calm1 link add calmveth1 type veth peer name calmveth2
	ip -n ns-calm1 addr add 78.78.0.10/24 dev calmveth1
	ip -n ns-calm1 addr add 78.78.0.11/24 dev calmveth2
	ip -n ns-calm1 link set calmveth1 up
	ip -n ns-calm1 link set calmveth2 up
	trace_dev='lo,calmveth*' benign "two veths in one namespace, dev=lo,..." $datagrams \
		tcp_and_udp ns-calm1 ns-calm1 78.78.0.10
	check "two veths in one namespace: whole journeys over lo" \
		judge whole udp 8080 $datagrams loopback_xmit@lo __netif_receive_skb_core@lo
	check "two veths in one namespace: none passes veth" \
		judge avoids tcp - veth_xmit@calmveth1 veth_xmit@calmveth2
	set_parameter dev ''
	watch
	tcp_and_udp ns-calm1 ns-calm1 78.78.0.10
	settled
	check "two veths in one namespace: without dev= there is nothing to see" \
		not judge path tcp dport=8080
	ip netns del ns-calm1
}

# Scenario 2: two namespaces, one veth pair.
test_one_pair() {
	local i
	for i in 1 2; do
		ip netns add ns-calm$i
		ip -n ns-calm$i link set lo up
	done
	ip link add calmveth1 netns ns-calm1 type veth peer name calmveth2 netns ns-calm2
	for i in 1 2; do
		ip -n ns-calm$i addr add 78.78.0.$((i + 9))/24 dev calmveth$i
		ip -n ns-calm$i addr add fd78::$((i + 9))/64 dev calmveth$i nodad
		ip -n ns-calm$i link set calmveth$i up
	done
	until_true 60 in2 ping -q -c 1 -W 1 fd78::10 >/dev/null
	benign "two namespaces, one pair" $((2 * datagrams)) towards_1 78.78.0.10 fd78::10
	check "two namespaces, one pair: whole journeys" \
		judge whole udp 8080 $((2 * datagrams)) __dev_queue_xmit@calmveth2 \
		veth_xmit@calmveth2 __netif_receive_skb_core@calmveth1
	check "two namespaces, one pair: TCP's are intact and delivered" judge intact tcp 60
}

ktap_print_header
ktap_set_plan 40
modprobe -a veth bridge br_netfilter
for t in ${BENIGN:-own_addresses one_pair scenario vlan_devices vlan_actions vlan_filtering \
	bridge_nat routes_up router routed_nat small_mtu}; do
	start=$SECONDS
	case $t in
	scenario) scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; } ;;
	routes_up) routes_up || { ktap_test_fail "routes"; ktap_finished; } ;;
	*) "test_$t" ;;
	esac
	echo "# $t: $((SECONDS - start)) s"
done
benign_finished
