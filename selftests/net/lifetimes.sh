#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is traced, traces or is read comes and goes while packets are under way: files,
# names, devices and namespaces, processors, parameters, kprobes themselves.
# load.sh has the module's own coming and going, late_modules.sh that of veth and bridge.

. "$(dirname "$0")/lib.sh"

operations=${OPERATIONS:-1000}
cpu1=/sys/devices/system/cpu/cpu1/online
kprobes=$debugfs/kprobes/enabled
ftrace=/proc/sys/kernel/ftrace_enabled

lifetimes() { /usr/bin/python3 "$dir/lifetimes.py" "$@"; }
stats() { cat $debugfs/skbtrace.d/stats; }

# of WHO COUNTER: of a line of stats
of() { stats | awk -v who="$1" -v key="$2" '$1 == who { for (i = 2; i < NF; i += 2)
	if ($i == key) print $(i + 1) }'; }

# CLOCK_MONOTONIC, as the trace has it: the machine has not slept. Waits, because this is
# rounded down.
now() {
	local up
	sleep 0.02
	read -r up _ </proc/uptime
	echo "$up"
}

# Each name in its time: a line for each is "from until name netns".
test_names() {
	local i from until previous=calmveth2_peer
	: >"$work/names"
	for i in 1 2 3 4 5; do
		# No kernel before 6.2 renames a device that is up.
		ip -batch - <<-END || return
			link set $previous down
			link set $previous name calmname$i
			link set calmname$i up
		END
		from=$(now)
		until_true 60 in2 ping -q -c 1 -W 1 78.78.0.10 || return
		until=$(now)
		echo "$from $until calmname$i $(stat -Lc %i /proc/self/ns/net)" >>"$work/names"
		previous=calmname$i
	done
	ip -batch - <<-END || return
		link set $previous down
		link set $previous name calmveth2_peer
		link set calmveth2_peer up
	END
	lifetimes names "$work/names" calmname <$debugfs/skbtrace
}

# The same device in one namespace after the other.
test_moves() {
	local i from until netns last=()
	: >"$work/moves"
	ip link add calmmove type veth peer name calmstay || return
	ip link set calmstay up
	for i in 1 2 1 2; do
		netns=ns-calm$i
		ip ${last[@]+"${last[@]}"} link set calmmove netns $netns || return
		last=(-n "$netns")
		from=$(now)
		ip -n $netns addr add 78.78.9.1/24 dev calmmove
		ip -n $netns link set calmmove up
		# Nobody answers; what asks for the address is enough.
		ip netns exec $netns ping -q -c 2 -W 1 78.78.9.2 >/dev/null
		until=$(now)
		echo "$from $until calmmove $(stat -c %i /run/netns/$netns)" >>"$work/moves"
	done
	ip link del calmstay
	lifetimes names "$work/moves" calmmove <$debugfs/skbtrace
}

# One device's life in 18 operations. The bridge with the traffic floods to it, it is
# renamed, moves to a namespace, its other end to a bridge; then either end goes first.
life() {
	cat <<-END
		link add churn$1 type bridge
		netns add ns-churn$1
		link add churna$1 type veth peer name churnb$1
		link set churna$1 master calmbr
		link set churnb$1 up
		link set churna$1 up
		link set churnb$1 down
		link set churnb$1 name churnc$1
		link set churnc$1 netns ns-churn$1
		netns exec ns-churn$1 ip link set churnc$1 up
		link set churna$1 nomaster
		link set churna$1 master churn$1
		link set churn$1 up
		link set churna$1 down
		link set churna$1 name churnd$1
		link set churnd$1 up
	END
	if [ $(($1 % 2)) = 0 ]; then
		printf '%s\n' "link del churnd$1" "netns del ns-churn$1"
	else
		printf '%s\n' "netns del ns-churn$1" "link del churn$1" "link add churn$1 type bridge"
	fi
	echo "link del churn$1"
}

test_churn() {
	local i
	for ((i = 0; i * 18 < operations; i++)); do
		[ $((i % 50)) -ne 49 ] || progress "$((i * 18)) operations"
		life $i >"$work/life"
		ip -batch "$work/life" || return
		cat "$work/life" >>"$work/batch"
	done
	# Namespaces are taken down behind our back.
	until_true 60 not grep -q churn /proc/net/dev || { cat /proc/net/dev; return 1; }
	cat $debugfs/skbtrace >"$work/trace"
	lifetimes known '(churn[abcd]?[0-9]+|calm[a-z0-9_]+)' <"$work/trace" || return
	echo "$(wc -l <"$work/batch") operations"
}

# cpu1_recorded: how many records of it can be read
cpu1_recorded() { py cursor.py count $debugfs/skbtrace.d/cpu1; }

# on_cpu1: it records what is sent on it
on_cpu1() {
	local before
	before=$(of cpu1 "$1")
	taskset 2 ip netns exec ns-calm2 ping -q -c 5 -i 0.05 -W 60 78.78.0.10 >/dev/null || return
	[ "$(of cpu1 "$1")" -gt "${before:-0}" ] || { stats; return 1; }
}

test_hotplug() {
	local i recorded watcher
	/usr/bin/python3 "$dir/lifetimes.py" counters >"$work/counters" 2>&1 &
	watcher=$!
	for i in 1 2 3; do
		on_cpu1 committed || return
		echo 0 >$cpu1 || return
		recorded=$(cpu1_recorded)
		[ "$recorded" -gt 0 ] && in2 ping -q -c 5 -i 0.05 -W 60 78.78.0.10 >/dev/null || return
		[ "$(cpu1_recorded)" = "$recorded" ] || { echo "were $recorded"; return 1; }
		echo 1 >$cpu1 || return
		on_cpu1 committed || return
	done
	kill $watcher
	wait $watcher
	cat "$work/counters"
	grep -q 'looks$' "$work/counters" || return
	echo "$i times, counters grew at all of $(cat "$work/counters")"
}

# It has no ring: what it would have recorded is counted.
test_late_cpu() {
	echo 0 >$cpu1
	fresh_trace points=veth
	echo 1 >$cpu1
	not test -e $debugfs/skbtrace.d/cpu1 || return
	on_cpu1 no_ring && in2 ping -q -c 1 -W 60 78.78.0.10 && cat $debugfs/skbtrace >/dev/null
}

test_parameters() {
	lifetimes parameters $parameters "${1:-8}" >"$work/changes" || { cat "$work/changes"; return 1; }
	local p
	for p in on=1 dev= points=veth,bridge netns= pid= sample=1 max_rate=0 digest_max=0; do
		set_parameter "${p%%=*}" "${p#*=}" || return
	done
	not grep -E ' (refused|implausible)' $debugfs/skbtrace.d/points || return
	until_true 60 records_more && cat "$work/changes"
}

# records_more: what is sent is recorded
records_more() {
	local before
	before=$(of total committed)
	in2 ping -q -c 2 -i 0.05 -W 2 78.78.0.10 >/dev/null
	[ "$(of total committed)" -gt "$before" ]
}

says() { stats | grep -x "kprobes $1" || { stats; return 1; }; }

# test_switch FILE: noticed by itself, and told; nothing is recorded until that is over
test_switch() {
	local status=1 before
	before=$(interruptions)
	says on && records_more || return
	dmesg -c >/dev/null
	echo 0 >"$1"
	until_true 60 sh -c "dmesg | grep 'skbtrace: probes are switched off'" &&
		says off && not records_more && status=0
	echo 1 >"$1"
	says on && records_more && stats | grep -x "interruptions $((before + 1))" &&
		return $status
}

interruptions() { stats | sed -n 's/^interruptions //p'; }
interrupted_since() { [ "$(interruptions)" -gt "$1" ]; }

# test_flicker FILE: off and on again, before anybody looks by himself
test_flicker() {
	local before
	before=$(interruptions)
	says on && records_more || return
	echo 0 >"$1"
	echo 1 >"$1"
	until_true 60 interrupted_since "$before" && says on && records_more
}

ktap_print_header
ktap_set_plan 12
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
in_background ns-calm2 ping -q -i 0.05 78.78.0.10
# To all ports of the bridge.
in_background ns-calm1 ping -q -i 0.05 ff02::1%calmveth1
load points=veth,br_handle_frame,__br_forward
check "a device that is renamed has the name of the time" test_names
check "one that moves is in the namespace of the time" test_moves
counted "rmmod is refused while all files are open and read" lifetimes held $parameters/..
check "it is not when they are closed" unload

load points=veth,bridge,core,clone,free
counted "devices, bridges and namespaces come, change and go" test_churn
if [ -w $cpu1 ]; then
	counted "CPU 1 goes and comes" test_hotplug
	check "CPU 1 comes after load" test_late_cpu
else
	skip 2 "CPU 1 goes and comes" "it is the only one, or this kernel does not let it go"
fi
fresh_trace points=veth,bridge
counted "four processes change all parameters at once" test_parameters
if [ -w $kprobes ]; then
	check "stats say when kprobes are switched off" test_switch $kprobes
else
	skip 1 "stats say when kprobes are switched off" "this kernel cannot switch them off"
fi
if [ -w $kprobes ] && grep -q write_enabled_file_bool $debugfs/kprobes/list; then
	check "that is noticed if they are on again at once" test_flicker $kprobes
else
	skip 1 "that is noticed if they are on again at once" "what switches them cannot be probed"
fi
if [ -w $ftrace ] && grep -q -F '[FTRACE]' $debugfs/kprobes/list; then
	check "stats say when ftrace is switched off" test_switch $ftrace
else
	skip 1 "stats say when ftrace is switched off" "probes are not ftrace's"
fi
if [ -w $ftrace ] && grep -q ftrace_enable_sysctl $debugfs/kprobes/list; then
	check "that is noticed if it is on again at once" test_flicker $ftrace
else
	skip 1 "that is noticed if it is on again at once" "what switches it cannot be probed"
fi
ktap_finished
