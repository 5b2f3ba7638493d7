#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "skbtrace run" loads, sets, traces a command, and leaves all as it was, however it ends.

. "$(dirname "$0")/lib.sh"

# run ARGUMENT...: with the module of this test; its status is kept
run() {
	local status=0
	skbtrace run --module "$ko" "$@" >"$work/out" 2>"$work/err" || status=$?
	echo "status $status"
	tail -n 3 "$work/out"
	cat "$work/err"
	return $status
}

# exits STATUS COMMAND...
exits() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ $got = "$want" ] || { echo "exit status $got, not $want"; return 1; }
}

is_loaded() { [ -d /sys/module/skbtrace ]; }
settings() { (cd $parameters && grep -H '' filter dev stack points on sample verify_csum); }

# The command sees the module loaded and set; afterwards it is gone.
loads_and_unloads() {
	unload
	exits 0 run --set stack=1 --dev 'calmveth*' -- \
		bash -c 'ip netns exec ns-calm2 ping -q -c 2 -i 0.1 -W 60 78.78.0.10; cat /sys/module/skbtrace/parameters/stack /sys/module/skbtrace/parameters/dev' || return
	grep -x 1 "$work/out" && grep -x 'calmveth\*' "$work/out" &&
		[ "$(grep -c '^#.* icmp ' "$work/out")" = 4 ] &&
		grep -E '^[0-9]+ journeys: [0-9]+ intact, 0 changed, 0 unverified' "$work/out" &&
		not is_loaded
}

# Of a module that is loaded each parameter is as it was, and it stays.
puts_back() {
	load dev=calmbr sample=2 points=veth,core
	local before
	before=$(settings)
	exits 0 run --set sample=1 --filter 'icmp' --set 'points=*' --stack --dev 'calm*' -- \
		bash -c "cp -r $parameters $work/during; ip netns exec ns-calm2 ping -q -c 1 -W 60 78.78.0.10" || return
	[ "$(<"$work/during/sample")$(<"$work/during/stack")" = 11 ] &&
		[ -n "$(<"$work/during/filter")" ] && grep -E '^2 journeys: 2 intact' "$work/out" &&
		diff <(echo "$before") <(settings)
}

# What a needle leaves out is verified as well.
only_some() {
	# With what is set by default: the test before has left other parameters.
	# shellcheck disable=SC2119
	fresh_trace || return
	printf '%s\n' '# lost' '--only dropped' '[run]' '--set stack=1' >"$work/profile"
	exits 0 run --profile "$work/profile" -- ip netns exec ns-calm2 ping -q -c 1 -W 60 78.78.0.10 &&
		grep '^[0-9]* journeys' "$work/out" && not grep '^#.* icmp ' "$work/out"
}

# Nothing was seen: nothing is verified.
nothing_seen() { exits 3 run --filter 'udp port 9 and host 192.0.2.9' -- true; }

command_fails() {
	exits 4 run -- bash -c 'ip netns exec ns-calm2 ping -q -c 1 -W 60 78.78.0.10; exit 7' &&
		grep 'bash has ended with status 7' "$work/err"
}

no_such_command() {
	run -- /no/such/program
	grep '/no/such/program: No such file' "$work/err"
}

change_seen() {
	tc qdisc add dev calmveth1_peer ingress &&
		tc filter add dev calmveth1_peer parent ffff: protocol ip prio 5 u32 match ip protocol 1 0xff \
			action pedit munge offset 60 u8 set 0x5a || return
	exits 1 run -- bash -c 'ip netns exec ns-calm2 ping -q -c 1 -W 3 78.78.0.10; true'
	local status=$?
	tc qdisc del dev calmveth1_peer ingress
	return $status
}

# begun ARGUMENT...: in the background; the process that puts back is $!
begun() {
	rm -f "$work/begun"
	skbtrace run --module "$ko" "$@" -- sh -c "echo \$\$ >$work/begun; exec sleep 300" \
		>"$work/out" 2>"$work/err" &
	until_true 60 test -s "$work/begun"
}
gone() { not kill -0 "$1"; }

# ended SIGNAL: by that, and all is as it was; the command is ended, too
ended() {
	local before first child status=0
	unload
	load sample=4
	before=$(settings)
	begun --set sample=1 || return
	first=$!
	child=$(<"$work/begun")
	kill "-$1" $first
	wait $first || status=$?
	# Whether anything was seen meanwhile nobody knows.
	[[ $status = [03] ]] && diff <(echo "$before") <(settings) && until_true 60 gone "$child"
}

# The one that traces is killed by somebody: the other one puts back all the same.
tracer_killed() {
	local before first tracer
	before=$(settings)
	begun --set sample=1 || return
	first=$!
	tracer=$(awk -v p="$first" '$4 == p { print $1 }' /proc/[0-9]*/stat 2>/dev/null)
	kill -KILL "$tracer"
	exits 2 wait $first && diff <(echo "$before") <(settings) && grep 'ended by signal 9' "$work/err"
	local status=$?
	kill "$(<"$work/begun")"
	return $status
}

same_settings() { [ "$(settings)" = "$1" ]; }

# Nobody reads what it says.
nobody_reads() {
	local before
	before=$(settings)
	skbtrace run --module "$ko" --set sample=1 -- ip netns exec ns-calm2 ping -c 200 -i 0.002 -q 78.78.0.10 2>/dev/null |
		head -n 1 >/dev/null
	until_true 60 same_settings "$before"
}

# Somebody else reads its files: it cannot be unloaded, and that is told.
stays_loaded() {
	local status
	unload
	begun || return
	exec {held}<$debugfs/skbtrace.d/cpu0
	kill $!
	exits 2 wait $!
	status=$?
	exec {held}<&-
	grep 'the module stays loaded' "$work/err" && return $status
}

no_module() {
	unload
	exits 2 skbtrace run --module /no/such.ko -- true 2>"$work/err"
	cat "$work/err"
	grep 'insmod /no/such.ko could not load it' "$work/err" && not is_loaded
}

bad_setting() {
	load
	local before
	before=$(settings)
	exits 2 run --set sample=2 --set nosuch=1 -- true && grep 'no such parameter' "$work/err" &&
		diff <(echo "$before") <(settings) &&
		exits 2 run --set sample=2 --set sample=some -- true && grep 'dmesg says why' "$work/err" &&
		diff <(echo "$before") <(settings)
}

ktap_print_header
ktap_set_plan 14
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
check "it loads the module, traces a command and unloads it" loads_and_unloads
check "of a module that is loaded each parameter is put back" puts_back
check "what is not to be shown is verified as well" only_some
check "where nothing was seen nothing is verified" nothing_seen
check "a command that fails is told" command_fails
check "one that is not there, too" no_such_command
check "a payload that changes is its exit status" change_seen
check "SIGTERM ends it and its command, and all is put back" ended TERM
check "SIGINT does" ended INT
check "when the one that traces is killed all is put back" tracer_killed
check "when nobody reads what it says all is put back" nobody_reads
check "a module that cannot be unloaded is told" stays_loaded
check "a module that is not there is told" no_module
check "a parameter that is not there, or a bad value, changes nothing" bad_setting
ktap_finished
