#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a hop cost more than it did? A short run of what bench.sh does, on 6.1.
#
#	guard.sh		KTAP; fails where it is more than 5 % above bench/costs
#	guard.sh --write	what is measured now is what it may cost from now on
#
# Instructions are the same on every machine, if the compiler is. KSELFTEST= is the
# folder that kselftest.sh prints.

set -uo pipefail
cd "$(dirname "$0")" || exit 1
. ../vm/lib.sh

costs=$src/selftests/bench/costs
loads=64,1400
tracers=(skbtrace-nodigest skbtrace skbtrace-reject)
read -r CC _ <<<"${CC:-gcc}"

# What the figures are of, as far as it matters.
compiler() { echo "${CC##*/} $("$CC" -dumpversion | cut -d. -f1)"; }

# measure: lines "LOAD TRACER INSTRUCTIONS" in $tmp/costs; remarks in $tmp/said
measure() {
	VMKERNEL=6.1 KERNEL='' ../vm/run.sh --icount -- \
		env PACKETS=1000 ./bench/guest.sh "$loads" "${tracers[@]}" >"$tmp/said" &&
		./table.awk -v costs=1 "$tmp/said" >"$tmp/costs" &&
		[ "$(wc -l <"$tmp/costs")" = $((2 * ${#tracers[@]})) ]
}

# heading: what costs begins with
heading() {
	cat <<-END
	# Instructions that skbtrace adds at a hop: UDP of so many bytes, how it is used.
	# guard.sh --write has written this, with $(compiler) for $(sed -n 's/^kernel //p' "$tmp/said")
	END
}

write() {
	measure || { cat "$tmp/said" >&2; die "it could not be measured"; }
	{ heading; cat "$tmp/costs"; } >"$tmp/new"
	cat "$tmp/new" >"$costs"
	cat "$costs"
}

# within LOAD TRACER RECORDED NOW
within() {
	local what="a hop of $1 bytes, $2: $4 instructions, $3 recorded"
	if awk -v was="$3" -v is="$4" 'BEGIN { exit !(is > 0 && is <= 1.05 * was) }'; then
		ktap_test_pass "$what"
	else
		ktap_test_fail "$what: more than 5 % above"
	fi
}

check() {
	local load tracer recorded now with

	# shellcheck source=/dev/null
	. "${KSELFTEST:?}/kselftest/ktap_helpers.sh"
	ktap_print_header
	with=$(sed -n 's/.*with \(.*\) for .*/\1/p' "$costs")
	if [ "$(compiler)" != "$with" ]; then
		echo "1..0 # SKIP the figures in bench/costs are of $with, not of $(compiler)"
		exit 0
	fi
	ktap_set_plan $((1 + 2 * ${#tracers[@]}))
	if measure; then
		ktap_test_pass "without a tracer packets cost the same before and after it"
	else
		sed 's/^/# /' "$tmp/said"
		ktap_test_fail "the costs of packets could be measured"
		ktap_finished
	fi
	sed -n 's/^# guard.sh.*with/# recorded with/p' "$costs"
	echo "# measured with $(compiler) for $(sed -n 's/^kernel //p' "$tmp/said")"
	while read -r load tracer now; do
		recorded=$(awk -v l="$load" -v t="$tracer" '$1 == l && $2 == t { print $3 }' "$costs")
		within "$load" "$tracer" "${recorded:-0}" "$now"
	done <"$tmp/costs"
	ktap_finished
}

scratch
case $#${1-} in
0) check ;;
1--write) write ;;
*) die "usage: guard.sh [--write]" ;;
esac
