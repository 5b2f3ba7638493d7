#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Memory runs out, at every place where it is asked for: each call of insmod, of the
# files and of the parameters either does all or says that it did not, and leaves
# nothing behind.

. "$(dirname "$0")/lib.sh"

alloc_failures() { /usr/bin/python3 "$dir/alloc_failures.py" "$@"; }

# All that can fail, those that may wait included, without a word in the log for each.
inject() {
	local d
	for d in $debugfs/failslab $debugfs/fail_page_alloc; do
		[ -d "$d" ] || return
		echo 0 >"$d/verbose"
		# Called ignore-gfp-wait in all kernels so far.
		[ ! -e "$d/ignore-gfp-wait" ] || echo N >"$d/ignore-gfp-wait"
		[ ! -e "$d/ignore-gfp-highmem" ] || echo N >"$d/ignore-gfp-highmem"
		[ ! -e "$d/min-order" ] || echo 0 >"$d/min-order"
	done
}

vmalloc_kb() { awk '{ sum += $2 } END { print int(sum / 1024) }' /proc/vmallocinfo; }

# Each ring of a load that failed would show.
nothing_held() {
	local after
	after=$(vmalloc_kb)
	echo "$vmalloc_before KiB before, $after KiB now"
	[ $((after - vmalloc_before)) -lt 1024 ]
}

# What kmemleak finds that the module had asked for: it is gone, so has no names.
nothing_leaked() {
	local i
	for i in 1 2; do
		echo scan >$debugfs/kmemleak
		sleep 6		# younger objects are not reported
	done
	cat $debugfs/kmemleak
	not grep -E '\[skbtrace\]|\] 0xffffffff' $debugfs/kmemleak
}

loads_again() {
	load points=veth,bridge && until_true 60 grep -q veth_xmit $debugfs/skbtrace && unload
}

ktap_print_header
ktap_set_plan 8
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
in_background ns-calm2 ping -q -i 0.1 78.78.0.10
if [ ! -e /proc/self/fail-nth ] || ! inject; then
	skip 7 "allocations that fail" \
		"this kernel has no CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC with FAULT_INJECTION_DEBUG_FS"
else
	load points=veth_xmit,skb_clone && unload
	[ ! -e $debugfs/kmemleak ] || echo clear >$debugfs/kmemleak
	vmalloc_before=$(vmalloc_kb)
	counted "insmod, each allocation failing" alloc_failures insmod "$ko" \
		points=veth_xmit,skb_clone ring_kb=64
	load points=veth_xmit,skb_clone stack=1
	until_true 60 grep -q veth_xmit $debugfs/skbtrace
	counted "the files, each allocation failing" alloc_failures files \
		$debugfs/skbtrace $debugfs/skbtrace.d/*
	counted "the parameters, each allocation failing" alloc_failures parameters $parameters
	check "rmmod" unload
	check "no memory is held" nothing_held
	if [ -e $debugfs/kmemleak ]; then
		check "kmemleak finds nothing" nothing_leaked
	else
		skip 1 "kmemleak finds nothing" "this kernel has no CONFIG_DEBUG_KMEMLEAK"
	fi
	check "insmod traces again" loads_again
fi
if grep -qw register_kprobe $debugfs/fail_function/injectable 2>/dev/null; then
	counted "register_kprobe() failing" alloc_failures function "$ko" register_kprobe
else
	skip 1 "register_kprobe() failing" "not in this kernel's list of what may be made to fail"
fi
ktap_finished
