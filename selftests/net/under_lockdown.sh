#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Lockdown (integrity), as with Secure Boot: a module that is loaded is as useful as
# without it, and one that is not signed is refused.
#
# A kernel stays locked down until it is booted anew: this must be the last test.

. "$(dirname "$0")/lib.sh"

lockdown=/sys/kernel/security/lockdown

locked_down() { grep -F '[integrity]' $lockdown; }

files_read() {
	local file lines n=0
	for file in $debugfs/skbtrace $debugfs/skbtrace.d/{stats,points,stacks,reasons}; do
		lines=$(wc -l <"$file") && [ "$lines" -gt 0 ] || return
		n=$((n + 1))
	done
	lines=$(py cursor.py count $debugfs/skbtrace.d/cpu[0-9]*) &&
		[ "$lines" -gt 0 ] || return
	echo "$n files and $lines records"
}

# Of another mode, as control: debugfs would let it be read without lockdown.
others_refused() { not cat $debugfs/kprobes/enabled; }

parameters_change() {
	set_parameter points veth && [ "$(cat $parameters/points)" = veth ] &&
		set_parameter points veth,bridge
}

reader_reads() {
	in2 ping -q -c 5 -i 0.05 78.78.0.10 >/dev/null
	skbtrace report | tail -n 2 | tee "$work/report"
	grep -E '^[0-9]+ journeys: [1-9]' "$work/report"
}

insmod_refused() {
	unload || return
	dmesg -c >/dev/null
	load 2>"$work/said" && return 1
	cat "$work/said"
	dmesg
	grep -i 'not permitted' "$work/said" && dmesg | grep -i 'lockdown: .*unsigned module'
}

ktap_print_header
ktap_set_plan 6
[ -e $lockdown ] || mount -t securityfs none /sys/kernel/security 2>/dev/null
if ! grep -q integrity $lockdown 2>/dev/null; then
	skip 6 "lockdown" "this kernel has none"
	ktap_finished
fi
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
if locked_down >/dev/null; then
	# Booted so: there is no way in but a signature.
	skip 5 "loaded before lockdown" "this kernel was booted with it"
else
	load points=veth,bridge
	in2 ping -q -c 5 -i 0.05 78.78.0.10 >/dev/null
	echo integrity >$lockdown
	check "the kernel is locked down" locked_down
	check "it refuses files of debugfs that can be written" others_refused
	counted "all files of skbtrace can be read" files_read
	check "parameters can be changed" parameters_change
	check "the reader reads" reader_reads
fi
check "insmod is refused, and the log says why" insmod_refused
ktap_finished
