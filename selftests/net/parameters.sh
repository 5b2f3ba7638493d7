#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module's parameters: defaults, changes while it is loaded, refusals.

. "$(dirname "$0")/lib.sh"

has() { [ "$(cat "$parameters/$1")" = "$2" ]; }

# refused NAME VALUE: EINVAL, one line in the log, the old value in force
refused() {
	local old err
	old=$(cat "$parameters/$1")
	dmesg -c >/dev/null
	err=$({ echo "$2" >"$parameters/$1"; } 2>&1) && return 1
	[[ $err == *"Invalid argument"* ]] || { echo "$err"; return 1; }
	[ "$(dmesg | grep -c "skbtrace: $1=.* refused: .*wants")" = 1 ] || { dmesg; return 1; }
	has "$1" "$old"
}

# refused_because NAME VALUE WORDS: likewise, and the line has these
refused_because() {
	refused "$1" "$2" && dmesg | grep -F -- "$3"
}

# refused_at_load NAME=VALUE
refused_at_load() {
	dmesg -c >/dev/null
	not load "$1" || return
	dmesg | grep -q "skbtrace: ${1%%=*}=.* refused: wants" || { dmesg; return 1; }
	not test -d /sys/module/skbtrace
}

accepted() { set_parameter "$1" "$2" && has "$1" "${3-$2}"; }

defaults() {
	has on 1 && has dev '' && has points '*' && has netns '' && has pid '' &&
		has stack 0 && has digest 1 && has digest_max 0 && has verify_csum 0 &&
		has sample 1 && has max_rate 0 && has vxlan_port '' && has socket 0
}

state_of() { awk -v symbol="$1" '$2 == symbol { print $9; exit }' $debugfs/skbtrace.d/points; }

points_apply() {
	set_parameter points 'veth,ip*,-ip_forward' &&
		[ "$(state_of veth_xmit)" = active ] &&
		[ "$(state_of ip_rcv)" = active ] &&
		[ "$(state_of ip_forward)" = off ] &&
		[ "$(state_of tcp_v4_rcv)" = off ] &&
		[ "$(state_of kfree_skbmem)" = active, ] &&
		grep -q ' kfree_skbmem .* active, hidden$' $debugfs/skbtrace.d/points &&
		set_parameter points '*' &&
		[ "$(state_of tcp_v4_rcv)" = active ] &&
		[ "$(state_of kfree_skbmem)" = active ]
}

empty_pid_is_told() {
	dmesg -c >/dev/null
	accepted pid '' && dmesg | grep 'skbtrace: pid= is empty'
}

on_applies() {
	set_parameter on 0 && [ "$(state_of ip_rcv)" = off ] &&
		set_parameter on 1 && [ "$(state_of ip_rcv)" = active ]
}

# What a module that is loaded does not have is not waited for.
nowhere_is_absent() {
	local symbol
	modprobe br_netfilter
	for symbol in br_nf_forward br_nf_forward_ip; do
		set_parameter points $symbol || return
		grep " $symbol " $debugfs/skbtrace.d/points
		[ "$(state_of $symbol)" != waiting ] || return
	done
	set_parameter points '*'
}

stats_say() {
	local key
	for key in version abi record_size on dev points netns pid stack digest \
		   digest_max verify_csum socket vxlan_port sample max_rate ring_kb missed total; do
		grep -q "^$key " $debugfs/skbtrace.d/stats || { echo "no $key"; return 1; }
	done
}

ring_kb_kept() {
	unload && load ring_kb=300 points=veth && has ring_kb 256 &&
		not sh -c "echo 100 >$parameters/ring_kb"
}

modes() {
	local file
	for file in $parameters/*; do
		[ "$(stat -c %a "$file")" = 600 ] || [ "$file" = $parameters/ring_kb ] ||
			{ stat "$file"; return 1; }
	done
}

# A ping over the dummy, which is none of the default, and one over the veth pair, which is.
pinged() {
	local before
	before=$(wc -l <$debugfs/skbtrace)
	ping -q -c 1 -W 1 -I dummyp 203.0.113.9 >/dev/null
	ping -q -c 1 -W 1 -I vethp 203.0.114.9 >/dev/null
	tail -n +$((before + 1)) $debugfs/skbtrace >"$work/hops"
}

# seen DEVICE
seen() { grep "dev=$1 " "$work/hops"; }

dev_adds() {
	local device
	ip link add dummyp type dummy && ip link add vethp type veth peer name vethq &&
		ip addr add 203.0.113.1/24 dev dummyp && ip addr add 203.0.114.1/24 dev vethp ||
		return
	for device in dummyp vethp vethq; do
		ip link set $device up || return
	done
	ip neigh add 203.0.113.9 lladdr 02:00:00:00:00:09 dev dummyp &&
		ip neigh add 203.0.114.9 lladdr 02:00:00:00:00:09 dev vethp || return
	set_parameter dev '' && pinged && not seen dummyp && seen vethp || return
	accepted dev +dummyp && pinged && seen dummyp && seen vethp || return
	accepted dev '+dummyp,-veth*' && pinged && seen dummyp && not seen vethp || return
	accepted dev dummyp && pinged && seen dummyp && not seen vethp || return
	ip link del dummyp && ip link del vethp && set_parameter dev ''
}

ktap_print_header
ktap_set_plan 47
modprobe -a veth bridge
load
check "defaults" defaults
check "only root reads and changes them" modes
check "stats show what is in force" stats_say
check "points= attaches and detaches" points_apply
check "what its module does not have is absent" nowhere_is_absent
check "on= attaches and detaches" on_applies
check "dev= takes globs" accepted dev 'calm*,eth?,-eth9'
check "dev=+ adds to the default" dev_adds
check "dev= takes the empty list" accepted dev ''
check "netns= takes numbers" accepted netns 4026531840,4026532000
check "dev= takes what is not ASCII" accepted dev $'\xc3\xa9th0' && set_parameter dev ''
check "pid= takes numbers" accepted pid 1,2,3
check "an empty pid= is told in the log" empty_pid_is_told
check "vxlan_port= takes ports" accepted vxlan_port 4790,65535
check "vxlan_port= takes the empty list" accepted vxlan_port ''
check "stack=" accepted stack Y 1
check "digest=" accepted digest 0
check "digest_max=" accepted digest_max 1500
check "sample=" accepted sample 10
check "max_rate=" accepted max_rate 100000
check "socket=" accepted socket 1
check "socket= once more" accepted socket 0
check "on=2 is refused" refused on 2
check "socket=2 is refused" refused socket 2
check "stack=maybe is refused" refused stack maybe
check "digest= without a value is refused" refused digest ''
check "digest_max=-1 is refused" refused digest_max -1
check "sample=0 is refused" refused sample 0
check "sample=ten is refused" refused sample ten
check "max_rate=5000000000 is refused" refused max_rate 5000000000
check "netns=x is refused" refused netns 1,x
check "netns= of 33 is refused" refused netns "$(seq -s, 33)"
check "pid=1,,2 is refused" refused pid 1,,2
check "dev= with a slash is refused" refused dev a/b
check "dev=+ without a name is refused" refused dev +
check "dev= of 40 bytes is refused" refused dev "$(printf 'x%.0s' $(seq 40))"
check "points= without a value is refused" refused points ''
check "points= of a name that no point has is refused, with the nearest" \
	refused_because points veth,veth_xmt 'no point is called veth_xmt (is veth_xmit meant?)'
check "points= that excludes what no point is called is refused" \
	refused_because points '-nosuch*' 'no point is called nosuch*;'
check "points= that leaves no point is refused" \
	refused_because points 'veth,-*' 'leaves no point'
check "vxlan_port=0 is refused" refused vxlan_port 4789,0
check "vxlan_port=65536 is refused" refused vxlan_port 65536
check "a refused value is in the log as it was" \
	refused_because on $'\xc3\xa9' $'on=\xc3\xa9 refused'
unload
check "sample=0 is refused at load" refused_at_load sample=0
check "points=, is refused at load" refused_at_load points=,
check "ring_kb=0x7fffffff is refused at load" refused_at_load ring_kb=0x7fffffff
load points=veth
check "ring_kb= is rounded to a power of two of records and fixed" ring_kb_kept
ktap_finished
