#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Random networks and traffic, half of them with a corruption whose place is known: the
# verdict is right of all. SEEDS=N or 1-8+10, CASE=JSON.

. "$(dirname "$0")/lib.sh"

seeds=${SEEDS:-${LONG:+300}}
seeds=${seeds:-10}
[[ $seeds == *[-+]* ]] || seeds=1-$seeds
load ring_kb=16384
if [ -n "${CASE-}" ]; then
	/usr/bin/python3 "$dir/random_networks.py" --case "$CASE"
	exit
fi
/usr/bin/python3 "$dir/random_networks.py" --seeds "$seeds" ${NO_SHRINK:+--no-shrink}
