#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The recorder, here, without a kernel. For a week, in some seconds: it sees each change, and
# memory, disk and descriptors stay what they are (see week.c). And as it follows what comes
# (see rings.py).

. "$(dirname "$0")/lib.sh"

traces=$src/selftests/tools/traces
hours=${HOURS:-168}

build_week() {
	local sources

	mapfile -t sources < <(find "$src/tools" -name '*.c' ! -name main.c
		find "$src/include/skbtrace" -name '*.c')
	gcc -std=gnu11 -O2 -D_GNU_SOURCE -Wall -Wextra -I"$src/tools" -I"$src/include" \
		-o "$tmp/week" "$build/week.c" "${sources[@]}" -ldl
}

# week HOURS EVERY: and each change is told, none twice
week() {
	rm -rf "$tmp/files" && mkdir "$tmp/files"
	"$tmp/week" "$traces/http.skbtrace" "$traces/pedit.skbtrace" "$1" "$2" "$tmp/files" \
		>"$tmp/week.out" 2>"$tmp/week.err" || { tail -n 3 "$tmp/week.out" "$tmp/week.err"; return 1; }
	ls -l "$tmp/files"
	tail -n 1 "$tmp/week.err"
	[ "$(grep -c '^changed: ' "$tmp/week.err")" = $(($1 * 360 / $2)) ] &&
		grep -q ' 0 lost$' "$tmp/week.err" && cat "$tmp/week.out"
}

# figures COMMAND...: what it says last goes into the test's name
counted() {
	local what=$1 status=0

	shift
	"$@" >"$tmp/counted.log" 2>&1 || status=$?
	[ $status != 0 ] || what="$what: $(tail -n 1 "$tmp/counted.log")"
	check "$what" was_counted $status
}
was_counted() { cat "$tmp/counted.log"; return "$1"; }

# The last change, the minute before and the minute after, and all of that is right.
newest_file() {
	local file=$tmp/files/trace

	make -s -C "$src/tools" && "$src/tools/skbtrace" check "$file" >"$tmp/checked"
	[ $? = 1 ] && tail -n 2 "$tmp/checked" && grep -q ' 1 changed, 0 unverified; .* 0 records lost' "$tmp/checked" &&
		[ "$(find "$tmp/files" -name 'trace*' | wc -l)" = 8 ] &&
		[ "$(grep -c '^changed: #' "$tmp/checked")" = 1 ]
}

# ring PERIOD EVERY SECONDS: what the module would have, in $tmp/ring
ring() {
	rm -rf "$tmp/ring" "$tmp/files" && mkdir -p "$tmp/ring/skbtrace.d" "$tmp/files"
	: >"$tmp/ring/skbtrace.d/cpu0"
	: >"$tmp/ring/skbtrace.d/cpu1"
	python3 "$build/rings.py" "$tmp/ring/skbtrace.d" "$traces/http.skbtrace" \
		"$traces/pedit.skbtrace" "$@" >"$tmp/ring.out" &
	ringer=$!
	until_true test -s "$tmp/ring/skbtrace.d/cpu0"
}
until_true() {
	local i
	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}
reader=("$src/tools/skbtrace" --debugfs "$tmp/ring")

# read_in FILE...: records; of a packet on its way when another file begins one has a part
read_in() {
	local f

	for f; do
		"${reader[@]}" report "$f" >"$tmp/report" && grep -q ' 0 records lost' "$tmp/report" ||
			{ echo "$f" >&2; return 1; }
		sed -n 's/^\([0-9]*\) records read: .*/\1/p' "$tmp/report"
	done | awk '{ n += $1 } END { print n + 0 }'
}

# Between two files nothing is lost, compressed or not.
rotates() { # ARGUMENT...
	ring 0.02 1000000 60 || return
	"${reader[@]}" record -o "$tmp/files/trace" --max-files 100 "$@" 2>"$tmp/recorded" &
	until_true test -e "$tmp/files/trace.5"
	kill $! $ringer
	wait $! $ringer
	cat "$tmp/recorded"
	ls -l "$tmp/files"
	[ "$(read_in "$tmp"/files/*) records saved, 0 lost" = "$(cat "$tmp/recorded")" ]
}

# Two changes, some seconds apart: it ends by itself, and has what is around each.
traps() {
	local f

	ring 0.05 60 60 || return
	"${reader[@]}" record -o "$tmp/files/trace" --only changed --count 2 --before 1 --after 1 \
		--compress -D 60 2>"$tmp/recorded" || return
	kill $ringer
	cat "$tmp/recorded"
	grep -q '^2 journeys looked for, in 2 files: .* 0 lost$' "$tmp/recorded" || return
	for f in trace trace.1; do
		"${reader[@]}" report --json "$tmp/files/$f" >"$tmp/json"
		python3 - "$tmp/json" <<-'END' || return
		import json, sys
		journeys = [j for j in map(json.loads, open(sys.argv[1])) if j["type"] == "journey"]
		times = [h["ts_ns"] for j in journeys for h in j["hops"]]
		changed, = (j for j in journeys if j["payload"] == "changed")
		before = changed["hops"][0]["ts_ns"] - min(times)
		after = max(times) - changed["hops"][-1]["ts_ns"]
		print("%d journeys, %.3f s before, %.3f s after" % (len(journeys), before / 1e9, after / 1e9))
		sys.exit(not (0.9e9 < before <= 1e9 and 0.9e9 < after <= 1e9))
		END
	done
}

ktap_print_header
ktap_set_plan 7
check "a source that goes on for a week is built" build_week
counted "a week with a change an hour" week "$hours" 360
check "the newest file has one change and the time around it" newest_file
counted "a day in which payloads change all the time" week 24 2
check "no record is lost between two files" rotates --max-size 500K
check "nor where they are compressed" rotates --max-age 1 --compress
check "it ends after two changes, and has the time around each" traps
ktap_finished
