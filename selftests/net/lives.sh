#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An address is an skb's until it is freed, however that is done: what is at the address
# afterwards is another one, and asked like any other whether it is wanted.

. "$(dirname "$0")/lib.sh"

trace=$debugfs/skbtrace

# Datagrams in fragments that nobody wants: their skbs are freed by list.
fragments() {
	# shellcheck disable=SC2046
	py -n ns-calm2 udp.py burst "$1" $(printf '9:%d ' {3000..4500..75})
}

pings() { in2 ping -q -f -c 200 -W 60 78.78.0.10 >/dev/null; }

udp_filter() { skbtrace filter -o - 'udp port 9'; }

# only_udp MIN: hops of so many datagrams, and of nothing else
only_udp() {
	cat "$trace" >"$work/trace"
	grep -c ' udp ' "$work/trace"
	[ "$(grep -c ' udp ' "$work/trace")" -ge "$1" ] && not grep -E -m 5 ' (icmp|arp|tcp) ' "$work/trace"
}

freed_by_list() {
	fresh_trace ring_kb=16384 filter="$(udp_filter)" || return
	fragments 78.78.0.10
	pings
	only_udp 500
}

# Packets wait in a queue when tracing is switched off, and are freed meanwhile.
freed_unseen() {
	in2 tc qdisc add dev calmveth2 root netem delay 700ms || return
	fresh_trace ring_kb=16384 filter="$(udp_filter)" || return
	fragments 78.78.0.10
	set_parameter on 0
	sleep 1.5
	set_parameter on 1
	in2 tc qdisc del dev calmveth2 root
	pings
	only_udp 100
}

# Whatever points= asks for, an skb's end is seen; it is not shown.
end_is_seen() {
	fresh_trace ring_kb=16384 points=ip_rcv filter="$(udp_filter)" || return
	fragments 78.78.0.10
	pings
	only_udp 60 && not grep -m 1 -e kfree -e consume "$work/trace"
}

# A life has one address and one end, and each address one life at a time.
lives_are_told_apart() {
	fresh_trace ring_kb=32768 || return
	fragments 78.78.0.10
	pings
	fetch http://78.78.0.10/page || return
	quiet
	cat "$trace" >"$work/trace"
	py -i "$work/trace" lives.py
}

dropped_by_somebody() {
	grep -E ' (kfree_skb|kfree_skb_reason|sk_skb_reason_drop) ' "$work/trace" >"$work/drops"
	head -n 3 "$work/drops"
	[ -s "$work/drops" ] && not grep -v -m 3 -E ' caller=[a-z_]' "$work/drops"
}

ktap_print_header
ktap_set_plan 5
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
modprobe -q sch_netem
http_up
random_file page 300000

check "skbs freed by list are followed no longer" freed_by_list
check "nor are skbs freed while nothing was traced" freed_unseen
check "nor is any whose end points= does not ask for" end_is_seen
check "each life has one skb and one end" undisturbed lives_are_told_apart
check "who gives up an skb is told" dropped_by_somebody
ktap_finished
