#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Break the ring protocol on purpose and see the tests fail.
#
# Each mutant is an edit of a copy of ring.h and the tests that must notice it.
# The unedited copy goes through the same build first and must pass, so that a
# test that fails always proves nothing.  The model has its mutants in ring.pml.
#
#	mutants.sh [NAME...]	only these

cd "$(dirname "$0")" || exit 1
. ./ring_lib.sh

include=../../include
kselftest=${KSELFTEST:-../../.cache/kselftest/tools/testing/selftests}

echo "TAP version 13"
have "$CC" || skip_all "$CC is missing"
[ -r $include/skbtrace/ring.h ] || skip_all "the sources are not here: $include"
[ -r "$kselftest/kselftest_harness.h" ] || skip_all "no kselftest_harness.h in $kselftest"

names=() whats=() killers=() edits=()

# mutant NAME WHAT TESTS EDIT: TESTS must all fail, but one with a question mark,
# which depends on chance, need not.  EDIT is a sed -E script for the file as one line.
mutant() {
	names+=("$1") whats+=("$2") killers+=("$3") edits+=("$4")
}

mutant no_check "a writer does not look whether another is under way" "test interleave stress?" '
	s/if \(__builtin_expect\(RING_LOAD\(&ring->writing\), 0\)\)/if (0)/'
mutant flag_not_set "a claim does not say that it writes" "test interleave" '
	s/\n\tRING_STORE\(&ring->writing, 1\);//'
mutant flag_stays "a commit does not say that it is done" "test interleave stress" '
	s/\n\tRING_STORE\(&ring->writing, 0\);//'
mutant flag_cleared_first "a commit says so before the head moves" "interleave" '
	s/(\n\tRING_STORE_RELEASE\([^\n]*)(\n\tRING_STORE\(&ring->writing, 0\);)/\2\1/'
mutant flag_late "the head is read before the flag is set" "test interleave" '
	s/(\n\tRING_STORE\(&ring->writing, 1\);)(\n\thead = [^\n]*)/\2\1/'
mutant clock_early "so is the clock" "test interleave" '
	s/(\n\t__u64 head)(;\n\n\tRING_INC)/\1, now = RING_CLOCK()\2/
	s/, RING_CLOCK\(\)\);/, now);/'
mutant no_owner "a claim does not say whose the slot is" "test interleave stress" '
	s/\n\tRING_STORE\(&slot->index, head\);//'
mutant owner_late "it says so after it has begun to write" "interleave" '
	s/(\n\tRING_STORE\(&slot->index, head\);)(.*)(\n\tRING_STORE\(&slot->ts_ns[^\n]*)/\2\3\1/'
mutant head_first "the head moves before the slot is written" "test interleave stress" '
	s/(\n\tRING_STORE\(&slot->ts_ns[^\n]*)/\n\tRING_STORE(\&ring->head, head + 1);\1/
	s/(RING_STORE_RELEASE\(&ring->head, RING_LOAD\(&ring->head\)) \+ 1/\1/'
mutant no_release "the commit does not release" "interleave tsan" '
	s/RING_STORE_RELEASE\(&ring/RING_STORE(\&ring/'
mutant no_acquire "the reader does not acquire" "interleave tsan" '
	s/RING_LOAD_ACQUIRE\(&ring/RING_LOAD(\&ring/'
mutant no_wmb "no write barrier after the claim" "interleave" '
	s/\n\tRING_WMB\(\);//'
mutant no_rmb "no read barrier after the copy" "interleave" '
	s/\n\t\tRING_RMB\(\);//'
mutant no_recheck "the reader does not look whose the slot is" "test interleave stress" '
	s/if \(RING_LOAD\(&slot->index\) == \*cursor\)/if (1)/'
mutant recheck_first "it looks before the copy" "test interleave stress?" '
	s/(\n\t\tslot = [^\n]*)/\1\n\t\toldest = RING_LOAD(\&slot->index);/
	s/if \(RING_LOAD\(&slot->index\) == /if (oldest == /'
mutant reads_ahead "the reader does not stop at the head" "test interleave" '
	s/if \(\*cursor >= RING/if (*cursor > RING/'
mutant nested_uncounted "what is refused is not counted" "test interleave stress?" '
	s/\n\t\tRING_INC\(&ring->nested\);//'
mutant attempts_uncounted "it is no attempt either" "test interleave stress?" '
	s/(\n\tRING_INC\(&ring->attempts\);)(.*)(\n\tRING_STORE\(&ring->writing, 1\);)/\2\1\3/'
mutant lost_by_one "lost counts the gaps, not the records" "test interleave stress" '
	s/\*lost \+= oldest - \*cursor;/*lost += 1;/'
mutant oldest_off_by_one "the oldest record is skipped" "test interleave" '
	s/\? head - ring->nr_slots : 0/? head - ring->nr_slots + 1 : 0/'
mutant no_progress "the reader waits for a slot that is being written" "test" '
	s/oldest = \*cursor \+ 1;/oldest = *cursor;/'

models=(no_check flag_late clock_early flag_cleared_first head_first no_owner no_release no_wmb
	no_rmb no_recheck)

# build TEST DIR: against the ring.h in DIR.
build() {
	local name=$1 flags=(-O1)

	case $1 in
	tsan)
		name=stress
		flags+=(-fsanitize=thread -Wno-tsan)
		;;
	esac
	"$CC" -std=gnu11 -w -g -fno-strict-aliasing "${flags[@]}" -I"$2" -I"$kselftest" -I. \
		"ring_$name.c" -o "$2/$1" -pthread -lrt
}

# run TEST DIR: what hangs, fails.
run() {
	RING_STRESS_SECONDS=1 timeout -s KILL 120 "$2/$1"
}

# fails TEST DIR: threads may need more than one run to meet.
fails() {
	local i runs=1

	[ "$1" = tsan ] && runs=10
	for ((i = 0; i < runs; i++)); do
		run "$1" "$2" || return 0
	done >"$tmp/out" 2>&1
	return 1
}

# copy DIR: ring.h and what it includes.
copy() {
	rm -rf "$1"
	mkdir -p "$1/skbtrace" &&
		cp $include/skbtrace/ring.h $include/skbtrace/record.h "$1/skbtrace"
}

# Can this compiler build for ThreadSanitizer, and does that run here?
can_tsan=0
echo 'int main(void) { return 0; }' >"$tmp/empty.c"
"$CC" -fsanitize=thread "$tmp/empty.c" -o "$tmp/empty" 2>/dev/null && "$tmp/empty" && can_tsan=1

control() {
	local test

	copy "$tmp/control" || return 1
	for test in test interleave stress tsan; do
		[ $test = tsan ] && [ $can_tsan = 0 ] && continue
		build $test "$tmp/control" >"$tmp/out" 2>&1 &&
			run $test "$tmp/control" >"$tmp/out" 2>&1 && continue
		show "$tmp/out"
		return 1
	done
}

# try NUMBER: sets caught to the tests that failed, as they should.
try() {
	local dir=$tmp/${names[$1]} test chance

	caught=
	copy "$dir" || return 1
	sed -z -E -i "${edits[$1]}" "$dir/skbtrace/ring.h"
	if cmp -s "$dir/skbtrace/ring.h" $include/skbtrace/ring.h; then
		echo "# the edit does not fit ring.h any more"
		return 1
	fi
	for test in ${killers[$1]}; do
		chance=${test#"${test%\?}"} test=${test%\?}
		[ "$test" = tsan ] && [ $can_tsan = 0 ] && continue
		if ! build "$test" "$dir" >"$tmp/out" 2>&1; then
			show "$tmp/out"
			return 1
		fi
		if fails "$test" "$dir"; then
			caught="$caught${caught:+, }$test"
		elif [ -z "$chance" ]; then
			echo "# ring_$test does not notice"
			return 1
		fi
	done
	rm -rf "$dir"
}

wanted() {
	[ ${#only[@]} = 0 ] && return
	[[ " ${only[*]} " = *" $1 "* ]]
}

only=("$@")
plan=1
for name in "${names[@]}" "${models[@]/#/model_}"; do
	wanted "$name" && plan=$((plan + 1))
done
echo "1..$plan"

control
result $? "control: what is not broken passes"

for i in "${!names[@]}"; do
	wanted "${names[$i]}" || continue
	try "$i"
	result $? "${names[$i]}: ${whats[$i]}: caught by ${caught:-nobody}"
done

for name in "${models[@]}"; do
	wanted "model_$name" || continue
	if ! have spin; then
		skip "model_$name" "spin is missing"
		continue
	fi
	check_model -DMUTANT_"${name^^}"
	status=$?
	[ $status = 1 ] || show "$tmp/model/out"
	result $((status != 1)) "model_$name: $(sed -n 's/^pan:1: //p' "$tmp/model/out")"
done

echo "# $((tests - 1 - skipped)) mutants, $((tests - failed - skipped - 1)) caught"
finish
