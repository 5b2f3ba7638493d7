#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tracers cost, counted in instructions: runs in the guest that bench.sh boots.
#
#	guest.sh LOAD,... TRACER...
#
# LOAD is 64 or 1400 (bytes of UDP), ipv6, icmp, vlan or vxlan (64 bytes over each), burst
# (5000 packets of 64 without a pause), tcp, or tcp700 or tcp1400 (in pieces of so many
# bytes); tracers.sh has the tracers. Prints lines of words separated by tabs:
#
#	row LOAD TRACER BEFORE TRACED AFTER BUSY-BEFORE BUSY-TRACED BUSY-AFTER EVENTS LOST
#		PACKETS PAYLOAD
#
# Instructions a packet: before the tracer, with it, after it; while the packet was
# under way, and of all tasks. EVENTS are those a packet, LOST those of the run.
#
#	none TRACER WHY
#
# With "readers" as a LOAD, for what reads a full ring of skbtrace; with "drain", for what
# reads while a million records come, how many a millisecond when they do, and how much
# memory it had after a quarter of them and at the end; and with "misses", for calls that a
# kprobe and an ftrace_ops saw, and the kprobe is known to have missed:
#
#	reader COMMAND RECORDS INSTRUCTIONS-A-RECORD
#	drain COMMAND RECORDS LOST RECORDS-A-MS KIB KIB
#	misses ROUNDS KPROBE FTRACE MISSED

dir=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../net/topology.sh
. "$dir/../net/topology.sh"
# shellcheck source=tracers.sh
. "$dir/tracers.sh"

work=$(mktemp -d)
pids=()
packets=${PACKETS:-1000}
records=${RECORDS:-200000}
million=${MILLION:-1000000}
tcp_bytes=$((8 << 20))

fail() { echo "bench: error: $*"; exit 1; }

# As nothing else runs that takes part in it, a packet costs the same each time.
quiet_scenario() {
	local i mac
	scenario_up >/dev/null 2>&1 || fail "scenario 3 does not come up"
	# br_netfilter sees IPv4 and ARP; there is nothing else.
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 kernel.sched_rt_runtime_us=-1 \
		kernel.printk=1
	for i in 1 2; do
		mac=$(ip -n ns-calm$i -br link show calmveth$i | awk '{ print $3 }')
		ip netns exec ns-calm$i sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
		ip -n ns-calm$((3 - i)) neigh replace 78.78.0.$((i + 9)) lladdr "$mac" \
			dev calmveth$((3 - i)) nud permanent
		ip link set dev calmveth${i}_peer type bridge_slave learning off
		bridge fdb replace "$mac" dev calmveth${i}_peer master static
	done
	# What one packet has raised is done before the next is sent.
	load priority "$(grep -l -x ksoftirqd/0 /proc/[0-9]*/comm | tr -dc 0-9)" 2 ||
		fail "no real-time priorities"
}

# word NAME TEXT: the number behind NAME=
word() { sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" <<<"$2"; }

# per A B: a quotient
per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# know_each_other DEVICE PREFIX: nobody has to ask who has PREFIX10 and PREFIX11 there; a
# "%" in DEVICE is the end's number
know_each_other() {
	local i mac
	for i in 1 2; do
		mac=$(ip -n ns-calm$i -br link show "${1/\%/$i}" | awk '{ print $3 }')
		ip -n ns-calm$((3 - i)) neigh replace "$2$((i + 9))" lladdr "$mac" \
			dev "${1/\%/$((3 - i))}" nud permanent || return
	done
}

# over DEVICE PREFIX LINK...: a device at both ends, and its addresses
over() {
	local i
	for i in 1 2; do
		ip -n ns-calm$i link add name "$1" ${3:+link "${3/\%/$i}"} type "${@:4}" \
			${REMOTE:+remote "$REMOTE$((12 - i))" dev calmveth$i} &&
			ip -n ns-calm$i addr add "$2$((i + 9))/24" dev "$1" &&
			ip -n ns-calm$i link set "$1" up || return
	done
	know_each_other "$1" "$2"
}

ipv6_up() {
	local i
	for i in 1 2; do
		ip netns exec ns-calm$i sysctl -q -w net.ipv6.conf.calmveth$i.accept_ra=0 \
			net.ipv6.conf.calmveth$i.router_solicitations=0 \
			net.ipv6.conf.calmveth$i.disable_ipv6=0 || return
		ip -n ns-calm$i addr replace fd78::$((i + 9))/64 dev calmveth$i nodad || return
	done
	know_each_other calmveth% fd78:: || return
	# It tells whoever may listen which groups it is in.
	sleep 10
}

# way LOAD: there is one for it
way() {
	case $1 in
	ipv6) ipv6_up ;;
	icmp) in1 sysctl -q -w net.ipv4.icmp_echo_ignore_all=1 ;;
	vlan) over calmvlan 78.79.0. calmveth% vlan id 7 ;;
	vxlan) REMOTE=78.78.0. over calmvx 78.80.0. '' vxlan id 7 dstport 4789 ;;
	esac
}

# traffic LOAD: sets ns, busy and payload, of a packet, and sent, all the packets that a
# tracer has seen
traffic() {
	local said measured
	case $1 in
	tcp) said=$(load tcp $tcp_bytes) ;;
	tcp*) said=$(load tcp $((tcp_bytes / 8)) "${1#tcp}") ;;
	ipv6) said=$(TO=fd78::10 load udp 64 "$packets") ;;
	icmp) said=$(load icmp 64 "$packets") ;;
	vlan) said=$(TO=78.79.0.10 load udp 64 "$packets") ;;
	vxlan) said=$(TO=78.80.0.10 load udp 64 "$packets") ;;
	burst) said=$(load udp 64 5000 5000) ;;
	*) said=$(load udp "$1" "$packets") ;;
	esac || fail "load $1: $said"
	measured=$(word measured "$said")
	ns=$(per "$(word ns "$said")" "$measured")
	busy=$(per "$(word busy "$said")" "$measured")
	sent=$(word sent "$said")
	payload=64
	case $1 in
	1400) payload=1400 ;;
	tcp) payload=$(per $tcp_bytes "$measured") ;;
	tcp*) payload=${1#tcp} ;;
	esac
}

# count_calls LOAD: sets calls a packet, of the functions that tracers without a counter are at
count_calls() {
	empty_load kprobe count=1 || fail "cannot count calls"
	traffic "$1"
	calls=$(per "$(cat $empty/kprobes)" "$sent")
	rmmod empty
}

# measure LOAD TRACER [again]: $ns and $busy are those without one, before and afterwards
measure() {
	local load=$1 tracer=$2 before=$ns busy_before=$busy traced busy_traced seen nr lost
	if ! attach "$tracer" >"$work/why" 2>&1; then
		printf 'none\t%s\t%s\n' "$tracer" "$(cat "$work/why" "$work/said" 2>/dev/null | tail -n 1)"
		detach "$tracer" 0 >/dev/null 2>&1
		return
	fi
	traffic "$load"
	traced=$ns busy_traced=$busy seen=$sent
	nr=$(events "$tracer")
	[ "$nr" != calls ] || nr=$(awk -v calls="$calls" -v sent="$sent" \
		'BEGIN { printf "%.0f", calls * sent }')
	detach "$tracer" "$nr" 2>"$work/why" || fail "$tracer: $(cat "$work/why")"
	traffic "$load"
	# When jiffies wrap, 300 s after boot, a packet begins to cost 1 % more; once more then.
	if [ $# = 2 ] && awk -v a="$before" -v b="$ns" 'BEGIN { exit !(a > 1.003 * b || b > 1.003 * a) }'; then
		measure "$load" "$tracer" again
		return
	fi
	printf row
	printf '\t%s' "$load" "$tracer" "$before" "$traced" "$ns" "$busy_before" "$busy_traced" \
		"$busy" "$(per "$nr" "$seen")" "$lost" "$seen" "$payload"
	echo
}

# reader NAME COMMAND...: what one that reads all that is retained costs
reader() {
	load run "${@:2}" 2>"$work/cost" >/dev/null || fail "$1: $(cat "$work/cost")"
	printf 'reader\t%s\t%s\t%s\n' "$1" "$kept" "$(per "$(word busy "$(tail -n 1 "$work/cost")")" "$kept")"
}

# Everything at all points, as people have it: some 45 records a packet. The ring holds half
# a million.
readers() {
	local kept
	insmod /skbtrace/skbtrace.ko ring_kb=131072 || fail "skbtrace"
	load udp 64 $((records / 55)) >/dev/null || fail "load udp"
	echo 0 >/sys/module/skbtrace/parameters/on
	kept=$(events skbtrace)
	reader 'record -o' skbtrace record -D 0 -o "$work/records"
	grep -q "^$kept records saved, 0 lost" "$work/cost" ||
		fail "record saved other than the $kept: $(cat "$work/cost")"
	reader report skbtrace report "$work/records"
	reader check skbtrace check "$work/records"
	reader hops skbtrace hops "$work/records"
	reader cat cat $debugfs/skbtrace
	rmmod skbtrace
	rm "$work/records"
}

# resident: KiB of the reader
resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/${pids[0]}/status"; }

# drain_with BURST NAME COMMAND...: so many packets as fast as they can be sent, then the
# reader has its turn; the ring holds what comes in 0.1 s at a million a second
drain_with() {
	local name=$2 packets=$((million / 44)) said quarter end seen lost rate unread
	insmod /skbtrace/skbtrace.ko ring_kb=32768 || fail "skbtrace"
	start "${@:3}"
	sleep 1.5
	# A quarter as much is sent before, which is not measured.
	load udp 64 $((packets / 5)) "$1" >/dev/null || fail "load udp"
	quarter=$(resident)
	said=$(load udp 64 $((packets * 3 / 5)) "$1") || fail "load udp: $said"
	end=$(resident)
	seen=$(events skbtrace)
	lost=$(skbtrace_missed)
	stop INT
	cat "$work/said" >>"$work/out"
	# Records of a packet, over what it took to send one.
	rate=$(awk -v seen="$seen" -v packets=$((packets / 5 * 5 / 4 + packets * 3 / 5 * 5 / 4)) \
		-v ns="$(word ns "$said")" -v measured="$(word measured "$said")" \
		'BEGIN { printf "%.0f", seen / packets * 1e6 * measured / ns }')
	unread=$(sed -n 's/.*, \([0-9]*\)\( records\)* lost.*/\1/p' "$work/out" | tail -n 1)
	[ -n "$unread" ] || fail "$name told nothing: $(tail -n 3 "$work/out")"
	((lost += unread))
	rmmod skbtrace
	printf 'drain\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$seen" "$lost" "$rate" "$quarter" "$end"
	rm -f "$work"/{out,said,records}
}

drain() {
	drain_with 800 'record -o' skbtrace record -o "$work/records"
	drain_with 50 live skbtrace
}

# Do kprobes miss calls that an ftrace_ops sees? While the sender's packets pass, others
# leave a queue by timer, one each 0.1 ms: so interrupts come within handlers, and whole
# packets behind them, where softirqs are not off anyway. The longer a handler takes, the
# more.
misses() {
	local rounds functions="$functions ip_send_skb:1 ip_output:2 __dev_queue_xmit:0"
	sysctl -q -w net.core.wmem_max=67108864
	in1 tc qdisc add dev calmveth1 root netem delay 200ms rate 8mbit limit 20000 || fail "netem"
	for rounds in 0 100 1000; do
		empty_load kprobe,ftrace count=1 busy=$rounds || fail "empty.ko"
		in_background ns-calm1 ping -q -f -w 3 -l 2000 -c 2000 -S 33554432 78.78.0.11
		load udp 64 2000 2000 >/dev/null
		wait
		printf 'misses\t%s\t%s\t%s\t%s\n' $rounds "$(cat $empty/kprobes)" \
			"$(cat $empty/ftraced)" "$(cat $empty/missed)"
		rmmod empty
	done
	in1 tc qdisc del dev calmveth1 root
}

main() {
	local load loads=$1 tracer ns busy sent payload calls
	shift
	quiet_scenario
	echo "kernel $(uname -r)"
	echo "scale $(load scale)"
	for load in ${loads//,/ }; do
		case $load in
		readers | drain | misses) $load; continue ;;
		esac
		way "$load" || fail "no way for $load"
		count_calls "$load"
		traffic "$load"
		for tracer; do
			# What nobody reads is not lost in a burst.
			[ "$load" != burst ] || has_reader "$tracer" || continue
			measure "$load" "$tracer"
		done
	done
}
main "$@"
