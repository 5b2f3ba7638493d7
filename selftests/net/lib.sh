# SPDX-License-Identifier: GPL-2.0
# What the tests in the guest have in common: the module, results, traffic, and
# what the reader says of it. Sourced by bash scripts, not run.
# shellcheck shell=bash

dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=topology.sh
. "$dir/topology.sh"
for helpers in "$dir/../kselftest" "$dir/../../.cache/kselftest/tools/testing/selftests/kselftest"; do
	# shellcheck source=/dev/null
	[ ! -r "$helpers/ktap_helpers.sh" ] || { . "$helpers/ktap_helpers.sh"; break; }
done
declare -F ktap_test_pass >/dev/null ||
	{ echo "Bail out! kselftest's ktap_helpers.sh not found: run make check"; exit 1; }

# How much a script does is said in the table; what is set already stays so.
for table in "$dir/table" "$dir/../table"; do
	[ -r "$table" ] || continue
	while read -r word; do
		name=${word%%=*}
		[ -n "${!name-}" ] || declare "$word"
	done < <(awk -v name="${0##*/}" -v form="${FORM-}" '$1 == name {
		n = split($(form == "long" ? 7 : 6), word, ",")
		for (i = 1; i <= n; i++) if (word[i] ~ /=/) print word[i] }' "$table")
	break
done

debugfs=/sys/kernel/debug
parameters=/sys/module/skbtrace/parameters
ko=${SKBTRACE_KO:-/skbtrace/skbtrace.ko}
work=$(mktemp -d)
trap 'cleanup' EXIT

# The Python programs of the tests run in one interpreter, see crew.py.
mkfifo "$work/crew"
/usr/bin/python3 -ES "$dir/crew.py" "$work/crew" &

# py [-n NETNS] [-i FILE] PROGRAM ARGUMENT...: one of them, with FILE as its input
py() {
	local netns=- input=- request status text
	while :; do
		case $1 in
		-n) netns=$2 ;;
		-i) input=$2 ;;
		*) break ;;
		esac
		shift 2
	done
	# A FIFO for each shell, open as long as that lives.
	if [ "$reply" != "$work/reply.$BASHPID" ]; then
		reply=$work/reply.$BASHPID
		mkfifo "$reply" && exec {reply_fd}<>"$reply" || return
	fi
	printf -v request '%s\x1f' "$reply" "$netns" "$input" "$@"
	echo "${request%$'\x1f'}" >"$work/crew"
	read -r -u "$reply_fd" status
	IFS= read -r -d '' -u "$reply_fd" text
	printf '%s' "$text"
	return "$status"
}
reply='' reply_fd=''

cleanup() {
	local pids
	pids=$(jobs -p)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	scenario_down
	unload
	rm -rf "$work"
}

# Whoever reads the kernel's log sees whose doing it was.
echo "skbtrace: test ${0##*/}" >/dev/kmsg

load() { insmod "$ko" "$@" && missed_before=0; }
unload() { [ ! -d /sys/module/skbtrace ] || rmmod skbtrace; }

# set_parameter NAME VALUE
set_parameter() { echo "$2" >"$parameters/$1"; }

# progress TEXT...: what a long test has come to, so that it is not taken for one that hangs
exec {told_fd}>&1
progress() { echo "# $*" >&"$told_fd"; }

# check DESCRIPTION COMMAND...: one test, its output shown if it fails
check() {
	local what=$1
	shift
	if "$@" >"$work/check.log" 2>&1; then
		ktap_test_pass "$what"
	else
		sed 's/^/# /' "$work/check.log"
		ktap_test_fail "$what"
	fi
}

# counted DESCRIPTION COMMAND...: likewise, one whose last line of output is a figure
counted() {
	local what=$1 status=0
	shift
	"$@" >"$work/counted.log" 2>&1 || status=$?
	[ $status != 0 ] || what="$what: $(tail -n 1 "$work/counted.log")"
	check "$what" was_counted $status
}
was_counted() { cat "$work/counted.log"; return "$1"; }

# not COMMAND...: it fails
not() { ! "$@"; }

# udp_send ADDRESS BYTES COUNT: to a listener there that takes them all
udp_send() { py udp.py exchange ns-calm1 ns-calm2 "$@"; }

# Forget what the ring holds: what is looked at later has happened since.
fresh_trace() { reported=; unload; load "$@"; }

# The name that a kernel has for a function: the first that is active.
first_active() {
	local symbol
	for symbol in "$@"; do
		! awk -v s="$symbol" '$2 == s && $9 == "active" { found = 1 } END { exit !found }' \
			$debugfs/skbtrace.d/points || { echo "$symbol"; return; }
	done
	echo "none of $*"
}

# How often the kernel has skipped a probe since the module was loaded.
missed() { awk '!/^#/ { n += $7 } END { print n + 0 }' $debugfs/skbtrace.d/points; }
missed_before=0

# undisturbed COMMAND...: once more if the kernel skipped probes meanwhile, because then
# there are packets without some of their hops: it does so for as long as an interrupt
# lasts that comes just as a probe begins or ends. The command may load the module anew.
undisturbed() {
	local i
	for i in 1 2 3 4 5; do
		[ ! -d /sys/module/skbtrace ] || missed_before=$(missed)
		"$@" || return
		[ "$(missed)" != "$missed_before" ] || return 0
		echo "the kernel has skipped $(($(missed) - missed_before)) probes"
	done
}

# journeys ARGUMENT...: what journeys.py says of all that is retained
journeys() {
	local now
	now=$(<$debugfs/skbtrace.d/stats)
	# Nothing has come since they were reported last.
	if [ "$now" != "$reported" ]; then
		skbtrace report --json >"$work/journeys.json" || return
		reported=$now
	fi
	judge "$@"
}
reported=

# judge ARGUMENT...: what journeys.py says of those that were reported or watched last
judge() { py -i "$work/journeys.json" journeys.py "$@"; }

# quiet: nothing has been recorded for a while; given up where others are never quiet
quiet() {
	local i same=0 before='' now
	for ((i = 0; i < 40 && same < 3; i++)); do
		now=$(<$debugfs/skbtrace.d/stats)
		[ "$now" = "$before" ] && ((++same)) || same=0
		before=$now
		nap 0.1
	done
}

# watch [stopped]: journeys from now on, until settled; stopped: by a reader that does not
# take the time of the traffic, from rings that hold all of it
watch() {
	reported=
	skbtrace live --json >"$work/journeys.json" &
	watcher=$!
	until_true 60 at_end $watcher
	[ "${1-}" != stopped ] || kill -STOP $watcher
}

# at_end PID: the reader has opened all rings at their ends, and ends well if it is told to
at_end() {
	local key value name
	# Before it is the reader it is this shell, which catches signals, too: told to end
	# then, it would run our cleanup().
	read -r name <"/proc/$1/comm" && [ "$name" = skbtrace ] || return
	while read -r key value; do
		[ "$key" != SigCgt: ] || return $((!(16#$value >> 14 & 1)))
	done <"/proc/$1/status"
	return 1
}

# A reader that is told to end reads first what there is.
settled() {
	quiet
	kill "$watcher"
	kill -CONT "$watcher"
	wait "$watcher"
}

benign_packets=0 benign_alarms=0

# benign DESCRIPTION MIN COMMAND...: two tests, that data which nothing happens to
# arrive, and that of the journeys, MIN of them with payload, none is called changed.
# Judged afterwards, from rings that hold it all: the reader shall not take the time
# of the traffic.
benign() {
	local what=$1 least=$2 packets alarms
	shift 2
	[ -d /sys/module/skbtrace ] || load ring_kb=65536
	set_parameter dev "${trace_dev-}"
	watch stopped
	check "$what: the data arrive" "$@"
	settled
	check "$what: no journey is called changed" judge benign "$least"
	sed "/^changed/d; 1s/^/# $what: /; 1!s/^/#     /" "$work/check.log"
	read -r packets alarms < <(sed -n \
		'1s/.* journeys, \([0-9]*\) with payload: .* \([0-9]*\) changed,.*/\1 \2/p' \
		"$work/check.log")
	((benign_packets += packets, benign_alarms += alarms))
}

benign_finished() {
	echo "# benign: $benign_packets packets checked, $benign_alarms false alarms"
	ktap_finished
}

# traffic ARGUMENT...: random data, see benign.py
traffic() { py benign.py "$@"; }

# skip NUMBER WHAT WHY
skip() {
	local i
	for ((i = 0; i < $1; i++)); do
		ktap_test_skip "$2 # SKIP $3"
	done
}

# What tests of corruption share.

# on HOST COMMAND...: the last number of its addresses
on() {
	case $1 in
	1) "${@:2}" ;;
	10) in1 "${@:2}" ;;
	11) in2 "${@:2}" ;;
	esac
}

# at DEVICE COMMAND...: where the device is
at() {
	case $1 in
	calmveth1) in1 "${@:2}" ;;
	calmveth2) in2 "${@:2}" ;;
	*) "${@:2}" ;;
	esac
}

heal() { at "$1" tc qdisc del dev "$1" clsact; }

# servers_up BYTES: hosts 1, 10 and 11 have web pages without a Z, one of 900 bytes and
# one of BYTES, and take datagrams
servers_up() {
	ip addr add 78.78.0.1/24 dev calmbr
	ip addr add fd78::1/64 dev calmbr nodad
	mkdir -p "$work/www"
	tr Z z </dev/urandom | head -c 900 >"$work/www/small"
	tr Z z </dev/urandom | head -c "$1" >"$work/www/large"
	/usr/bin/python3 -ES "$dir/serve.py" "$work/www" - ns-calm1 ns-calm2 >/dev/null 2>&1 &
	until_true 60 pages_arrive 10 11 && until_true 60 pages_arrive 11 10 &&
		until_true 60 pages_arrive 1 11
}

# All four at once, that is quicker.
get_pages() {
	on "$2" curl -s "${curl_options[@]}" -o "$work/1" "http://78.78.0.$1/small" \
		-o "$work/2" "http://[fd78::$1]/small" -o "$work/3" "http://78.78.0.$1/large" \
		-o "$work/4" "http://[fd78::$1]/large"
}

# pages_arrive FROM TO
pages_arrive() {
	get_pages "$@" && cmp "$work/www/small" "$work/1" && cmp "$work/www/small" "$work/2" &&
		cmp "$work/www/large" "$work/3" && cmp "$work/www/large" "$work/4"
}

is_garbled() {
	[ "$(stat -c %s "$1")" = "$(stat -c %s "$2")" ] || { echo "another length"; return 1; }
	not cmp -s "$1" "$2"
}

# pages_are_garbled FROM TO
pages_are_garbled() {
	get_pages "$@" && is_garbled "$work/www/small" "$work/1" &&
		is_garbled "$work/www/small" "$work/2" &&
		is_garbled "$work/www/large" "$work/3" && is_garbled "$work/www/large" "$work/4"
}

cases_right=0 cases_wrong=0

# attributed DESCRIPTION ARGUMENT...: one test, what changes.py says of what was watched
attributed() {
	local failed=$KTAP_CNT_FAIL
	check "$1" in_journeys "${@:2}"
	[ "$KTAP_CNT_FAIL" = "$failed" ] && ((++cases_right)) || ((++cases_wrong))
}

in_journeys() { py -i "$work/journeys.json" changes.py "$@"; }

corruption_finished() {
	echo "# corruption: $cases_right cases right, $cases_wrong wrong"
	ktap_finished
}
