#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# skbtrace is there before veth and bridge are, stays while they go, and does
# not hold them.

. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-50}

# all_are STATE MODULE...: every point of these modules that is not absent
all_are() {
	local state=$1 module
	shift
	for module; do
		awk -v state="$state" -v module="$module" '
			$5 == module && $8 != "absent:" { n++; bad += $8 != state }
			END { exit !n || bad }' $debugfs/skbtrace.d/points || {
			grep " $module " $debugfs/skbtrace.d/points
			return 1
		}
	done
}

waiting() { all_are waiting veth bridge br_netfilter; }
active() { all_are active veth bridge br_netfilter; }

unload_traced() {
	scenario_down
	# Namespaces are taken down behind our back.
	until_true 20 rmmod veth && until_true 20 rmmod br_netfilter && until_true 20 rmmod bridge
}

come_and_go() {
	local i
	for ((i = 0; i < rounds; i++)); do
		scenario_up || { echo "round $i: scenario"; return 1; }
		in2 ping -q -f 78.78.0.10 >/dev/null &
		until_true 5 grep -q '__br_forward.*dev=calmveth1_peer' $debugfs/skbtrace ||
			{ echo "round $i: nothing traced"; return 1; }
		active || return
		kill $!
		unload_traced || { echo "round $i: a module is held"; return 1; }
		waiting || return
	done
}

ktap_print_header
ktap_set_plan 5
modprobe -r veth bridge br_netfilter 2>/dev/null
load
check "before veth and bridge exist their points wait" waiting
modprobe -a veth bridge br_netfilter
check "loaded, they are active" active
check "rmmod veth, bridge, br_netfilter is not refused" unload_traced
check "their points wait again" waiting
check "$rounds times more, under traffic" come_and_go
ktap_finished
