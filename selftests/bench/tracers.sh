# SPDX-License-Identifier: GPL-2.0
# The tracers that are measured: attached, asked how many events they had, detached.
# Sourced by guest.sh, not run.
# shellcheck shell=bash

debugfs=/sys/kernel/debug
empty=/sys/module/empty/parameters

# Where the packets pass, 11 times each on 6.1.
functions="veth_xmit netif_rx_internal br_handle_frame __br_forward br_dev_queue_push_xmit
	__netif_receive_skb_core ip_rcv udp_queue_rcv_skb"
# As many entries of skbtrace's points; veth_xmit and br_handle_frame also have a return.
entries=dev_hard_start_xmit,netif_rx_internal,br_handle_frame_finish,__br_forward,br_dev_queue_push_xmit,__netif_receive_skb_core,ip_rcv,udp_rcv
returns=veth_xmit,br_handle_frame
# At load; all that is recorded stays.
ring=ring_kb=32768

# probed SEPARATOR: those functions by the names that this kernel has
probed() {
	local f
	for f in $functions; do
		awk -v f="$f" '$3 == f || $3 == f ".constprop.0" { print $3; exit }' /proc/kallsyms
	done | sort -u | paste -s -d "$1"
}

# empty_load KIND [ARG]...
empty_load() {
	insmod /skbtrace/empty.ko kind="$1" functions="$(probed ,)" "${@:2}" ||
		{ dmesg | tail -n 1; return 1; }
}

# skbtrace_load [PARAMETER]...
skbtrace_load() { insmod /skbtrace/skbtrace.ko $ring "$@"; }

attach() {
	case $1 in
	empty-ftrace) empty_load ftrace ;;
	empty-kprobe) empty_load kprobe ;;
	empty-kretprobe) empty_load kretprobe ;;
	skbtrace) skbtrace_load points=$entries ;;
	skbtrace-nodigest) skbtrace_load points=$entries digest=0 ;;
	skbtrace-stack) skbtrace_load points=$entries stack=1 ;;
	skbtrace-returns) skbtrace_load points=$returns ;;
	skbtrace-all) skbtrace_load ;;
	skbtrace-reject) skbtrace_load points=$entries filter="$(skbtrace filter -o - 'tcp port 81')" ;;
	skbtrace-reader)
		skbtrace_load points=$entries || return
		skbtrace record -o "$work/records" 2>"$work/said" &
		echo $! >"$work/pid"
		until_true 10 test -s "$work/records" ;;
	*) echo "no tracer called $1"; return 1 ;;
	esac
}

# events TRACER: how many there were ("calls": as many as calls), and how many it lost
# ("later": detaching tells)
events() {
	case $1 in
	empty-*) echo "calls 0" ;;	# counted before, as that costs
	skbtrace-reject) echo "$(skbtrace_hits) $(skbtrace_missed)" ;;
	skbtrace-reader) echo "$(skbtrace_records) later" ;;
	skbtrace*) echo "$(skbtrace_records) $(skbtrace_missed)" ;;
	esac
}

skbtrace_records() { sed -n 's/^total .* committed \([0-9]*\).*/\1/p' $debugfs/skbtrace.d/stats; }
skbtrace_hits() { awk '/^[0-9]/ { n += $6 } END { print n }' $debugfs/skbtrace.d/points; }
# dropped by the ring, or not seen
skbtrace_missed() {
	awk '$1 == "total" { for (i = 2; i < NF; i++) if ($i == "dropped") n += $(i + 1) }
		$1 == "missed" { n += $2 } END { print n }' $debugfs/skbtrace.d/stats
}

detach() {
	local pid
	case $1 in
	empty-*) rmmod empty ;;
	skbtrace-reader)
		pid=$(cat "$work/pid")
		skbtrace_missed >"$work/missed"
		kill "$pid"
		wait "$pid"
		rmmod skbtrace ;;
	skbtrace*) rmmod skbtrace ;;
	esac
}

# lost TRACER: once it is detached
lost() {
	case $1 in
	skbtrace-reader)
		echo $(($(cat "$work/missed") + $(sed -n 's/.*, \([0-9]*\) lost.*/\1/p' "$work/said"))) ;;
	esac
}
