#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stacks that are recognised are those that the unwinder finds: over many hops of mixed
# traffic, in tasks, interrupts and what they interrupt, not one differs.
#
#	HOPS=n	hops to compare, default 20000
#
# stacks_test.ko compares; it is made of skbtrace's own files.

. "$(dirname "$0")/lib.sh"

ko_of_test=${STACKS_KO:-/skbtrace/stacks_test.ko}
figures=/sys/module/stacks_test/parameters/result
: "${HOPS:=20000}"

test_down() { [ ! -d /sys/module/stacks_test ] || rmmod stacks_test; }
trap 'test_down; cleanup' EXIT

[ -r "$ko_of_test" ] || { echo "1..0 # SKIP there is no $ko_of_test"; exit 4; }

# value NAME
value() {
	awk -v name="$1" 'NR == 1 { for (i = 1; i < NF; i += 2) if ($i == name) print $(i + 1) }' $figures
}

# Streams both ways, datagrams whole and in fragments, echoes, refused connections; by
# different programs, so that they are sent by different calls.
mix() {
	local pids=() pid
	while [ "$(value hops)" -lt "$HOPS" ]; do
		in2 ping -q -i 0.002 -c 200 78.78.0.10 >/dev/null & pids+=($!)
		in1 ping -q -6 -i 0.002 -c 100 -s 3000 fd78::11 >/dev/null & pids+=($!)
		udp_send 78.78.0.10 1400 100 >/dev/null
		udp_send fd78::10 20000 20 >/dev/null
		fetch http://78.78.0.10/large
		fetch "http://[fd78::10]/large"
		in2 curl -s -m 5 http://78.78.0.10:81/ >/dev/null
		for pid in "${pids[@]}"; do wait "$pid"; done
		pids=()
	done
	[ "$(value hops)" -ge "$HOPS" ]
}

none_differs() { cat $figures; [ "$(value "$1")" = 0 ]; }
some() { cat $figures; [ "$(value "$1")" -gt 0 ]; }
mostly_known() { cat $figures; [ $((10 * $(value known))) -gt $((9 * $(value hops))) ]; }

ktap_print_header
ktap_set_plan 8
scenario_up && http_up || { ktap_test_fail "scenario 3"; ktap_finished; }
random_file large 1000000
insmod "$ko_of_test" || { ktap_test_fail "insmod $ko_of_test"; ktap_finished; }
check "$HOPS hops of mixed traffic" mix
check "each stack is what unwinding finds: $(value hops) hops, $(value frames) frames" none_differs differ
check "and what the kernel itself finds, all but $(value short_kernel) whole" \
	none_differs differ_kernel
check "among them stacks of interrupts: $(value interrupts)" some interrupts
check "functions with return probes were called: $(value returns)" some returns
check "none of their trampolines is left in a stack" none_differs left
if grep -q 'callers_remember\|orc_find' /proc/kallsyms; then
	check "most are recognised: $(value known) of $(value hops)" mostly_known
else
	skip 1 "most are recognised" "frames are linked here, none is remembered"
fi
check "every stack has a number" none_differs no_stack
ktap_finished
