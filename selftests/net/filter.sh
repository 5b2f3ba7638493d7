#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# filter= and the reader's expressions: of several flows at once just what matches is
# recorded, from its first hop to its last.

. "$(dirname "$0")/lib.sh"

icmp="4,48 0 0 9,21 0 1 1,6 0 0 1,6 0 0 0"
nothing="1,6 0 0 0"

has() { [ "$(cat $parameters/filter)" = "$1" ] || { cat $parameters/filter; return 1; }; }

pings() { in2 ping -q -c 3 -i 0.05 -W 60 "$1" >/dev/null; }
# Six to each address.
datagrams() { py -n ns-calm2 udp.py burst "$1" 7878:100 7878:1000; }
pages() {
	in2 curl -s "${curl_options[@]}" -o "$work/got4" http://78.78.0.10/page \
		-o "$work/got6" 'http://[fd78::10]/page' &&
		cmp "$work/www/page" "$work/got4" && cmp "$work/www/page" "$work/got6"
}
# both have port 7878
sinks_are_up() { in1 grep -q ':1EC6 ' /proc/net/udp && in1 grep -q ':1EC6 ' /proc/net/udp6; }
sinks_up() {
	in_background ns-calm1 /usr/bin/python3 -ES "$dir/udp.py" sink 78.78.0.10
	in_background ns-calm1 /usr/bin/python3 -ES "$dir/udp.py" sink fd78::10
	until_true 60 sinks_are_up
}

# TCP, UDP, ICMP and ARP, IPv4 and IPv6, all at the same time.
traffic_of_all_kinds() {
	local pids=() pid
	in2 ip neigh flush all
	datagrams 78.78.0.10,fd78::10 & pids+=($!)
	pings 78.78.0.10 & pids+=($!)
	pings fd78::10 & pids+=($!)
	pages || return
	for pid in "${pids[@]}"; do
		wait "$pid" || return
	done
	quiet
}

# What has come since then is looked at, and nothing else: to attach all points anew for
# each filter takes longer than the rest. The time is rounded down.
mark=0
begin() {
	nap 0.02
	read -r mark _ </proc/uptime
}
since_then() { awk -v mark="$mark" '!/^#/ && $1 + 0 > mark + 0' $debugfs/skbtrace; }

# Lines that say what packet they are of: all but those of returns, clones and frees.
flows() {
	since_then >"$work/trace"
	grep -E ' ((tcp|udp|icmp|icmpv6|proto-[0-9]+) [^ ]+>|arp |protocol=)' "$work/trace"
}

# recorded REGEX...: each flow is there, and no other
recorded() {
	local regex
	flows >"$work/flows"
	for regex; do
		grep -E -q -- "$regex" "$work/flows" || { echo "nothing of $regex"; return 1; }
	done
	regex=$(IFS='|'; echo "$*")
	! grep -E -v -- "$regex" "$work/flows" | head -n 20 | grep . && no_strangers
}

# What says not what packet it is of is of one that was recorded.
no_strangers() {
	! awk 'NR == FNR { known[$7]; next }
		match($0, / copy=[0-9a-f]+/) { copy[substr($0, RSTART + 6, RLENGTH - 6)] }
		!($7 in known) && !($7 in copy)' "$work/flows" "$work/trace" |
		head -n 20 | grep .
}

nothing_recorded() { since_then | not grep .; }

tcp4=' tcp 78\.78\.0\.1[01]:' tcp6=' tcp \[fd78::1[01]\]:'
udp4=' udp 78\.78\.0\.11:[0-9]+>78\.78\.0\.10:7878 '
udp6=' udp \[fd78::11\]:[0-9]+>\[fd78::10\]:7878 '
icmp4=' icmp 78\.78\.0\.1[01]>' icmp6=' icmpv6 '

traced_from_the_start() { fresh_trace "$@" && begin && traffic_of_all_kinds; }

# traced_with FILTER
traced_with() {
	local status=0
	set_parameter filter "$1" && begin && watch || return
	traffic_of_all_kinds || status=$?
	settled
	return $status
}

# filtered EXPRESSION REGEX...: with this filter these flows are recorded, no others
filtered() {
	undisturbed traced_with "$(skbtrace filter -o - "$1")" && recorded "${@:2}"
}

hops_from_calmveth2=(
	veth_xmit@calmveth2 netif_rx_internal@calmveth2_peer br_handle_frame@calmveth2_peer
	__br_forward@calmveth2_peer br_dev_queue_push_xmit@calmveth1_peer
	veth_xmit@calmveth1_peer __netif_receive_skb_core@calmveth1
)

# A filter that admits all but IP itself: there is no such thing.
all_of_ip() { filtered 'ip or ip6' "$tcp4" "$tcp6" "$udp4" "$udp6" "$icmp4" "$icmp6"; }

# At the first hops TCP has no header, and where skbs begin at the link header the
# filter is to find the other one.
points_alone() {
	undisturbed traced_from_the_start filter="$(skbtrace filter -o - "$2")" points="$1" &&
		recorded "${@:3}"
}

# The new filter holds from then on.
replaced() {
	fresh_trace filter="${nothing// /,}" && begin && skbtrace filter 'tcp port 80' &&
		not has "$nothing" && set_parameter filter "$icmp" && has "$icmp" &&
		pings 78.78.0.10 && quiet && flows | grep -q "$icmp4" &&
		datagrams 78.78.0.10,fd78::10 && quiet && recorded "$icmp4"
}

cleared() {
	skbtrace filter off && has '' && begin && traffic_of_all_kinds &&
		recorded "$tcp4" "$tcp6" "$udp4" "$udp6" "$icmp4" "$icmp6" ' arp '
}

# forms: each of them is the same program
forms() {
	local form
	for form in "$icmp" "${icmp//,/;}" "${icmp//,/ }" "${icmp// /,}" "$icmp," \
		    "${icmp//,/$'\n'}"; do
		# The shell's own echo writes a line at a time, each of which is a value.
		set_parameter filter '' && echo "$form" | cat >$parameters/filter &&
			has "$icmp" || return
	done
}

ends_it() { set_parameter filter "$icmp" && set_parameter filter "$1" && has ''; }

in_stats() { grep -x "filter $icmp" $debugfs/skbtrace.d/stats; }

# refused TEXT WHY: EINVAL, one line that says why, and the old one in force
refused() {
	local err
	set_parameter filter "$icmp" || return
	dmesg -c >/dev/null
	err=$({ echo "$1" >$parameters/filter; } 2>&1) && return 1
	[[ $err == *"Invalid argument"* ]] || { echo "$err"; return 1; }
	[ "$(dmesg | grep -c skbtrace)" = 1 ] &&
		dmesg | grep "skbtrace: filter=.* refused: $2.*; wants" || { dmesg; return 1; }
	has "$icmp"
}

# A filter that is refused changes nothing in what is recorded either.
still_in_force() {
	local pid
	fresh_trace && set_parameter filter "$icmp" && begin || return
	traffic_of_all_kinds & pid=$!
	while kill -0 $pid 2>/dev/null; do
		not set_parameter filter "2,6 0 0 1,48 0 0 0" 2>/dev/null || return
		nap 0.1
	done
	wait $pid && recorded "$icmp4"
}

refused_at_load() {
	dmesg -c >/dev/null
	not load filter=2,6,0,0,1 || return
	dmesg | grep 'skbtrace: filter=.* refused: instruction 1 is missing' || { dmesg; return 1; }
	not test -d /sys/module/skbtrace
}

# as many as there is room for, which are a page of text as well
longest() {
	local text
	text=256$(printf ',6 0 0 %d' $(seq 100000000 100000250) $(seq 10000000 10000004))
	[ ${#text} = 4094 ] && set_parameter filter "$text" && has "$text"
}
too_many() { refused "257$(printf ',6 0 0 %d' $(seq 257))" "it has too many instructions"; }

# set, replaced and cleared all the time; nothing comes apart
under_way() {
	local pid i=0
	traffic_of_all_kinds & pid=$!
	while kill -0 $pid 2>/dev/null; do
		case $((i++ % 3)) in
		0) skbtrace filter 'tcp port 80' ;;
		1) set_parameter filter "$icmp" ;;
		2) set_parameter filter '' ;;
		esac || return
	done
	wait $pid && [ $i -gt 10 ]
}

# shows TEXT: what the module has, and the reader says
shows() { [ "$(skbtrace filter)" = "$1" ] || { skbtrace filter; return 1; }; }

reader_sets() {
	set_parameter filter "$nothing" && shows "$nothing" && skbtrace filter icmp &&
		has "$(skbtrace filter)" && not shows "$nothing" && skbtrace filter off &&
		shows off && skbtrace filter "$icmp" && shows "$icmp" &&
		skbtrace filter "$(skbtrace filter)" && shows "$icmp"
}

# complains TEXT COMMAND...: an error, which says so
complains() {
	local status=0
	"${@:2}" >"$work/out" 2>"$work/err" || status=$?
	[ $status = 2 ] && grep -F -- "$1" "$work/err" || { cat "$work/err"; return 1; }
}

syntax_error() { complains 'syntax error' skbtrace filter 'tcp prot 80' && has "$icmp"; }
too_long() {
	local all
	all=$(printf 'or host 10.%d.3.4 ' $(seq 200))
	complains 'the module takes 256' skbtrace filter "${all#or }" && has "$icmp"
}

without_libpcap() {
	local libs status
	libs=$(find /usr/lib* /lib* -name 'libpcap.so*' 2>/dev/null | sort -u)
	[ -n "$libs" ] || return
	for lib in $libs; do mv "$lib" "$lib.away"; done
	complains 'install the package libpcap' skbtrace report 'tcp port 80' &&
		skbtrace report >/dev/null && skbtrace report "$icmp" >/dev/null
	status=$?
	for lib in $libs; do mv "$lib.away" "$lib"; done
	return $status
}

# kinds COMMAND...: which protocols there are journeys or hops of
kinds() {
	"$@" >"$work/kinds" && grep -o '"proto":"[^"]*"' "$work/kinds" | sort -u | tr '\n' ' '
}

reported() {
	[ "$(kinds skbtrace report --json 'udp dst port 7878')" = '"proto":"udp" ' ] &&
		[ "$(kinds skbtrace report --json tcp or icmp)" = \
			'"proto":"icmp" "proto":"tcp" ' ] || { kinds cat "$work/kinds"; return 1; }
}

# All hops of a journey are shown, also those that do not say what they are of.
whole_hops() {
	reported=
	skbtrace report --json 'udp and ip' >"$work/journeys.json" &&
		grep -c '"type":"journey"' "$work/journeys.json" | grep -x 6 &&
		judge whole udp 7878 6 ip_send_skb@calmveth2 \
			"${hops_from_calmveth2[@]}" udp_rcv@calmveth1
}

hops_shown() {
	skbtrace hops 'tcp src port 80' >"$work/out" && grep -c ':80 > ' "$work/out" &&
		not grep -E '(tcp|udp|icmp|icmpv6|arp) ' <(grep -v ':80 > ' "$work/out")
}

# What is saved is complete as far as it goes: nothing is lost.
saved() {
	skbtrace record -D 0 -o "$work/file" 'icmp or udp' 2>"$work/err" || return
	grep ' 0 lost' "$work/err" && skbtrace check "$work/file" &&
		[ "$(kinds skbtrace report --json "$work/file")" = \
			'"proto":"icmp" "proto":"udp" ' ] &&
		[ "$(kinds skbtrace report --json "$work/file" icmp)" = '"proto":"icmp" ' ] &&
		[ "$(skbtrace report "$work/file" icmp | grep -c ' icmp ')" = 6 ]
}

live() {
	reported=
	skbtrace live --json 'udp and ip6' >"$work/journeys.json" &
	watcher=$!
	until_true 60 at_end $watcher && traffic_of_all_kinds && settled
	[ "$(kinds cat "$work/journeys.json")" = '"proto":"udp" ' ] &&
		[ "$(grep -c '"type":"journey"' "$work/journeys.json")" = 6 ]
}

no_file() {
	complains "no expression" skbtrace report nofile &&
		complains 'No such file' skbtrace report ./nofile
}
all_told() { no_file && without_libpcap; }

ktap_print_header
ktap_set_plan 56
scenario_up || { ktap_test_fail "scenario 3"; ktap_finished; }
http_up && sinks_up || { ktap_test_fail "servers"; ktap_finished; }
random_file page 20000

fresh_trace
transmit=$(first_active __tcp_transmit_skb tcp_transmit_skb)
check "no filter at first" has ''
check "of TCP to a host and port, with all kinds under way" \
	filtered 'tcp port 80 and host 78.78.0.10' "$tcp4"
check "its journeys are intact and delivered" judge intact tcp 3
check "its request passes every hop, from the first on" judge whole tcp 80 1 \
	"$transmit@calmveth2" ip_queue_xmit@calmveth2 ip_output@calmveth2 \
	"${hops_from_calmveth2[@]}" ip_rcv@calmveth1 tcp_v4_rcv@calmveth1
check "nothing is unverified" judge clean
check "of TCP over IPv6" filtered 'ip6 and tcp port 80' "$tcp6"
check "its request passes every hop, from the first on" judge whole tcp 80 1 \
	"$transmit@calmveth2" inet6_csk_xmit@calmveth2 ip6_output@calmveth2 \
	"${hops_from_calmveth2[@]}" ipv6_rcv@calmveth1 tcp_v6_rcv@calmveth1
check "of one direction of TCP" filtered 'tcp dst port 80' "$tcp4.*:80 " "$tcp6.*:80 "
check "its requests pass every hop, from the first on" judge whole tcp 80 2 \
	"$transmit@calmveth2" "${hops_from_calmveth2[@]}"
check "of UDP" filtered 'ip and udp dst port 7878' "$udp4"
check "its journeys are whole" judge whole udp 7878 6 \
	ip_send_skb@calmveth2 ip_output@calmveth2 "${hops_from_calmveth2[@]}" \
	ip_rcv@calmveth1 udp_rcv@calmveth1 __udp_enqueue_schedule_skb@calmveth1
check "nothing is unverified" judge clean
check "of UDP over IPv6" filtered 'ip6 host fd78::11 and udp' "$udp6"
check "its journeys are whole" judge whole udp 7878 6 \
	ip6_send_skb@calmveth2 ip6_output@calmveth2 "${hops_from_calmveth2[@]}" \
	ipv6_rcv@calmveth1 udpv6_rcv@calmveth1 __udp_enqueue_schedule_skb@calmveth1
check "of ICMP, by its type" filtered 'icmp[icmptype] == icmp-echo' ' icmp 78\.78\.0\.11>'
check "its journeys are whole" judge whole icmp - 3 ip_output@calmveth2 \
	"${hops_from_calmveth2[@]}" icmp_rcv@calmveth1
check "of ICMPv6" filtered icmp6 "$icmp6"
check "its journeys are intact and delivered" judge intact icmpv6 6
check "of IP, which ARP is not" all_of_ip
check "at points that begin with the link header" points_alone \
	'veth,dev_hard_start_xmit,free' 'tcp port 80 and ip' "$tcp4"
check "at points that begin with the IP header" points_alone \
	'netif_rx_internal,br_forward_finish,ip_rcv,ipv6_rcv,free' 'udp and ip6' "$udp6"
check "at points that begin behind it" points_alone \
	'tcp_v4_rcv,tcp_v6_rcv,udp_rcv,udpv6_rcv,icmp_rcv,free' 'host fd78::11' "$tcp6" "$udp6"
check "at points that have no header yet" points_alone \
	"$transmit,ip_queue_xmit,inet6_csk_xmit,free" 'host 78.78.0.10 and tcp port 80' "$tcp4"
check "at points that never see a packet freed" points_alone 'veth,bridge,ip' icmp "$icmp4"

fresh_trace filter="$(skbtrace filter -o - 'tcp port 81')"
begin
check "of nothing" traffic_of_all_kinds
check "nothing is recorded, not of returns and frees either" nothing_recorded
check "a filter replaces another" replaced
fresh_trace filter="${icmp// /,}"
check "skbtrace filter off ends it" cleared
check "it comes and goes under traffic" under_way

fresh_trace points=veth
check "blanks, newlines, commas, semicolons: all forms are the same" forms
check "the stats say which is in force" in_stats
check "an empty value is no filter" ends_it ''
check "0 is none" ends_it 0
check "the longest there is" longest
check "an expression is refused" refused 'tcp port 80' 'it does not begin with the number'
check "an instruction too few is refused" refused '2,6 0 0 0' 'instruction 1 is missing'
check "one too many is refused" refused '1,6 0 0 0,6 0 0 0' 'it has more instructions'
check "257 of them are refused" too_many
check "half of one is refused" refused '2,6 0 0 0,6 0' 'instruction 1 lacks some'
check "a jump of 256 is refused" refused '1,6 0 256 0' 'instruction 0 has a jf that'
check "a jump behind the end is refused" refused '2,21 1 0 6,6 0 0 0' \
	'instruction 0 jumps behind the last'
check "one that does not return is refused" refused '2,6 0 0 0,48 0 0 0' \
	'instruction 1 is the last, and does not return'
check "a division by zero is refused" refused '2,52 0 0 0,6 0 0 0' 'instruction 0 divides by zero'
check "an extension of Linux is refused" refused '3,48 0 0 9,48 0 0 4294963204,22 0 0 0' \
	'instruction 1 loads from a negative offset'
check "a page of blanks is refused" refused "1,6 0 0$(printf '%4087s' ' ')0" \
	'it is longer than'
check "what is refused leaves the old one in force" still_in_force
set_parameter filter "$icmp"
check "skbtrace filter shows and sets it" reader_sets
set_parameter filter "$icmp"
check "libpcap's error is told" syntax_error
check "what the module would not take is told" too_long
unload
check "a bad filter is refused at load" refused_at_load

fresh_trace
traffic_of_all_kinds
check "skbtrace report of an expression" reported
check "with all hops of a journey" whole_hops
check "skbtrace hops of an expression" hops_shown
check "skbtrace record of an expression" saved
check "skbtrace live of an expression" live
check "no file, no expression, no libpcap: each is told" all_told
ktap_finished
