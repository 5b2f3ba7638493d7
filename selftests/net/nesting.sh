#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Handlers do not nest, on which skbtrace's rings rely: whatever interrupts one, calls a
# probed function from one, or comes as an NMI finds its probes skipped, and counted.
#
#	ROUNDS=n	tries, default 500
#
# nesting.ko tries it with probes of its own; then skbtrace is flooded meanwhile.

. "$(dirname "$0")/lib.sh"

ko_of_test=${NESTING_KO:-/skbtrace/nesting.ko}
run=/sys/module/nesting/parameters/run
: "${ROUNDS:=500}"

test_down() { [ ! -d /sys/module/nesting ] || rmmod nesting; }
trap 'test_down; cleanup' EXIT

[ -r "$ko_of_test" ] || { echo "1..0 # SKIP there is no $ko_of_test"; exit 4; }

# of PLACE NAME
of() {
	awk -v place="$1" -v name="$2" '$1 == place {
		for (i = 2; i < NF; i++) if ($i == name) print $(i + 1) }' $run
}

tries() {
	local cpu
	for cpu in 0 1; do
		taskset -c $cpu sh -c "echo $ROUNDS >$run" || return
	done
	cat $run
	[ "$(of task calls)" -ge $((2 * ROUNDS)) ]
}

none_nested() { cat $run; [ "$(awk '$1 == "nested" { print $2 }' $run)" = 0 ]; }

# came WHAT PLACE: interrupts or NMIs, while that handler ran
came() { cat $run; [ "$(of "$2" "$1")" -ge "$ROUNDS" ]; }

# skipped PLACE: what is called from there is not seen
skipped() { cat $run; [ "$(of "$1" calls)" -ge "$ROUNDS" ] && [ "$(of "$1" hits)" = 0 ]; }

# counted_as_missed PLACE: seen, or counted
counted_as_missed() {
	cat $run
	[ $(($(of "$1" hits) + $(of "$1" missed))) = "$(of "$1" calls)" ] &&
		[ "$(of "$1" missed)" -ge "$ROUNDS" ]
}

# Of all CPUs.
total() {
	awk -v name="$1" '$1 == "total" {
		for (i = 2; i < NF; i += 2) if ($i == name) print $(i + 1) }' $debugfs/skbtrace.d/stats
}

flooded() {
	local pids=() pid i
	fresh_trace stack=1 || return
	for i in 1 2 3; do
		in2 ping -q -f -w 10 78.78.0.10 >/dev/null & pids+=($!)
		in1 ping -q -f -w 10 -s 3000 78.78.0.11 >/dev/null & pids+=($!)
		taskset -c $((i % 2)) sh -c "while [ \1 = 1 ]; do echo 20 >$run; done" & pids+=($!)
	done 2>/dev/null
	sleep 10
	kill "${pids[@]}" 2>/dev/null
	for pid in "${pids[@]}"; do wait "$pid"; done 2>/dev/null
	cat $debugfs/skbtrace.d/stats
	[ "$(total committed)" -gt 1000 ] && [ "$(total nested)" = 0 ]
}

ktap_print_header
ktap_set_plan 14
insmod "$ko_of_test" || { ktap_test_fail "insmod $ko_of_test"; ktap_finished; }
check "$ROUNDS tries on each CPU" tries
for place in handler call return; do
	check "an NMI in a handler: $place, $(of $place nmis) times" came nmis $place
	if [ "$(of $place interrupts)" = 0 ]; then
		skip 1 "an interrupt in a handler: $place" "this kernel has them off there"
	else
		check "an interrupt in a handler: $place, $(of $place interrupts) times" \
			came interrupts $place
	fi
	check "what such a handler calls is not seen: $(of $place calls) calls" skipped $place
done
check "what NMIs call is seen or counted: $(of nmi calls) calls" counted_as_missed nmi
if [ "$(of handler interrupts)" = 0 ] && [ "$(of return interrupts)" = 0 ]; then
	skip 1 "what interrupts call is seen or counted" "none came in a handler"
else
	check "what interrupts call is seen or counted: $(of interrupt calls) calls" \
		counted_as_missed interrupt
fi
check "no handler ran within another" none_nested
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
check "nor did skbtrace's, flooded meanwhile" flooded
ktap_finished
