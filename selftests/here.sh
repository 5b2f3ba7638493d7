#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run one of the tests that need no virtual machine, as kselftest's runner would.
#
#	here.sh TEST [NAME=VALUE]...
#
# TEST is a script of this folder's, or "unit" for the C programs. GROUP= is a file in
# which it leaves its process group.

cd "$(dirname "$0")" || exit 1
. vm/lib.sh

test=$1
shift
[ -z "${GROUP-}" ] || echo $$ >"$GROUP"
# A machine may be busy: what hangs is found by check.sh, which sees that nothing is said.
export kselftest_override_timeout=0

# CC is the kernel's compiler, which may not know this machine's libc.
unit() {
	local make=(env -u CC make -s -C . OUTPUT="$cache/selftests" TEST_PROGS= "$@")

	"${make[@]}" -j"$(nproc)" all && "${make[@]}" run_tests
}

run() {
	case $test in
	unit) unit "$@" ;;
	*) env "$@" "./$test" ;;
	esac
}

echo "TAP version 13"
echo "1..1"
echo "# selftests: skbtrace: $test"
run "$@" 2>&1 | stdbuf -oL sed 's/^/# /'
status=${PIPESTATUS[0]}
case $status in
0) echo "ok 1 selftests: skbtrace: $test" ;;
4) echo "ok 1 selftests: skbtrace: $test # SKIP" ;;
*) echo "not ok 1 selftests: skbtrace: $test # exit=$status" ;;
esac
