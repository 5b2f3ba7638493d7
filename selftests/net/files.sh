#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The files in debugfs: who may, what they say, cursors of one's own.

. "$(dirname "$0")/lib.sh"

trace=$debugfs/skbtrace
cpu0=$debugfs/skbtrace.d/cpu0

only_root_reads() {
	local file
	for file in $trace $debugfs/skbtrace.d/*; do
		[ "$(stat -c %a "$file")" = 400 ] || { stat "$file"; return 1; }
		not dd if=/dev/zero of="$file" bs=1 count=1 2>/dev/null || return
	done
}

cat_shows() {
	cat $trace >"$work/cat" || return
	head -n 1 "$work/cat" | grep '^# skbtrace' || return
	grep ' veth_xmit .* dev=calmveth2 to=calmveth2_peer .* icmp 78.78.0.11>78.78.0.10 .*crc32c=' \
		"$work/cat"
}

cat_is_sorted() {
	grep -v '^#' "$work/cat" | awk '{ if ($1 < last) exit 1; last = $1 } END { exit NR < 100 }'
}

cat_twice() { cat $trace | cmp - "$work/cat"; }

two_at_once() {
	cat $trace >"$work/first" &
	cat $trace >"$work/second"
	wait $!
	cmp "$work/first" "$work/cat" && cmp "$work/second" "$work/cat"
}

small_reads() { dd if=$trace bs=77 2>/dev/null | cmp - "$work/cat"; }

records_are_the_same() {
	local text binary
	text=$(grep -vc '^#' "$work/cat")
	binary=$(py cursor.py count $debugfs/skbtrace.d/cpu[0-9]*)
	[ "$text" = "$binary" ] || { echo "$text lines, $binary records"; return 1; }
}

attempts_add_up() {
	awk '$1 == "total" { ok = $3 == $5 + $7 + $9 + $11 && $3 > 0; print }
	     END { exit !ok }' $debugfs/skbtrace.d/stats
}

cursor() { py cursor.py "$1" "$cpu0"; }

# Pings go on until the reader is done: attaching all points takes 5.10 seconds, and
# what was sent before does not wake anyone.
wakes() {
	local pinger status=0
	set_parameter on 1
	taskset 1 ip netns exec ns-calm2 ping -q -i 0.5 78.78.0.10 >/dev/null &
	pinger=$!
	cursor "$1" || status=$?
	kill $pinger
	wait $pinger 2>/dev/null
	return $status
}

open_file_holds() {
	exec 9<$trace
	not rmmod skbtrace 2>/dev/null
	local status=$?
	exec 9<&-
	return $status
}

# What tells lives apart goes on when it is not asked for.
hidden_are_not_shown() {
	local point
	fresh_trace points=veth
	taskset 1 ip netns exec ns-calm2 ping -q -c 5 -i 0.1 78.78.0.10 >/dev/null
	set_parameter on 0
	cat $trace >"$work/cat"
	for point in skb_clone kfree_skbmem; do
		awk -v p=$point '$2 == p && $6 { found = 1 } END { exit !found }' \
			$debugfs/skbtrace.d/points || { echo "no hit of $point"; return 1; }
	done
	grep -q ' veth_xmit ' "$work/cat" &&
		not grep -v -E '^#| veth_xmit(:return)? ' "$work/cat"
}

gone() { not test -e $trace && not test -e $debugfs/skbtrace.d; }

ktap_print_header
ktap_set_plan 17
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
load
# On CPU 0, whose file is looked at; a veth's packets stay on their CPU.
taskset 1 ip netns exec ns-calm2 ping -q -c 20 -i 0.01 78.78.0.10 >/dev/null
set_parameter on 0	# what follows looks at records that stand still
check "root alone may read, nobody may write" only_root_reads
check "cat shows the hops, a line each" cat_shows
check "ordered by time over all CPUs" cat_is_sorted
check "cat again shows the same" cat_twice
check "two readers at once see the same" two_at_once
check "so does one that reads 77 bytes at a time" small_reads
check "as many binary records as lines" records_are_the_same
check "attempts == committed + nested + refused" attempts_add_up
check "a buffer shorter than a record is refused" cursor short
check "whole records only" cursor whole
check "O_NONBLOCK at the end says EAGAIN" cursor eagain
check "lseek to the end and back" cursor seek
check "a blocked read gets the next record" wakes blocked
check "poll waits for the next record" wakes poll
check "an open file holds the module" open_file_holds
check "points that are not asked for are not shown" hidden_are_not_shown
unload
check "unloaded, the files are gone" gone
ktap_finished
