#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who is not root sees nothing and changes nothing, and learns no address of the kernel.

. "$(dirname "$0")/lib.sh"

address='ff[0-9a-f]{14}'	# with page tables of 4 or 5 levels

# as WHOM TEST PATH...: see access.py
as() { py access.py "$@"; }

# Their folder is root's by default; so that it is the files themselves that refuse.
open_to_all() {
	local status=0
	chmod 755 $debugfs
	"$@" || status=$?
	chmod 700 $debugfs
	return $status
}

refused_to() { as "$1" refused "${files[@]}" "$parameters"/*; }

# The size of the rings can be read by all, and changed by nobody.
modes() {
	local file want n=0
	for file in "${files[@]}" "$parameters"/*; do
		case $file in
		*/ring_kb) want="444 0 0" ;;
		"$parameters"/*) want="600 0 0" ;;
		*) want="400 0 0" ;;
		esac
		[ "$(stat -c '%a %u %g' "$file")" = "$want" ] || { stat "$file"; return 1; }
		n=$((n + 1))
	done
	echo "$n files"
}

unchanged() { cat $parameters/* | cmp - "$work/parameters"; }

reader_refused() {
	local status=0
	as nobody run /usr/bin/skbtrace report >"$work/said" 2>&1 || status=$?
	cat "$work/said"
	[ $status = 2 ] && grep -i 'permission denied' "$work/said"
}

# Sections have their addresses from the kernel, which shows them to whom it likes.
addresses_kept() {
	local n
	n=$(grep -cE "$address" $debugfs/skbtrace)
	[ "$n" -gt 0 ] || { head $debugfs/skbtrace; return 1; }
	as nobody show /sys/module/skbtrace >"$work/shown" || return
	dmesg | grep -i skbtrace >>"$work/shown" || return
	not grep -E "$address" "$work/shown" || return
	echo "$n in root's trace, none in $(wc -l <"$work/shown") lines for everybody"
}

ktap_print_header
ktap_set_plan 8
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
load
files=("$debugfs/skbtrace" "$debugfs/skbtrace.d/"*)
in2 ping -q -c 5 -i 0.05 78.78.0.10 >/dev/null
set_parameter stack 1
cat $parameters/* >"$work/parameters"
counted "modes and owners" modes
counted "nobody opens a file or a parameter" refused_to nobody
counted "nor where debugfs is open to all" open_to_all refused_to nobody
counted "nor does root without its capabilities write a file" open_to_all as powerless files \
	$debugfs/skbtrace $debugfs/skbtrace.d/stats
if as userns true; then
	counted "nor root of a user namespace of his own" open_to_all refused_to userns
else
	skip 1 "nor root of a user namespace of his own" "this kernel lets nobody make one"
fi
check "the parameters are what they were" unchanged
check "the reader says why it cannot" reader_refused
counted "addresses of the kernel are for root" addresses_kept
ktap_finished
