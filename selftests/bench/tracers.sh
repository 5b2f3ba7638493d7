# SPDX-License-Identifier: GPL-2.0
# The tracers that are measured: attached, asked how many events they had, detached.
# Sourced by guest.sh, not run.
# shellcheck shell=bash disable=SC2016,SC2154

debugfs=/sys/kernel/debug
tracefs=/sys/kernel/tracing
empty=/sys/module/empty/parameters

# Where the packets pass, 11 times each on 6.1, and which argument is the skb;
# "*": it is a pointer to one.
functions="veth_xmit:0 netif_rx_internal:0 br_handle_frame:*0 __br_forward:1
	br_dev_queue_push_xmit:2 __netif_receive_skb_core:*0 ip_rcv:0 udp_queue_rcv_skb:1"
# As many entries of skbtrace's points.
entries=dev_hard_start_xmit,netif_rx_internal,br_handle_frame_finish,__br_forward,br_dev_queue_push_xmit,__netif_receive_skb_core,ip_rcv,udp_rcv
# What other loads pass in place of these.
entries=$entries,ipv6_rcv,udpv6_rcv,icmp_rcv
# Has a return for each entry.
returns=veth_xmit
# At load; all that is recorded stays.
ring=ring_kb=32768

# What tracing is asked for shall be done when packets come.
ready() { until_true 300 "$@" || { echo "it is not ready after 300 seconds"; return 1; }; }

# active: as many kprobes as functions
active() { [ "$(grep -c -v -F '[DISABLED]' $debugfs/kprobes/list)" -ge "$(wc -w <<<"$functions")" ]; }

has_reader() {
	case $1 in
	skbtrace-reader | trace_pipe | trace-cmd | perf | bpftrace | tcpdump) ;;
	*) return 1 ;;
	esac
}

# has COMMAND
has() { command -v "$1" >/dev/null || { echo "$1 is not installed"; return 1; }; }

# probed: lines "FUNCTION ARGUMENT", by the names that this kernel has
probed() {
	local f
	for f in $functions; do
		awk -v f="${f%:*}" -v arg="${f#*:}" '
			$3 == f || $3 == f ".constprop.0" { print $3, arg; exit }' /proc/kallsyms
	done
}

# start COMMAND...: a tracer with a process of its own
start() {
	"$@" >"$work/out" 2>"$work/said" &
	pids+=($!)
}

# stop SIGNAL: all of them, and wait
stop() {
	kill "-$1" "${pids[@]}"
	wait "${pids[@]}"
	pids=()
}

# empty_load KIND [ARG]...
empty_load() {
	insmod /skbtrace/empty.ko kind="$1" functions="$(probed | cut -d' ' -f1 | paste -s -d,)" \
		"${@:2}" || { dmesg | tail -n 1; return 1; }
}

# skbtrace_load [PARAMETER]...
skbtrace_load() { insmod /skbtrace/skbtrace.ko $ring "$@"; }

# Events of the kernel's own tracing that have the same in them: skb, len, ifindex
kprobe_events_define() {
	local offsets len dev ifindex f arg register registers=(%di %si %dx) skb
	insmod /skbtrace/empty.ko || return
	offsets=$(cat $empty/offsets)
	rmmod empty
	len=$(word len "$offsets") dev=$(word dev "$offsets") ifindex=$(word ifindex "$offsets")
	while read -r f arg; do
		register=${registers[${arg#\*}]}
		skb=$register
		[ "$arg" = "${arg#\*}" ] || skb="+0($register)"
		echo "p:bench/${f%%.*} $f skb=$skb:x64 len=+$len($skb):u32 ifindex=+$ifindex(+$dev($skb)):u32"
	done < <(probed) >"$work/kprobe_events"
	cat "$work/kprobe_events" >$tracefs/kprobe_events
}

# bpf_program STATEMENT: at each function; $skb is there
bpf_program() {
	local f arg
	while read -r f arg; do
		case $arg in
		\*0) arg='*(struct sk_buff **)arg0' ;;
		*) arg="(struct sk_buff *)arg$arg" ;;
		esac
		echo "kprobe:$f { \$skb = $arg; $1 }"
	done < <(probed)
}

attach() {
	case $1 in
	empty-*) empty_load "${1#empty-}" ;;
	skbtrace) skbtrace_load points=$entries ;;
	skbtrace-nodigest) skbtrace_load points=$entries digest=0 ;;
	skbtrace-stack) skbtrace_load points=$entries stack=1 ;;
	skbtrace-first) skbtrace_load points=udp_rcv digest=0 ;;
	skbtrace-dev) skbtrace_load points=$entries dev=none ;;
	skbtrace-socket) skbtrace_load points=$entries socket=1 ;;
	skbtrace-returns) skbtrace_load points=$returns digest=0 ;;
	skbtrace-all) skbtrace_load ;;
	skbtrace-reject) skbtrace_load points=$entries filter="$(skbtrace filter -o - 'tcp port 81')" ;;
	skbtrace-reader)
		# With as much memory as it takes by itself.
		insmod /skbtrace/skbtrace.ko points=$entries || return
		start skbtrace record -o "$work/records"
		ready test -s "$work/records" ;;
	kprobe_events)
		kprobe_events_define && echo 1 >$tracefs/events/bench/enable ;;
	trace_pipe)
		attach kprobe_events && start cat $tracefs/trace_pipe ;;
	trace-cmd)
		has trace-cmd || return
		echo 0 >$tracefs/tracing_on
		# shellcheck disable=SC2046
		start trace-cmd record -p function -o "$work/trace.dat" \
			$(probed | sed 's/ .*//; s/^/-l /')
		ready grep -q 1 $tracefs/tracing_on && ready grep -q function $tracefs/current_tracer ;;
	perf)
		has perf && kprobe_events_define || return
		start perf record -a -e 'bench:*' -o "$work/perf.data"
		ready active ;;
	bpftrace-count)
		has bpftrace || return
		start bpftrace -e "$(bpf_program '@ = count();')"
		ready active ;;
	bpftrace)
		has bpftrace || return
		start bpftrace -e "$(bpf_program \
			'printf("%s %p %s %d\n", func, $skb, $skb->dev->name, $skb->len);')"
		ready active ;;
	tcpdump) tcpdump_start ;;
	systemtap) echo "it wants the kernel's symbol table, which is in the debug package (900 MB)"; return 1 ;;
	pwru) echo "no distribution that this runs on has a package of it"; return 1 ;;
	*) echo "no tracer called $1"; return 1 ;;
	esac
}

# One tap at each of the four devices that a packet passes.
tcpdump_start() {
	local i
	has tcpdump || return
	for i in 1 2; do
		in_netns ns-calm$i calmveth$i
		in_netns '' calmveth${i}_peer
	done
	ready sh -c "[ \$(grep -l 'listening on' $work/said-* | wc -l) = 4 ]"
}
# in_netns NETNS DEVICE
in_netns() {
	# shellcheck disable=SC2086
	${1:+ip netns exec $1} tcpdump -i "$2" -w "$work/$2.pcap" udp or tcp 2>"$work/said-$2" &
	pids+=($!)
}

# events TRACER: how many it had, of both rounds; "calls": as many as were counted before,
# as it does not count them
events() {
	case $1 in
	skbtrace-reject | skbtrace-dev) awk '/^[0-9]/ { n += $6 } END { print n }' $debugfs/skbtrace.d/points ;;
	skbtrace*) sed -n 's/^total .* committed \([0-9]*\).*/\1/p' $debugfs/skbtrace.d/stats ;;
	kprobe_events | trace_pipe) awk '{ n += $2 } END { print n }' $tracefs/kprobe_profile ;;
	tcpdump) echo $((4 * sent)) ;;
	*) echo calls ;;
	esac
}

# not seen, or refused
skbtrace_missed() {
	awk '$1 == "total" { for (i = 2; i < NF; i++) if ($i == "nested") n += $(i + 1) }
		$1 == "missed" { n += $2 } END { print n + 0 }' $debugfs/skbtrace.d/stats
}
# not seen, overwritten before it was read, or refused
trace_missed() {
	echo $(($(awk '{ n += $3 } END { print n + 0 }' $tracefs/kprobe_profile) +
		$(awk '/^(overrun|commit overrun|dropped events):/ { n += $NF } END { print n + 0 }' \
			$tracefs/per_cpu/cpu0/stats)))
}

# detach TRACER EVENTS: sets lost, of so many
detach() {
	lost=0
	case $1 in
	empty-*)
		lost=$(cat $empty/missed)
		rmmod empty ;;
	skbtrace-reader)
		lost=$(skbtrace_missed)
		stop TERM
		((lost += $(sed -n 's/.*, \([0-9]*\) lost.*/\1/p' "$work/said")))
		rmmod skbtrace ;;
	skbtrace*)
		lost=$(skbtrace_missed)
		rmmod skbtrace ;;
	kprobe_events | trace_pipe)
		lost=$(trace_missed)
		[ "$1" = kprobe_events ] || stop TERM
		echo 0 >$tracefs/events/bench/enable
		echo >$tracefs/kprobe_events
		echo >$tracefs/trace ;;
	trace-cmd)
		stop INT
		lost=$(sed -n 's/.*overrun: \([0-9]*\).*/\1/p; s/^dropped events: \([0-9]*\).*/\1/p' "$work/out" "$work/said" |
			awk '{ n += $1 } END { print n + 0 }')
		trace-cmd reset >/dev/null 2>&1
		echo 1 >$tracefs/tracing_on ;;
	perf)
		stop INT
		lost=$(($2 - $(sed -n 's/.*(\([0-9]*\) samples).*/\1/p' "$work/said")))
		echo >$tracefs/kprobe_events ;;
	bpftrace-count)
		stop INT
		lost=$(($2 - $(sed -n 's/^@: \([0-9]*\)/\1/p' "$work/out"))) ;;
	bpftrace)
		stop INT
		lost=$(($2 - $(grep -c ' 0x.* calm' "$work/out"))) ;;
	tcpdump)
		stop INT
		lost=$(sed -n 's/^\([0-9]*\) packets dropped by kernel/\1/p' "$work"/said-* |
			awk '{ n += $1 } END { print n + 0 }') ;;
	esac
	rm -f "$work"/{out,said,records,trace.dat,perf.data,said-*,*.pcap}
}
