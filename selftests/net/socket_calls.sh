#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All kinds of calls that send and receive, with socket=1, through networks that lose, cut
# up and wrap what they carry: no byte is called changed, and how many are verified from
# application to application is counted. BULK bytes of each kind; MIXED bytes of all of them
# at random; HOSTILE seconds of a process that does what it can to its memory meanwhile.
# ONLY="PART...": see below.

. "$(dirname "$0")/lib.sh"

read -r -a kinds < <(/usr/bin/python3 "$dir/socket_calls.py" kinds)
some=(writers readers more inline vector sendfile mmsg)
port=7000
hostile_seconds=${HOSTILE:-10}

# exchange ADDRESS KIND...: each in its namespace; $work/got says what came
exchange() {
	local to=$1 receiver
	shift
	((port += 64))
	export BULK=${BULK:-262144}
	in1 timeout 400 /usr/bin/python3 "$dir/socket_calls.py" receive $port "$@" >"$work/got" &
	receiver=$!
	until_true 60 has_port tcp $((port + $# - 1)) &&
		in2 timeout 400 /usr/bin/python3 "$dir/socket_calls.py" send "$to" $port "$work/file" "$@" \
			>"$work/sent" || return
	wait $receiver && cmp "$work/sent" "$work/got"
}

# verified PER-MILLE ADDRESS KIND...
verified() {
	local least=$1 status=0
	shift
	fresh_trace socket=1 ring_kb="${ring_kb:-32768}" dev="${trace_dev-}" \
		points="${points:-*}" && exchange "$@" && sleep 1 &&
		set_parameter on 0 || return
	skbtrace messages --by flow --json >"$work/flows.json" || return
	/usr/bin/python3 "$dir/socket_calls.py" judge "$work/flows.json" "$work/got" "$least" \
		>"$work/judged" || status=$?
	sed 's/^/#     /' "$work/judged" >&"$told_fd"
	cat "$work/judged"
	missed
	return $status
}

lossy() {
	in2 tc qdisc add dev calmveth2 root netem loss 2% delay 1ms reorder 25% 50% || return
	verified 999 "$@"
	local status=$?
	in2 tc qdisc del dev calmveth2 root
	return $status
}

# What the sockets send is cut up before it is sent, and nothing is merged.
segmented() {
	local i
	for i in 1 2; do
		in$i ethtool -K calmveth$i tso off gso off gro off || return
	done
	verified 999 "$@"
	local status=$?
	for i in 1 2; do
		in$i ethtool -K calmveth$i tso on gso on
	done
	return $status
}

tunnelled() {
	local i
	modprobe vxlan || return
	for i in 1 2; do
		in$i ip link add vx0 type vxlan id 78 dstport 4789 local 78.78.0.$((9 + i)) \
			remote 78.78.0.$((12 - i)) dev calmveth$i || return
		in$i ip addr add 78.79.0.$((9 + i))/24 dev vx0
		in$i ip link set vx0 up
	done
	trace_dev='*' verified 999 78.79.0.10 "$@"
	local status=$?
	for i in 1 2; do
		in$i ip link del vx0
	done
	return $status
}

datagrams() {
	local receiver
	((port += 64))
	fresh_trace socket=1 ring_kb=16384 || return
	in1 timeout 100 /usr/bin/python3 "$dir/datagram_calls.py" receive $port >"$work/got" &
	receiver=$!
	until_true 60 has_port udp $port &&
		in2 timeout 100 /usr/bin/python3 "$dir/datagram_calls.py" send "$1" $port \
			>"$work/sent" || return
	wait $receiver && cmp "$work/sent" "$work/got" && sleep 0.5 && set_parameter on 0 &&
		skbtrace messages --by flow --json >"$work/flows.json" || return
	/usr/bin/python3 "$dir/datagram_calls.py" judge "$work/flows.json" $port >"$work/judged"
	local status=$?
	sed 's/^/#     /' "$work/judged" >&"$told_fd"
	return $status
}

# Memory for what a round is recorded as, of the points that streams are compared at.
mixed() {
	local left=$1 round=$((128 << 20)) sum=0
	while ((left > 0)); do
		((left >= round)) || round=$left
		MIXED=$round ring_kb=65536 points=tcp verified 999 78.78.0.10 mixed || return
		((left -= round, sum += round))
		progress "$sum of $1 bytes"
	done
}

# Both ends are hostile, and afterwards calls are looked at as ever.
hostile() {
	local receiver left
	fresh_trace socket=1 ring_kb=8192 points=tcp || return
	in1 timeout $((hostile_seconds + 300)) /usr/bin/python3 "$dir/hostile_process.py" receive - 6900 \
		"$hostile_seconds" >"$work/got" &
	receiver=$!
	in2 timeout $((hostile_seconds + 300)) /usr/bin/python3 "$dir/hostile_process.py" send \
		78.78.0.10 6900 "$hostile_seconds" >"$work/sent"
	wait $receiver
	cat "$work/got" "$work/sent" >&"$told_fd"
	grep -q 'calls' "$work/got" && grep -q 'calls' "$work/sent" || return
	until_true 60 none_under_way || { cat $debugfs/skbtrace.d/stats; return 1; }
	# Nobody can say what the applications meant; but nothing is to be read that is not there.
	skbtrace messages --by flow >"$work/messages" && tail -n 12 "$work/messages"
}

none_under_way() { grep -q '^socket_under_way 0$' $debugfs/skbtrace.d/stats; }

kernel_is_quiet() { ! dmesg | grep -E 'WARNING:|BUG:|Oops|general protection'; }

read -r -a parts <<<"${ONLY:-all ipv6 datagrams datagrams6 lossy segmented tunnelled hostile afterwards mixed log}"
ktap_print_header
ktap_set_plan ${#parts[@]}
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
for part in "${parts[@]}"; do
	case $part in
	all) check "all calls, IPv4" verified 999 78.78.0.10 "${kinds[@]}" ;;
	ipv6) check "some calls, IPv6" verified 999 fd78::10 "${some[@]}" ;;
	datagrams) check "datagrams, IPv4" datagrams 78.78.0.10 ;;
	datagrams6) check "datagrams, IPv6" datagrams fd78::10 ;;
	lossy) check "segments are lost and overtake each other" lossy 78.78.0.10 "${some[@]}" ;;
	segmented) check "segmentation in software" segmented 78.78.0.10 "${some[@]}" ;;
	tunnelled) check "through VXLAN" tunnelled "${some[@]}" ;;
	hostile) check "a hostile process" hostile ;;
	afterwards) check "calls of others, afterwards" verified 999 78.78.0.10 "${some[@]}" ;;
	mixed) check "many bytes, in all calls and sizes" mixed "${MIXED:-4194304}" ;;
	log) check "the kernel has complained about nothing" kernel_is_quiet ;;
	esac
done
ktap_finished
