#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A softirq that is raised while a handler runs begins when that is done, and not at the
# next tick: from NET_RX's raise to its entry it takes no longer with skbtrace than without.
#
#	DATAGRAMS=n	how many are sent in each of the rounds, default 1000
#
# The receiver waits in epoll, the CPU is idle in between: nothing but the interrupt's end
# looks whether a softirq is due.  It is one with nohz_full where there is one.

. "$(dirname "$0")/lib.sh"

: "${DATAGRAMS:=1000}"
tracefs=/sys/kernel/tracing
[ -d $tracefs/events ] || tracefs=$debugfs/tracing
# Half of the shortest tick (CONFIG_HZ=1000), microseconds.
late=500

events_off() { echo 0 >$tracefs/events/irq/enable; }
trap 'events_off; cleanup' EXIT

# cpu: one with nohz_full, else the last
cpu() {
	local full
	full=$(cat /sys/devices/system/cpu/nohz_full 2>/dev/null)
	case $full in
	[0-9]*) echo "${full##*[-,]}" ;;
	*) echo $(($(nproc) - 1)) ;;
	esac
}

# latencies: of each raise of NET_RX the time to its entry, microseconds, in order
latencies() {
	awk '/softirq_raise: vec=3/ || /softirq_entry: vec=3/ {
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^\[[0-9]+\]$/) cpu = $i
			if ($i ~ /^[0-9]+\.[0-9]+:$/) at = $i + 0
		}
		if (/softirq_raise/) { if (!(cpu in raised)) raised[cpu] = at; next }
		if (cpu in raised) printf "%d\n", (at - raised[cpu]) * 1e6
		delete raised[cpu] }' $tracefs/trace | sort -n
}

# round NAME: $NAME holds what came of it: how many, the median, the 99th of 100, the
# longest, and how many were late
round() {
	echo >$tracefs/trace
	echo 1 >$tracefs/events/irq/softirq_raise/enable &&
		echo 1 >$tracefs/events/irq/softirq_entry/enable || return
	taskset -c "$(cpu)" /usr/bin/python3 -ES "$dir/latency.py" ns-calm1 ns-calm2 78.78.0.10 \
		"$DATAGRAMS" || return
	events_off
	latencies >"$work/latencies"
	awk -v late=$late '{ at[NR] = $1; n += $1 > late }
		END { print NR, at[int((NR + 1) / 2)], at[int(NR * 0.99)], at[NR], n + 0 }' \
		"$work/latencies" >"$work/$1"
	echo "# $1, CPU $(cpu): $(awk '{ print $1 " raised, " $2 " us in the middle, " $3 \
		" the 99th of 100, " $4 " the longest, " $5 " above '$late'" }' "$work/$1")"
	[ "$(cut -d' ' -f1 "$work/$1")" -ge "$DATAGRAMS" ]
}

# What happens to one in a hundred is the machine's doing, under emulation.
no_later() {
	awk 'FNR == NR { raised = $1; late = $5; next }
		{ exit !($5 <= late + $1 / 100 && raised > 0) }' "$work/untraced" "$work/traced"
}

ktap_print_header
[ -w $tracefs/events/irq/softirq_raise/enable ] || {
	ktap_skip_all "this kernel has no event for softirqs"
	exit "$KSFT_SKIP"
}
ktap_set_plan 4
echo 16384 >$tracefs/buffer_size_kb
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
round untraced >"$work/said" && ktap_test_pass "untraced: softirqs are raised, and begin" ||
	ktap_test_fail "untraced: softirqs are raised, and begin"
cat "$work/said"
load
round traced >"$work/said" && ktap_test_pass "traced: so they do" ||
	ktap_test_fail "traced: so they do"
cat "$work/said"
check "no more of them begin late" no_later
check "the datagrams were traced" grep -q ' udp_rcv ' $debugfs/skbtrace
ktap_finished
