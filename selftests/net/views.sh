#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The lists of calls of the document (how a packet is sent, passes the bridge, and is
# received), as the kernel's own function graph has them and as "report --tree" does.

. "$(dirname "$0")/lib.sh"

tracing=/sys/kernel/debug/tracing

page() { fetch http://78.78.0.10/page && cmp "$work/www/page" "$work/fetched"; }

# What is probed is traced: one of the two looks at a time.
graph() {
	local symbol

	untraced=
	fresh_trace || return
	py calls.py symbols "$debugfs/skbtrace.d/points" >"$work/symbols" || return
	unload
	echo nop >$tracing/current_tracer && : >$tracing/set_ftrace_filter || return
	while read -r symbol; do
		# Of some functions a copy with constant arguments is what there is; a few ftrace
		# does not know, and neither list has them (RHEL 7: ip_finish_output2).
		echo "$symbol" >>$tracing/set_ftrace_filter ||
			echo "$symbol.constprop.0" >>$tracing/set_ftrace_filter ||
			untraced+=",-$symbol"
	done <"$work/symbols" 2>/dev/null
	echo function_graph >$tracing/current_tracer && : >$tracing/trace || return
	page
	cat $tracing/trace >"$work/graph"
	echo nop >$tracing/current_tracer && : >$tracing/set_ftrace_filter
	[ "$(grep -c '()' "$work/graph")" -gt 50 ] || { tail -n 20 "$work/graph"; return 1; }
}

tree() {
	fresh_trace && page && quiet && skbtrace report --tree --points "*,-free$untraced" >"$work/tree" &&
		grep -q '| [_a-z]*tcp_transmit_skb() {' "$work/tree"
}

the_same() {
	undisturbed tree && py calls.py listings "$work/graph" "$work/tree" 80 >"$work/listings"
	local status=$?
	sed 's/^/# /' "$work/listings" >&"$told_fd"
	cat "$work/listings"
	return $status
}

# Each journey as a whole, of a kernel that runs.
pages() {
	skbtrace report --html "$work/page.html" --perfetto "$work/perfetto" \
		--pcapng "$work/pcapng" --capture-at calmveth2 --sort latency -c 3 >"$work/sorted" &&
		grep '^sorted by latency: the first 3 of ' "$work/sorted" &&
		[ "$(grep -c '^#' "$work/sorted")" = 3 ] &&
		[ "$(grep -c '<article' "$work/page.html")" -gt 3 ] &&
		/usr/bin/python3 -ES -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/perfetto" &&
		tcpdump -r "$work/pcapng" -n 'tcp port 80' 2>/dev/null | grep -c ' length [1-9]'
}

# A return address of this kernel is found where there is no debugging information, too: it
# is said what to install.
where() {
	skbtrace where veth_xmit+0x5/0x2b0 '[veth]' >"$work/where" ||
		grep 'there is no debugging information' "$work/where"
}

ktap_print_header
ktap_set_plan 4
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
http_up
random_file page 3000
page
if [ -w $tracing/current_tracer ] && grep -q function_graph $tracing/available_tracers; then
	check "the kernel traces its calls" graph
	check "three lists of calls are the kernel's" the_same
else
	skip 2 "three lists of calls are the kernel's" "no function_graph in this kernel"
fi
check "they can be seen in other programs" pages
check "an address is looked for" where
ktap_finished
