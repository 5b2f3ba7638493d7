#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Skbs that lie: none of them makes the module read what is not theirs, loop or fall,
# none gets lost uncounted, and afterwards it traces as ever.
#
# hostile.ko hands them to functions that skbtrace probes, some of which have the
# names of veth's and the bridge's: these are not loaded meanwhile.

. "$(dirname "$0")/lib.sh"

hostile=${HOSTILE_KO:-/skbtrace/hostile.ko}
cast=/sys/module/hostile/parameters/cast

hostile_down() { [ ! -d /sys/module/hostile ] || rmmod hostile; }
trap 'hostile_down; cleanup' EXIT

# With whatever holds it but skbtrace.
unload_module() {
	local holder
	[ -d "/sys/module/$1" ] || return 0
	for holder in "/sys/module/$1/holders/"*; do
		[ ! -e "$holder" ] || [ "${holder##*/}" = skbtrace ] ||
			unload_module "${holder##*/}" || return
	done
	until_true 60 rmmod "$1"
}

hostile_up() {
	local module
	for module in br_netfilter bridge veth; do
		unload_module $module || { lsmod; return 1; }
	done
	insmod "$hostile"
}

# figures: what each function was called with, what became of that
figures() {
	awk '$3 == "entry" { hits[$2] = $6; missed[$2] = $7
			if (match($0, /[0-9]+ calls without/)) no_skb += substr($0, RSTART) + 0 }
		END { for (s in hits) print s, hits[s] "\n" s ":missed", missed[s]; print "no_skb", no_skb + 0 }' \
		$debugfs/skbtrace.d/points
	awk '$1 == "total" { for (i = 2; i < NF; i += 2) print $i, $(i + 1) }' \
		$debugfs/skbtrace.d/stats
}

# cast_all KIND: and $work/became says what became of them
cast_all() {
	figures >"$work/before"
	echo "$1" >$cast || return
	figures >"$work/after"
	awk 'FNR == 1 { file++ }
		file == 1 { before[$1] = $2; next }
		file == 2 { became[$1] = $2 - before[$1]; next }
		$1 == "skbs" { print; next }
		{ calls += $2; targets++
		  # 3.10 calls it missed too where a fault was caught.
		  if (became[$1] > $2 || became[$1] + became[$1 ":missed"] < $2) {
			print $1 ": " $2 " calls, " became[$1] " seen"; bad = 1 } }
		END { print "targets", targets; print "calls", calls; print "seen", !bad
		      for (i in became) if (became[i]) print i, became[i] }' \
		"$work/before" "$work/after" "$cast" >"$work/became"
	cat "$work/became"
}

became() { awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' "$work/became"; }

totals() { skbs=$((skbs + $(became skbs))) calls=$((calls + $(became calls))); }

all_seen() { [ "$(became seen)" = 1 ] && [ "$(became calls)" -gt 0 ]; }

# Each has a record, or is counted as no skb.
all_counted() {
	[ $(($(became attempts) + $(became no_skb))) -ge "$(became calls)" ]
}

all_malformed() { [ "$(became malformed)" -ge "$(became calls)" ]; }
some_malformed() { [ "$(became malformed)" -gt 0 ]; }
none_malformed() { [ "$(became malformed)" = 0 ]; }
none_without_skb() { [ "$(became no_skb)" = 0 ]; }
some_long_lists() { [ "$(became long_lists)" -gt 0 ]; }
none_long_lists() { [ "$(became long_lists)" = 0 ]; }
some_without_skb() { [ "$(became no_skb)" -gt 0 ]; }

# casts KIND COMMAND...: each of these is true
casts() {
	local kind=$1 status=0 command
	shift
	cast_all "$kind" || return
	for command in all_seen "$@"; do
		$command || { echo "not so: $command"; status=1; }
	done
	totals
	return $status
}

# told DESCRIPTION KIND COMMAND...: a test, with figures
told() {
	local what=$1
	shift
	check "$what" casts "$@"
	echo "# $1: $(became skbs) skbs, $(became calls) calls, $(became malformed) malformed," \
		"$(became no_skb) no skb"
}

# What was recorded can be read, and no journey is made of it that never ends.
readable() {
	cat $debugfs/skbtrace >"$work/cat" && [ "$(grep -vc '^#' "$work/cat")" -gt 1000 ] &&
		skbtrace hops >"$work/hops" && skbtrace report >"$work/report" &&
		! grep -a -n -P '[^\x01-\x7f\xc2-\xf4\x80-\xbf]' "$work/cat"
}

ordinary_traffic() {
	set_parameter dev ''
	hostile_down && scenario_up && in2 ping -q -c 5 -i 0.05 -W 60 78.78.0.10 &&
		udp_send 78.78.0.10 700 20 && udp_send fd78::10 700 20 || return
	quiet
	set_parameter on 0
	skbtrace report --json --dev 'calmveth*' >"$work/journeys.json" &&
		judge intact udp 40
}

skbs=0 calls=0
ktap_print_header
[ -e "$hostile" ] || { ktap_skip_all "$hostile was not built"; exit "$KSFT_SKIP"; }
ktap_set_plan 18
check "decoys for veth, bridge and br_netfilter" hostile_up

fresh_trace dev='hostile*'
told "arguments that are no skb" arguments some_without_skb
told "lengths that lie, where no skb was seen before" lengths some_without_skb all_counted
told "sound skbs, until every point is trusted" sound none_malformed none_without_skb all_counted \
	none_long_lists
told "lengths that lie" lengths all_malformed none_without_skb all_counted
told "fragments that lie" fragments all_malformed all_counted
told "fragments without a page" pages none_malformed all_counted
told "lists of fragments: rings, too long, too deep, lying" lists all_malformed all_counted
told "lists of fragments that are no pointers" list_pointers all_malformed all_counted
told "lists of packets: rings, too long, no pointers" packets all_counted \
	some_long_lists
told "headers cut short, cut in two, each byte another" headers none_malformed all_counted
told "header offsets out of bounds, wrong protocols" offsets none_malformed all_counted
told "no device, sockets that are none" no_device none_malformed all_counted
told "anything at random" random some_malformed all_counted
set_parameter verify_csum 1
set_parameter stack 1
told "the same with verify_csum=1 and stack=1" random some_malformed all_counted
# What they were trusted with is forgotten: it might be another build of their module.
set_parameter on 0
set_parameter on 1
told "arguments that are no skb, at points that are attached once more" arguments some_without_skb
check "what was recorded is read to the end" readable
check "afterwards ordinary traffic is traced, every journey intact" ordinary_traffic
echo "# hostile: $skbs skbs, $calls calls of $(became targets) functions"
ktap_finished
