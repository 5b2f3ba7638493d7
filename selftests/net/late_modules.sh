#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# skbtrace is there before veth and bridge are, stays while they go, and does
# not hold them.

. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-5}

# all_are STATE MODULE...: every point of these modules that is not absent
all_are() {
	local state=$1 module
	shift
	for module; do
		awk -v state="$state" -v module="$module" '
			$5 == module && $9 != "absent:" { n++; bad += $9 != state }
			END { exit !n || bad }' $debugfs/skbtrace.d/points || {
			grep " $module " $debugfs/skbtrace.d/points
			return 1
		}
	done
}

waiting() { all_are waiting veth bridge br_netfilter; }
active() { all_are active veth bridge br_netfilter; }

# A namespace behind a port of a bridge: enough for all three modules.
topology_up() {
	modprobe -a veth bridge br_netfilter || return
	ip link add calmbr type bridge && ip netns add ns-calm1 &&
		ip link add calmveth1 type veth peer name calmveth1_peer &&
		ip link set calmveth1 netns ns-calm1 &&
		ip link set calmveth1_peer master calmbr up &&
		ip link set calmbr up && ip addr add 78.78.0.1/24 dev calmbr &&
		ip -n ns-calm1 addr add 78.78.0.10/24 dev calmveth1 &&
		ip -n ns-calm1 link set calmveth1 up
}

unload_traced() {
	local module
	scenario_down
	# Namespaces are taken down behind our back.
	for module in veth br_netfilter bridge; do
		[ ! -d /sys/module/$module ] || until_true 60 unload_with_holders $module ||
			{ lsmod; rmmod $module; return 1; }
	done
}

# What nft had loaded for rules of bridges holds the bridge; skbtrace is no holder.
unload_with_holders() {
	local holder
	for holder in "/sys/module/$1/holders/"*; do
		[ ! -e "$holder" ] || [ "${holder##*/}" = skbtrace ] ||
			unload_with_holders "${holder##*/}" || return
	done
	rmmod "$1"
}

come_and_go() {
	local i
	for ((i = 0; i < rounds; i++)); do
		[ $((i % 10)) -ne 9 ] || progress "$((i + 1)) rounds"
		topology_up || { echo "round $i: topology"; return 1; }
		in_background ns-calm1 ping -q -i 0.02 78.78.0.1
		until_true 60 grep -q 'br_pass_frame_up.*to=calmbr' $debugfs/skbtrace ||
			{ echo "round $i: nothing traced"; return 1; }
		active || return
		# It goes on while its devices and their module disappear.
		unload_traced || { echo "round $i: a module is held"; return 1; }
		kill $!
		wait $!
		waiting || return
	done
}

ktap_print_header
ktap_set_plan 5
# Where probes are not ftrace's, the kernel makes jumps of them, and 6.1 does not let go
# of one whose module goes meanwhile (kill_optimized_kprobe()): the next at that address
# is refused.
sysctl -q -w debug.kprobes-optimization=0 2>/dev/null
unload_traced
load points=veth,bridge,netfilter,free
check "before veth and bridge exist their points wait" waiting
modprobe -a veth bridge br_netfilter
check "loaded, they are active" active
check "rmmod veth, bridge, br_netfilter is not refused" unload_traced
check "their points wait again" waiting
check "$rounds times more, with packets under way" come_and_go
ktap_finished
