#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tracers cost, counted in instructions: runs in the guest that bench.sh boots.
#
#	guest.sh LOAD,... TRACER...
#
# LOAD is 64 or 1400 (bytes of UDP) or tcp; tracers.sh has the tracers. Prints lines of
# words separated by tabs:
#
#	row LOAD TRACER BEFORE TRACED AFTER BUSY-BEFORE BUSY-TRACED BUSY-AFTER EVENTS LOST
#
# Instructions a packet: before the tracer, with it, after it; while the packet was
# under way, and of all tasks. EVENTS are those a packet, LOST those of the run.
#
#	none TRACER WHY

dir=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../net/topology.sh
. "$dir/../net/topology.sh"
# shellcheck source=tracers.sh
. "$dir/tracers.sh"

work=$(mktemp -d)
packets=${PACKETS:-2000}
tcp_bytes=$((32 << 20))

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

# traffic LOAD: sets ns and busy, of a packet, and sent, the packets of both rounds
traffic() {
	local said measured
	case $1 in
	tcp) said=$(load tcp $tcp_bytes) ;;
	*) said=$(load udp "$1" "$packets") ;;
	esac || fail "load $1: $said"
	measured=$(word measured "$said")
	ns=$(per "$(word ns "$said")" "$measured")
	busy=$(per "$(word busy "$said")" "$measured")
	sent=$((2 * measured))
}

# count_calls LOAD: sets calls a packet, of the functions that tracers without a counter are at
count_calls() {
	local ns busy sent
	empty_load kprobe count=1 || fail "cannot count calls"
	traffic "$1"
	calls=$(per "$(cat $empty/kprobes)" "$sent")
	rmmod empty
}

# measure LOAD TRACER
measure() {
	local load=$1 tracer=$2 events lost ns busy sent before busy_before traced busy_traced
	traffic "$load"
	before=$ns busy_before=$busy
	if ! attach "$tracer" >"$work/why" 2>&1; then
		printf 'none\t%s\t%s\n' "$tracer" "$(tail -n 1 "$work/why")"
		detach "$tracer" >/dev/null 2>&1
		return
	fi
	traffic "$load"
	traced=$ns busy_traced=$busy
	read -r events lost < <(events "$tracer")
	[ "$events" = calls ] || events=$(per "$events" "$sent")
	detach "$tracer" >"$work/detached" 2>&1 || fail "$tracer: $(cat "$work/detached")"
	[ "$lost" != later ] || lost=$(lost "$tracer")
	traffic "$load"
	printf 'row\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$load" "$tracer" \
		"$before" "$traced" "$ns" "$busy_before" "$busy_traced" "$busy" \
		"${events/calls/$calls}" "$lost"
}

main() {
	local load loads=$1 tracer
	shift
	quiet_scenario
	echo "kernel $(uname -r)"
	echo "scale $(load scale)"
	for load in ${loads//,/ }; do
		# The first one fills caches and tables.
		traffic "$load"
		[[ $* != *empty* ]] || count_calls "$load"
		for tracer; do
			measure "$load" "$tracer"
		done
	done
}
main "$@"
