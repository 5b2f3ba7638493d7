#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# insmod and rmmod while packets are under way, ROUNDS times.

. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-8}

# With all points each tenth time; attaching them all takes seconds where the
# machine is emulated.
load_and_unload() {
	local i points
	for ((i = 0; i < rounds; i++)); do
		points=veth_xmit,br_handle_frame,nf_hook_slow,skb_clone,kfree_skbmem
		[ $((i % 10)) -ne 0 ] || points='*'
		load points="$points" || return
		until_true 60 grep -q veth_xmit $debugfs/skbtrace ||
			{ echo "round $i: nothing seen"; return 1; }
		unload || return
		[ $((i % 50)) -ne 49 ] || progress "$((i + 1)) times"
	done
	echo "$i times"
}

# Handlers run until the last of rmmod, and parameters are written until then.
write_parameters() {
	while echo 0 >$parameters/stack && echo 1 >$parameters/stack; do :; done 2>/dev/null
}

unload_while_written() {
	local i
	for i in 1 2 3 4 5; do
		load points=veth || return
		write_parameters &
		until_true 60 grep -q veth_xmit $debugfs/skbtrace || return
		unload || return
		wait $!
	done
}

traffic_flows() { in2 ping -q -c 3 -i 0.05 -W 60 78.78.0.10; }

traced_again() { load && until_true 60 grep -q br_handle_frame $debugfs/skbtrace; }

ktap_print_header
ktap_set_plan 4
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
in_background ns-calm2 ping -q -i 0.02 78.78.0.10
in_background ns-calm1 ping -q -i 0.02 fd78::11
counted "insmod and rmmod under traffic" load_and_unload
check "rmmod while parameters are written" unload_while_written
check "the traffic still flows" traffic_flows
check "and is traced by the next load" traced_again
ktap_finished
