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

debugfs=/sys/kernel/debug
parameters=/sys/module/skbtrace/parameters
ko=${SKBTRACE_KO:-/skbtrace/skbtrace.ko}
work=$(mktemp -d)
trap 'cleanup' EXIT

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

load() { insmod "$ko" "$@"; }
unload() { [ ! -d /sys/module/skbtrace ] || rmmod skbtrace; }

# set_parameter NAME VALUE
set_parameter() { echo "$2" >"$parameters/$1"; }

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

# not COMMAND...: it fails
not() { ! "$@"; }

# udp_send ADDRESS BYTES COUNT: to a listener there that takes them all
udp_send() {
	in1 /usr/bin/python3 "$dir/udp.py" receive "$1" "$3" &
	in2 /usr/bin/python3 "$dir/udp.py" send "$1" "$2" "$3"
	wait $!
}

# Forget what the ring holds: what is looked at later has happened since.
fresh_trace() { unload; load "$@"; }

# journeys ARGUMENT...: what journeys.py says of all that is retained
journeys() {
	skbtrace report --json >"$work/journeys.json" &&
		/usr/bin/python3 "$dir/journeys.py" "$@" <"$work/journeys.json"
}
