#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# More packets than the rings hold, than readers can read, than max_rate lets in: all
# is accounted for, and nobody waits.

. "$(dirname "$0")/lib.sh"

seconds=${SECONDS_EACH:-6}

overload() { /usr/bin/python3 "$dir/overload.py" "$@"; }

# As fast as the other side answers, one way on each processor.
flood_up() {
	local cpu from
	floods=()
	for ((cpu = 0; cpu < 2 && cpu < $(nproc); cpu++)); do
		from=ns-calm$((cpu + 1))
		taskset $((1 << cpu)) ip netns exec $from ping -f -q 78.78.0.$((11 - cpu)) >/dev/null &
		floods+=($!)
	done
}

flood_down() {
	kill "${floods[@]}"
	wait "${floods[@]}"
} 2>/dev/null

# What may be said of a machine that is kept too busy; the rig waits longer than usual.
is_well() {
	not grep -E 'soft lockup|hard LOCKUP|detected (expedited )?stall|self-detected stall|blocked for more' \
		<(dmesg)
}

# in_flood COMMAND...
in_flood() {
	local status=0
	flood_up
	"$@" || status=$?
	flood_down
	return $status
}

# A queue of the kernel's may overflow meanwhile.
traffic_flows() {
	in2 ping -c 50 -i 0.02 -W 10 78.78.0.10 | tail -n 2 | tee "$work/pings"
	grep -qE ' [0-9](\.[0-9]+)?% packet loss' "$work/pings"
}

# On a machine that is too slow for that rate, at one that it exceeds.
rate_holds() {
	local rate=$1 most
	fresh_trace points=veth,bridge
	most=$(in_flood overload demand) || { echo "$most"; return 1; }
	[ "$most" -ge $((4 * rate)) ] || rate=$((most / 4))
	fresh_trace points=veth,bridge ring_kb=8192 max_rate="$rate"
	in_flood overload rate "$rate" "$seconds"
}

ktap_print_header
ktap_set_plan 7
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
dmesg -c >/dev/null
# Of what nobody asked for cat shows nothing, and all of it is to be counted.
load ring_kb=16 points=veth,bridge,ip,clone,free
flood_up
counted "flooded, all is counted on each CPU whenever it is quiet" \
	overload quiet "$seconds" "${floods[@]}"
counted "so is what four readers got and lost" overload readers "$seconds" "${floods[@]}"
counted "so is what cat shows" overload cat 10 $debugfs/skbtrace
counted "so is what the reader's summary says" overload summary "$seconds" "${floods[@]}"
check "the traffic flows beside the flood" traffic_flows
flood_down
counted "max_rate=1000 holds within 1 %" rate_holds 1000
check "no lockup, no stall" is_well
ktap_finished
