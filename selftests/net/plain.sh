#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What module/plain.c records is what module/capture.c does, which is asked to verify
# checksums: of the same packets they say the same.

. "$(dirname "$0")/lib.sh"

plain() { /usr/bin/python3 "$dir/plain.py" "$@"; }

# rings FOLDER: a copy of all that is retained
rings() {
	local cpu
	mkdir "$work/$1" || return
	for cpu in "$debugfs"/skbtrace.d/cpu*; do
		dd if="$cpu" of="$work/$1/${cpu##*/}" bs=192k iflag=nonblock 2>"$work/dd" ||
			grep -q 'Resource temporarily unavailable' "$work/dd" ||
			{ cat "$work/dd"; return 1; }
	done
}

# packets FOLDER [PARAMETER]...
packets() {
	local to=$1
	shift
	fresh_trace ring_kb=65536 "$@" || return
	in1 /usr/bin/python3 "$dir/plain.py" answer 78.78.0.10 >"$work/answer" &
	until_true 60 grep -q ready "$work/answer" && in2 /usr/bin/python3 "$dir/plain.py" ask 78.78.0.10 &&
		wait $! && rings "$to"
}

ktap_print_header
ktap_set_plan 7
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
check "packets, the short way" packets short
check "packets, the other way" packets other verify_csum=1
counted "UDP: the records say the same" plain same udp "$work/short" "$work/other"
counted "TCP: the records say the same" plain same tcp "$work/short" "$work/other"
check "packets without digest, the short way" packets short0 digest=0
check "packets without digest, the other way" packets other0 digest=0 verify_csum=1
counted "UDP without digest: the records say the same" plain same udp "$work/short0" "$work/other0"
ktap_finished
