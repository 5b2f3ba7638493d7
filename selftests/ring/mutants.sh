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

mutant no_busy_check "a writer takes a slot whoever has it" "test interleave stress?" '
	s/\t\tif \(RING_UNLIKELY\(state != .*the head moved under us \*\/\n\t\t\}\n//'
mutant no_busy_mark "a claim does not mark the slot" "test interleave" '
	s/(RING_CMPXCHG\(&slot->index, state, )RING_CLAIMED/\1RING_COMMITTED/'
mutant no_recheck "the reader does not look again after the copy" "test interleave stress?" '
	s/if \(RING_LOAD\(&slot->index\) == state\)/if (1)/'
mutant head_first "the head moves before the slot is claimed" "test interleave" '
	s/\n\t\tif \(RING_CMPXCHG/\n\t\tif (!RING_CMPXCHG(\&ring->head, head, head + 1)) continue;&/
	s/\n\tRING_CMPXCHG\(&ring->head, head, head \+ 1\);\n/\n/'
mutant clock_outside "the clock is read before the loop" "test interleave stress?" '
	s/\t\tnow = RING_CLOCK\(\);\n//
	s/\n(\tfor \(;;\) \{\n\t\thead =)/\n\tnow = RING_CLOCK();\n\1/'
mutant clock_late "the clock is read after the claim" "test interleave" '
	s/slot->ts_ns = now;/slot->ts_ns = RING_CLOCK();/'
mutant no_release "the commit does not release" "interleave tsan" '
	s/RING_STORE_RELEASE\(&slot/RING_STORE(\&slot/'
mutant no_acquire "the reader does not acquire" "interleave tsan" '
	s/RING_LOAD_ACQUIRE\(&slot/RING_LOAD(\&slot/'
mutant no_wmb "no write barrier after the claim" "interleave" '
	s/\n\tRING_WMB\(\);//'
mutant no_rmb "no read barrier before the second look" "interleave" '
	s/\n\t\t\tRING_RMB\(\);//'
mutant no_help "nobody moves the head for whom he interrupted" "test interleave" '
	s/\t\t\tRING_CMPXCHG\(&ring->head, head, head \+ 1\);\n//'
mutant head_by_store "the head is stored, not exchanged" "test interleave stress?" '
	s/\n\tRING_CMPXCHG\(&ring->head, head, (head \+ 1\);)/\n\tRING_STORE(\&ring->head, \1/'
mutant claim_by_store "the claim is stored, not exchanged" "test interleave stress?" '
	s/if \(RING_CMPXCHG\(&slot->index, state, ([^\n]*)\)/RING_STORE(\&slot->index, \1;/'
mutant no_owner_check "a slot of a later lap is taken for the last one" "test interleave" '
	s/state != (RING_COMMITTED\(head - ring->nr_slots\))/(state \& RING_BUSY) \&\& &/'
mutant reads_busy "the reader takes a record that is being written" "test interleave stress?" '
	s/(if \()state( == RING_COMMITTED\(\*cursor\))/\1(state \& ~RING_BUSY)\2/'
mutant drops_uncounted "what is refused is not counted" "test interleave" '
	s/\t\t\tRING_INC\(&ring->dropped\);\n//'
mutant attempts_in_loop "attempts are counted in the loop" "test interleave" '
	s/(\tRING_INC\(&ring->attempts\);\n)(\tfor \(;;\) \{\n)/\2\t\1/'
mutant lost_by_one "lost counts the gaps, not the records" "test interleave" '
	s/\*lost \+= oldest - \*cursor;/*lost += 1;/'
mutant oldest_off_by_one "the oldest record is skipped" "test interleave" '
	s/\? head - ring->nr_slots : 0/? head - ring->nr_slots + 1 : 0/'
mutant waits_for_ever "an overwritten record is waited for" "test interleave" '
	s/(RING_CLAIMED\(\*cursor\)\)) <= 0/\1 != 0/'
mutant first_lap "the first lap is taken for written" "test interleave" '
	s/RING_COMMITTED\(i - nr_slots\)/RING_COMMITTED(i)/'

models=(no_busy no_recheck head_first clock_outside no_release no_wmb no_rmb)

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
	check_model -DTASK=2 -DIRQ=1 -DNMI=1 -DMUTANT_"${name^^}"
	status=$?
	[ $status = 1 ] || show "$tmp/model/out"
	result $((status != 1)) "model_$name: $(sed -n 's/^pan:1: //p' "$tmp/model/out")"
done

echo "# $((tests - 1 - skipped)) mutants, $((tests - failed - skipped - 1)) caught"
finish
