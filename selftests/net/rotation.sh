#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# record for weeks: when a file is full another one begins, each can be read by itself, and
# none of the records between two of them is lost.

. "$(dirname "$0")/lib.sh"

file=$work/trace

# record_until FILES ARGUMENT...: until there are so many files, under traffic
record_until() {
	local files=$1 pinger recorder status=0

	shift
	rm -f "$file"*
	skbtrace record -o "$file" "$@" 2>"$work/recorded" &
	recorder=$!
	# Not in2: it is ping itself that is to be ended.
	ip netns exec ns-calm2 ping -q -i 0.01 78.78.0.10 >/dev/null &
	pinger=$!
	until_true 300 test -e "$file.$((files - 1))" || status=1
	kill $pinger $recorder
	wait $pinger $recorder
	cat "$work/recorded"
	[ $status = 0 ] && grep -q ' records saved, 0 lost$' "$work/recorded"
}

# records FILE...: how many they have
records() {
	local f

	for f; do
		skbtrace hops "$f" | sed -n 's/^\([0-9]*\) records read: .*/\1/p'
	done | awk '{ n += $1 } END { print n + 0 }'
}

by_size() {
	record_until 4 --max-size 100K --max-files 100 || return
	[ "$(records "$file"*)" = "$(sed 's/ .*//' "$work/recorded")" ] ||
		{ records "$file"*; return 1; }
}

# All but the one that was being written are as large as they may be.
sizes() {
	local f

	for f in "$file".*; do
		[ "$(stat -c %s "$f")" -ge 102400 ] || { ls -l "$file"*; return 1; }
	done
}

each_by_itself() {
	local f

	for f in "$file"*; do
		skbtrace report "$f" | tail -n 2 | grep -q ' 0 records lost' && [ "$(records "$f")" -gt 0 ] ||
			{ echo "$f"; skbtrace report "$f" | tail -n 3; return 1; }
	done
}

newest_are_kept() {
	record_until 3 --max-size 50K --max-files 3 || return
	ls "$file"*
	[ "$(cd "$work" && echo trace*)" = "trace trace.1 trace.2" ]
}

by_age() { record_until 3 --max-age 1 --max-files 5; }

# A service that is started again goes on where it was.
earlier_runs_stay() {
	local before

	before=$(cksum <"$file")
	skbtrace record -o "$file" --max-size 1M -D 0.1 && [ "$(cksum <"$file.1")" = "$before" ]
}

refused() {
	not skbtrace record -o "$file" --max-size 3Q && not skbtrace record -o - --max-size 1M &&
		not skbtrace record -o "$file" --max-files 3 && not skbtrace report --max-age 3
}

ktap_print_header
ktap_set_plan 7
scenario_up
load points=veth
check "another file begins when one is full; together they have every record" by_size
check "a file is as large as it may be before" sizes
check "each can be read by itself" each_by_itself
check "the newest are kept" newest_are_kept
check "another file begins after a time" by_age
check "what an earlier run left becomes older" earlier_runs_stay
check "options that make no sense are refused" refused
ktap_finished
