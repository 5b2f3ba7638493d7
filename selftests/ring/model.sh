#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Check ring.pml with spin.
#
# Each line of bounds is a test: slots, records of the task, the interrupt and
# the NMI, and whether stores may be seen out of order.  Then the model itself:
# that it does get to where the protocol is difficult.
#
#	MODEL=full	also bounds that take a quarter of an hour and 4 GB
#	SPIN_MB=n	memory for one check, default 2048 (full: 6144)

cd "$(dirname "$0")" || exit 1
. ./ring_lib.sh

echo "TAP version 13"
have spin || skip_all "spin is missing: install the package spin"
have "$CC" || skip_all "$CC is missing"

bounds=(
	"1 2 1 1 weak"
	"2 2 2 1 strong"
	"2 2 1 1 weak"
	"4 1 2 2 strong"
)
if [ "$MODEL" = full ]; then
	bounds+=(
		"1 2 2 1 weak"
		"2 2 2 1 weak"
		"2 2 2 2 strong"
		"4 1 3 2 strong"
	)
	: "${SPIN_MB:=6144}"
fi
reach=(help retry drop lost overrun)

states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$tmp/model/out"; }

echo "1..$((${#bounds[@]} + ${#reach[@]}))"

for line in "${bounds[@]}"; do
	read -r slots task irq nmi order <<<"$line"
	flags=(-DSLOTS="$slots" -DTASK="$task" -DIRQ="$irq" -DNMI="$nmi")
	[ "$order" = weak ] || flags+=(-DSTRONG)
	from=$SECONDS
	check_model "${flags[@]}"
	status=$?
	[ $status = 0 ] || show "$tmp/model/out"
	result $status "slots=$slots task=$task irq=$irq nmi=$nmi stores=$order:\
 $(states) states, $((SECONDS - from)) s"
done

for what in "${reach[@]}"; do
	check_model -DTASK=2 -DIRQ=1 -DNMI=1 -DREACH_"${what^^}"
	status=$?
	[ $status = 1 ] || show "$tmp/model/out"
	result $((status != 1)) "the model gets to: $what"
done

finish
