#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Check ring.pml with spin.
#
# Each line of bounds is a test: slots, records that the task and the interrupt
# attempt.  Then the model itself: that it does get to where the protocol is difficult.
#
#	MODEL=full	also bounds that take a minute
#	SPIN_MB=n	memory for one check, default 2048

cd "$(dirname "$0")" || exit 1
. ./ring_lib.sh

echo "TAP version 13"
have spin || skip_all "spin is missing: install the package spin"
have "$CC" || skip_all "$CC is missing"

bounds=("1 2 2" "2 3 2" "4 5 1")
if [ "$MODEL" = full ]; then
	bounds+=("1 5 4" "2 6 4" "4 8 3")
fi
reach=(nested lost overrun)

states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$tmp/model/out"; }

echo "1..$((${#bounds[@]} + ${#reach[@]}))"

for line in "${bounds[@]}"; do
	read -r slots task irq <<<"$line"
	from=$SECONDS
	check_model -DSLOTS="$slots" -DTASK="$task" -DIRQ="$irq"
	status=$?
	[ $status = 0 ] || show "$tmp/model/out"
	result $status "slots=$slots task=$task irq=$irq: $(states) states, $((SECONDS - from)) s"
done

for what in "${reach[@]}"; do
	check_model -DREACH_"${what^^}"
	status=$?
	[ $status = 1 ] || show "$tmp/model/out"
	result $((status != 1)) "the model gets to: $what"
done

finish
