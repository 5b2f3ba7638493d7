#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From application to application (socket=1): what nothing happens to is verified, byte
# by byte, and what changes outside of the hops is named at its place. KINDS="KIND..." of
# what nothing happens to.

. "$(dirname "$0")/lib.sh"

hopfrag=${HOPFRAG_KO:-/skbtrace/hopfrag.ko}
trap 'cleanup; [ ! -d /sys/module/hopfrag ] || rmmod hopfrag' EXIT
port=6000

address() { case $1 in udp6) echo fd78::10 ;; *) echo 78.78.0.10 ;; esac; }

# applications KIND: send and receive, each in its namespace; into $work/sent, $work/got
applications() {
	port=$((port + 2))
	in1 timeout 120 /usr/bin/python3 "$dir/applications.py" receive "$1" $port >"$work/got" &
	case $1 in
	udp*) until_true 60 in1 grep -q -i ":$(printf %04x $port) " /proc/net/udp6 || return ;;
	esac
	in2 timeout 120 /usr/bin/python3 "$dir/applications.py" send "$1" "$(address "$1")" $port "$work/file" >"$work/sent"
	wait $!
}

# traced KIND: the same, from an empty ring on; then what came of it, as JSON
traced() {
	fresh_trace socket=1 ring_kb=${RING_KB:-32768} stack=${stack:-0} && applications "$1" && sleep 0.5 &&
		set_parameter on 0 || return
	skbtrace check >"$work/check.out"
	status=$?
	skbtrace messages --json >"$work/messages.json" || return
}

# bytes PLACE RESULT: how many
bytes() {
	sed -n 's/^{"type":"applications".*"'"$1"'":{[^}]*"'"$2"'":\([0-9]*\).*/\1/p' \
		"$work/messages.json"
}

places="sent queued copied returned"

# calls ARGUMENT...: how many of them are shown
calls() { skbtrace messages "$@" | grep -c "  \(send\|recv\)  "; }

# All that was sent was verified but for a thousandth, and nothing was changed. Segments
# that are dropped and sent again in other pieces cannot all be compared with what is read.
healthy() {
	local place all least
	traced "$1" || return
	[ "$1" = two ] || cmp "$work/sent" "$work/got" || return
	all=$(cut -d' ' -f1 "$work/got")
	tail -n 6 "$work/check.out"
	for place in $places; do
		echo "$place: $(bytes $place same) of $all verified"
		[ "$(bytes $place changed)" = 0 ] || { cat "$work/check.out"; return 1; }
	done
	for place in $places; do
		least=$((all - all / 1000))
		[ $place != queued ] || least=$((all * 9 / 10))
		# There return probes run with interrupts off: of a call that slept not more than
		# 64 KiB are looked at once more.
		case $place$(uname -r) in
		returned[34].* | returned5.[0-9].* | returned5.10.*) least=$((all / 5)) ;;
		esac
		[ "$(bytes $place same)" -ge $least ] ||
			{ tail -n 20 "$work/messages.json"; return 1; }
	done
	[ $status != 1 ]
}

# Nothing is wrong where none of its bytes may be.
no_other_place() {
	local place
	for place in $places; do
		[[ " $* " == *" $place "* ]] || [ "$(bytes "$place" changed)" = 0 ] ||
			{ echo "also changed: $place"; return 1; }
	done
}

# All hops are intact: the change is outside of them.
hops_are_intact() { grep -q ' 0 changed, ' "$work/check.out"; }

# named KIND PLACE [OTHER]
named() {
	traced "$1" || return
	shift
	cat "$work/check.out"
	[ $status = 1 ] && [ "$(bytes "$1" changed)" -gt 0 ] && no_other_place "$@" && hops_are_intact
}

# Does an inner send on a socket of GFP_NOFS, or of any, use the memory of the outer one?
frag_is_broken() {
	case $(uname -r) in
	3.10.*) return 0 ;;
	*) [ "$1" = 0 ] ;;
	esac
}

# The document's bug: the applications' bytes are wrong, those of all hops right.
frag() {
	echo "$1" >/sys/module/hopfrag/parameters/nofs
	traced frag || return
	cat "$work/got" "$work/check.out"
	if frag_is_broken "$1"; then
		[ $status = 1 ] && hops_are_intact && ! grep -q '^0 ' "$work/got" &&
			[ "$(bytes sent changed)" -gt 0 ]
	else
		[ $status != 1 ] && grep -q '^0 ' "$work/got" && [ "$(bytes sent changed)" = 0 ]
	fi
}

# Calls are found as packets are, and packets tell them.
told() {
	local stack=1 all sent call bytes
	traced small || return
	bytes=$(cut -d' ' -f1 "$work/got")
	all=$(calls)
	sent=$(calls -N ns-calm2)
	[ "$sent" -gt 0 ] && [ "$all" -gt "$sent" ] && [ "$(calls --only intact)" = "$all" ] &&
		[ "$(calls --only changed,unverified)" = 0 ] || return
	[ "$(calls "tcp dst port $port")" = "$all" ] && [ "$(calls "udp or port 1")" = 0 ] &&
		[ "$(calls --min-latency 100)" = 0 ] || return
	call=$(skbtrace messages -N ns-calm2 | sed -n 's/.*  #\([0-9]*\)  send  .*/\1/p' | head -n 1)
	[ "$(calls --id "$call")" = 1 ] && not skbtrace messages --only dropped || return
	skbtrace messages --id "$call" --stack | grep -q '^ .*sendto' || return
	skbtrace messages --json --id "$call" | grep -q '"stack":\["[^]]*sendto' || return
	skbtrace messages --by flow >"$work/flows" || return
	cat "$work/flows"
	grep -q "^tcp .*:$port\$" "$work/flows" && grep -q "^  sent: $bytes bytes in $sent calls of" "$work/flows" &&
		grep -q "^  from application to application: $bytes bytes the same" "$work/flows" || return
	skbtrace report --pcapng "$work/pcapng" --json >"$work/report.json" || return
	grep -a -q "; sent by python3\[[0-9]*\], call $call, 700 bytes from seq" "$work/pcapng" &&
		grep -a -q '; read by python3\[' "$work/pcapng" &&
		grep -q '"sent_by":\[{"kind":"send","call":'"$call," "$work/report.json" &&
		grep -q '"read_by":\[{"kind":"recv"' "$work/report.json"
}

off_is_off() {
	fresh_trace && applications small && ! grep -q ' socket ' $debugfs/skbtrace.d/points &&
		skbtrace messages | grep -q '^0 hops'
}

switched() {
	local i
	fresh_trace
	applications slow &
	for i in 1 2 3 4 5 6 7 8; do
		set_parameter socket $((i % 2))
		sleep 0.2
	done
	wait $!
	cmp "$work/sent" "$work/got" && skbtrace check >"$work/check.out"
	[ $? != 1 ]
}

kinds=${KINDS-small page bulk slow huge nonblocking sendfile mapped vector peek two udp udp6}
ktap_print_header
ktap_set_plan $((10 + $(wc -w <<<"$kinds")))
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
check "without socket=1 nothing is looked at" off_is_off
for kind in $kinds; do
	check "healthy: $kind" healthy $kind
done
check "calls are found, and told with packets, flows and stacks" told
check "switched on and off while bytes flow" switched
insmod "$hopfrag"
check "a fault within send() that sends, GFP_KERNEL" frag 0
check "a fault within send() that sends, GFP_NOFS" frag 1
check "changed by a thread while send() sleeps" named race sent
check "changed by a thread in recv()'s buffer" named waitall returned
check "changed by recv()'s own overlapping buffers" named overlap copied returned
check "changed in the receiver's queue" named queued queued
check "changed by recv()'s own overlapping buffers, UDP" named udp_overlap copied
ktap_finished
