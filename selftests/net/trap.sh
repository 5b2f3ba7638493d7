#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# record --only: it waits for a journey of a kind, and keeps the time around that, no more;
# and of a burst on one processor nothing is lost.

. "$(dirname "$0")/lib.sh"

file=$work/trace

# trap_ ARGUMENT...: in the background, $trapper, from when it reads the rings on, which have
# nothing of the test before
trap_() {
	fresh_trace
	rm -f "$file"*
	skbtrace record -o "$file" "$@" 2>"$work/trapped" &
	trapper=$!
	until_true 60 reads_rings $trapper
}
reads_rings() { [[ $(readlink "/proc/$1/fd/"*) = *skbtrace.d/cpu* ]]; }

ended() { [ ! -d "/proc/$trapper" ]; }

# Of the datagrams to port 7879 a byte is changed on the way out of the first namespace.
garble() {
	in1 tc qdisc add dev calmveth1 clsact
	in1 tc filter add dev calmveth1 egress protocol ip u32 match ip protocol 17 0xff \
		match ip dport 7879 0xffff action pedit munge offset 600 u8 set 0x5a
}

send() { py -n ns-calm1 udp.py burst 78.78.0.11 "$1:900"; } # PORT: three datagrams

one_change() {
	local status pinger

	trap_ --only changed --count 1 --before 2 --after 1 --compress
	# Not in2: it is ping itself that is to be ended.
	ip netns exec ns-calm2 ping -q -i 0.1 78.78.0.10 >/dev/null &
	pinger=$!
	nap 1
	# All of this is intact, and no reason to write anything.
	send 7878
	nap 2
	not test -e "$file" || return
	send 7879
	until_true 60 ended || { kill $trapper $pinger; cat "$work/trapped"; return 1; }
	kill $pinger
	wait $trapper && cat "$work/trapped" &&
		grep -q '^changed: #.*right at __dev_queue_xmit on calmveth1,' "$work/trapped" &&
		grep -q '^1 journey looked for, in 1 file: .* 0 lost$' "$work/trapped" || return
	skbtrace check "$file"
	status=$?
	[ $status = 1 ] && not test -e "$file.1"
}

# That of the file is the one that was told, and nothing in it is older or younger.
time_around() {
	local id

	id=$(sed -n 's/^changed: #\([0-9.]*\) .*/\1/p' "$work/trapped")
	skbtrace report "$file" --id "$id" --json >"$work/one.json" &&
		skbtrace report "$file" --json >"$work/all.json" || return
	/usr/bin/python3 -ES - "$work/one.json" "$work/all.json" <<-'END'
	import json, sys
	def hops(path):
	    lines = [json.loads(line) for line in open(path)]
	    return [hop["ts_ns"] for line in lines if line["type"] == "journey" for hop in line["hops"]]
	one, all = hops(sys.argv[1]), hops(sys.argv[2])
	before, after = min(one) - min(all), max(all) - max(one)
	print("before %.3f s, after %.3f s" % (before / 1e9, after / 1e9))
	sys.exit(not (1e9 < before <= 2e9 and 0 < after <= 1e9))
	END
}

each_apart() {
	local i

	in2 nft add table ip t
	in2 nft add chain ip t c '{ type filter hook input priority 0; }'
	in2 nft add rule ip t c udp dport 7877 drop
	trap_ --only dropped --before 0.2 --after 0.2 --max-files 3 --dev calmveth2 'udp port 7877'
	for i in 1 2 3 4; do
		send 7877
		nap 1.5
	done
	kill $trapper
	wait $trapper
	cat "$work/trapped"
	ls "$file"*
	[ "$(cd "$work" && echo trace*)" = "trace trace.1 trace.2" ] || return
	for i in "$file"*; do
		skbtrace report "$i" | grep -q '; 3 dropped; .* 0 records lost' || return
	done
}

nothing_happened() {
	trap_ --only changed -D 2
	send 7878
	wait $trapper
	grep -q '^0 journeys looked for, in 0 files: 0 records saved, ' "$work/trapped" && not test -e "$file"
}

# What does not fit is said.
little_memory() {
	trap_ --only changed --count 1 --before 60 --memory 100K
	in2 ping -q -f -c 300 78.78.0.10 >/dev/null
	send 7879
	until_true 60 ended || { kill $trapper; return 1; }
	cat "$work/trapped"
	grep -q 's at most were gone from memory' "$work/trapped" && [ "$(stat -c %s "$file")" -lt 500000 ]
}

# burst RECORDER-ARGUMENT...: 5000 packets as fast as one processor sends them, while it is
# to record them, too
burst() {
	local recorder status=0

	# shellcheck disable=SC2119
	fresh_trace
	rm -f "$file"*
	skbtrace record -o "$file" "$@" 2>"$work/recorded" &
	recorder=$!
	until_true 60 reads_rings $recorder
	in2 ping -q -f -c 5000 -s 64 78.78.0.10 >"$work/ping" || status=1
	quiet
	kill $recorder
	wait $recorder
	sed -n '/transmitted/p' "$work/ping"
	cat "$work/recorded"
	[ $status = 0 ] && grep -q ' 0 lost$' "$work/recorded"
}
burst_compressed() { burst --compress && skbtrace summary "$file" | head -n 3; }
# Journeys are made of them, too.
burst_trapped() { burst --only changed; }

one_processor() {
	local cpu
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		[ ! -e "$cpu" ] || echo "$1" >"$cpu"
	done
}

refused() {
	not skbtrace record -o "$file" --before 3 && not skbtrace record -o - --only changed &&
		not skbtrace report --before 3 && not skbtrace live --compress
}

ktap_print_header
ktap_set_plan 9
scenario_up
modprobe -a sch_ingress cls_u32 act_pedit
load
check "options that make no sense are refused" refused
garble
check "a change ends it, and is in its file" one_change
check "the file has the time around that, and no more" time_around
check "what is apart goes to files of its own, the newest are kept" each_apart
check "where nothing is looked for nothing is written" nothing_happened
check "what the memory cannot hold is told" little_memory
one_processor 0
counted "one processor: nothing of 5000 packets and their answers is lost" burst
counted "one processor: nothing is lost, compressed" burst_compressed
counted "one processor: nothing is lost while a change is waited for" burst_trapped
one_processor 1
ktap_finished
