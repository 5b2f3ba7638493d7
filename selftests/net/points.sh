#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The table of points says the truth of this kernel: what is absent is not there,
# and what is active has the skb where the table looks for it.

. "$(dirname "$0")/lib.sh"

points=$debugfs/skbtrace.d/points
modules=(veth bridge br_netfilter ipv6 af_packet)

say() { py -i "$points" points.py "$@"; }

# told DESCRIPTION COMMAND...: as check, but the remarks are always shown; exit
# status 4 is a skip, its reason the last line
told() {
	local what=$1 status=0
	shift
	"$@" >"$work/told" 2>&1 || status=$?
	grep '^# ' "$work/told"
	case $status in
	0) ktap_test_pass "$what" ;;
	4) ktap_test_skip "$what # SKIP $(tail -n 1 "$work/told")" ;;
	*)
		grep -v '^# ' "$work/told" | sed 's/^/# /'
		ktap_test_fail "$what"
		;;
	esac
}

prototypes() {
	[ ! -d /sys/kernel/btf ] || command -v bpftool >/dev/null ||
		{ echo "bpftool is not installed"; return 4; }
	say prototypes "$1" "$dir/points.el7"
}

# Something for the points to look at: what is no skb they find out themselves.
traffic() {
	local address
	random_file page 20000
	for address in 78.78.0.10 fd78::10; do
		in2 ping -q -c 3 -i 0.05 -W 60 $address && udp_send $address 700 20 || return
	done
	fetch 'http://78.78.0.10/page' && fetch 'http://[fd78::10]/page'
}

ktap_print_header
ktap_set_plan 6
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
http_up
for module in "${modules[@]}"; do
	# Some are part of some kernels.
	modprobe -q "$module"
done
load
check "packets pass" traffic
say count
told "no point is refused, waits or takes something else for an skb" say sound
told "what is absent this kernel does not have" say absent
told "each function of the path is covered" say covered
told "vmlinux: the arguments are where the table has them" prototypes vmlinux
told "modules: the arguments are where the table has them" prototypes modules
ktap_finished
