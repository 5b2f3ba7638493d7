#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of what judges the tests: that no failure is taken for a success.
# KSELFTEST= is the folder that kselftest.sh prints.

cd "$(dirname "$0")" || exit 1
# shellcheck source=/dev/null
. "${KSELFTEST:?}/kselftest/ktap_helpers.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check DESCRIPTION STATUS REGEX COMMAND...: it ends so and says so
check() {
	local what=$1 want=$2 regex=$3 status=0 out

	shift 3
	out=$("$@" 2>&1) || status=$?
	if [ "$status" = "$want" ] && grep -q -x -E -- "$regex" <<<"$out"; then
		ktap_test_pass "$what"
	else
		echo "# ${out//$'\n'/$'\n'# }"
		ktap_test_fail "$what (status $status)"
	fi
}

# sum LINE...: the summary of one file that has these lines
sum() {
	: >"$work/x.tap"
	[ $# -eq 0 ] || printf '%s\n' "$@" >"$work/x.tap"
	../summary.sh "$work/x.tap"
}

# fault LINE: what is said of a log that has this line
fault() {
	printf '%s\n' '[    0.1] Linux version' "$1" >"$work/log"
	./faults.sh "$work/log"
}

# matrix ARGUMENT...: the table of kernels, of rows and a KERNELS.md of our own
matrix() { SKBTRACE_CACHE=$work SKBTRACE_SRC=$work ../matrix.sh "$@"; }

# ran VERSION LINE...: what the table is after such a run
ran() {
	local version=$1

	shift
	printf '%s\n' "$@" >"$work/x.tap"
	matrix --row "$version" "$work/x.tap" && matrix
}

# kernels LINE...: what KERNELS.md is with the table in it, twice
kernels() {
	mkdir -p "$work/selftests"
	printf '%s\n' "$@" >"$work/selftests/KERNELS.md"
	matrix --write && matrix --write && paste -s -d '@' "$work/selftests/KERNELS.md"
}

# plan TARGET OPTION...: the jobs, of a table of our own and of times of the last run
plan() {
	cat >"$work/table" <<-'END'
	# a remark
	set both	5.10 6.1
	set debug	debug-kasan debug-lockdep
	unit	here	here	-	5	-	-
	long.sh	-	here	-	90	-	-
	a.sh	both	both	debug	40	-	N=4
	b.sh	6.1	both	-	30	-	-
	c.sh	6.1	both	-	20	-	-
	END
	echo "short 6.1 b.sh 35" >"$work/times"
	awk -f ../plan.awk -v target="$1" -v guest=60 "${@:2}" "$work/times" "$work/table" |
		paste -s -d ';'
	return "${PIPESTATUS[0]}"
}

header="TAP version 13"
one=("# selftests: skbtrace: a.sh" "# $header" "# 1..2")

ktap_print_header
ktap_set_plan 66

check "all pass" 0 "2 passed, 0 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# ok 1 a" "# ok 2 b" "ok 1 selftests: skbtrace: a.sh"
check "a case fails" 1 "1 passed, 1 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# not ok 1 a" "# ok 2 b" "not ok 1 selftests: skbtrace: a.sh"
check "the case that failed is named" 1 "FAILED  x > a.sh > what it was" \
	sum "$header" 1..1 "${one[@]}" "# not ok 1 what it was" "# ok 2 b" "not ok 1 selftests: skbtrace: a.sh"
check "a case fails and the test does not notice" 1 "1 passed, 1 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# not ok 1 a" "# ok 2 b" "ok 1 selftests: skbtrace: a.sh"
check "cases pass, the test fails" 1 "2 passed, 1 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# ok 1 a" "# ok 2 b" "not ok 1 selftests: skbtrace: a.sh # exit=1"
check "a case is skipped, with its reason" 0 "skipped x > a.sh > b: no IPv6" \
	sum "$header" 1..1 "${one[@]}" "# ok 1 a" "# ok 2 b # SKIP no IPv6" "ok 1 selftests: skbtrace: a.sh"
check "the skipped case is counted" 0 "1 passed, 0 failed, 1 skipped" \
	sum "$header" 1..1 "${one[@]}" "# ok 1 a" "# ok 2 b # SKIP no IPv6" "ok 1 selftests: skbtrace: a.sh"
check "a whole test is skipped, once" 0 "1 passed, 0 failed, 1 skipped" \
	sum "$header" 1..2 "ok 1 first" "# selftests: skbtrace: a.sh" "# 1..0 # SKIP too old" \
	"ok 2 selftests: skbtrace: a.sh # SKIP"
check "the kernel cannot be had" 1 "skipped x: no network" sum "1..0 # SKIP no network"
check "nothing but skipped is no success" 1 "0 passed, 0 failed, 1 skipped" \
	sum "1..0 # SKIP no network"
check "cases are missing" 1 "FAILED  x > a.sh: planned 2 tests, saw 1" \
	sum "$header" 1..1 "${one[@]}" "# ok 1 a" "ok 1 selftests: skbtrace: a.sh"
check "the guest died in between" 1 "FAILED  x: planned 2 tests, saw 0" \
	sum "$header" 1..2 "${one[@]}" "# ok 1 a"
check "a test without cases fails" 1 "FAILED  x > a.sh: TIMEOUT 300 seconds" \
	sum "$header" 1..1 "# selftests: skbtrace: a.sh" \
	"not ok 1 selftests: skbtrace: a.sh # TIMEOUT 300 seconds"
check "Bail out! in a test" 1 "0 passed, 1 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# Bail out! no module" "not ok 1 selftests: skbtrace: a.sh # exit=1"
check "Bail out! after all passed" 1 "2 passed, 1 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# ok 1 a" "# ok 2 b" "ok 1 selftests: skbtrace: a.sh" \
	"Bail out! the kernel complained"
check "an empty file" 1 "0 passed, 1 failed, 0 skipped" sum
check "no results in a file" 1 "FAILED  x: no results" sum "make: Error 2"
check "an expected failure passes" 0 "1 passed, 0 failed, 0 skipped" \
	sum "$header" 1..1 "not ok 1 a # XFAIL known"
check "cases indented as KTAP has it" 1 "1 passed, 1 failed, 0 skipped" \
	sum "KTAP version 1" 1..1 "  KTAP version 1" "  1..2" "  ok 1 a" "  not ok 2 b" "not ok 1 top"
check "\"ok\" in a remark is no result" 0 "2 passed, 0 failed, 0 skipped" \
	sum "$header" 1..1 "${one[@]}" "# # ok so far" "# ok 1 a" "# ok 2 b" "ok 1 selftests: skbtrace: a.sh"

again="# again: make check TESTS=%s KERNELS=6.1"
failing=("$again" "$header" 1..1 "${one[@]}" "# ok 1 a" "# # not this" "# ok 2 b" "# # 3 of 4" "# # came"
	"# not ok 3 all 4 come" "not ok 1 selftests: skbtrace: a.sh")
check "what was expected" 1 "  expected:  all 4 come" sum "${failing[@]}"
check "what came" 1 "  came:      3 of 4" sum "${failing[@]}"
check "all of it" 1 "             came" sum "${failing[@]}"
check "how to run it again" 1 "  again:     make check TESTS=a.sh KERNELS=6.1" sum "${failing[@]}"
check "how to run all again when none began" 1 "  again:     make check TESTS=a.sh b.sh KERNELS=6.1" \
	sum "# tests: a.sh b.sh" "$again" "Bail out! no machine"

check "what a target runs, the longest first, in as many machines as it takes" 0 \
	"55 6.1 b.sh c.sh;40 5.10 a.sh;40 6.1 a.sh;5 here unit" plan check
check "the long form" 0 "160 5.10 a.sh;160 6.1 a.sh;90 here long.sh;.*" plan check-all
check "kernels that look for mistakes" 0 "220 debug-kasan a.sh;220 debug-lockdep a.sh" \
	plan check-debug
check "one test" 0 "40 5.10 a.sh;40 6.1 a.sh" plan check -v tests=a.sh
check "one that only another target has" 0 "90 here long.sh" plan check -v tests=long.sh
check "another kernel" 0 ".*50 6.12 b.sh c.sh;40 6.12 a.sh;.*" plan check -v kernels=6.12
check "one that looks for mistakes has what is for it" 0 "220 debug-kasan a.sh;5 here unit" \
	plan check -v kernels=debug-kasan
check "a test that there is not" 2 "plan: error: no test called d.sh .*" plan check -v tests="a.sh d.sh"

check "a quiet log" 0 "" fault "[    1.0] veth: WARNING of no kind we know"
while read -r line; do
	check "fault: ${line:12:40}" 1 "--" fault "$line"
done <<'END'
[    5.3147] WARNING: CPU: 0 PID: 106 at module/main.c:3 t_init+0x1c/0x1000 [skbtrace]
[    5.3147] WARNING: module/main.c:3 at t_init+0x1c/0x1000 [skbtrace], CPU#0: insmod/106
[    5.3147] ------------[ cut here ]------------
[    5.3147] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    5.3147] BUG: unable to handle kernel paging request at ffffffffc0205ffb
[    5.3147] general protection fault: 0000 [#1] SMP
[    5.3147] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [insmod:106]
[    5.3147] rcu: INFO: rcu_preempt self-detected stall on CPU
[    5.3147] INFO: rcu_sched detected stalls on CPUs/tasks: { 1}
[    5.3147] INFO: task rmmod:106 blocked for more than 120 seconds.
[    5.3147] unregister_netdevice: waiting for calmveth1 to become free. Usage count = 2
[    5.3147] [ INFO: possible circular locking dependency detected ]
[    5.3147] WARNING: suspicious RCU usage
[    5.3147] Kernel panic - not syncing: Fatal exception
[    5.3147] BUG: KASAN: use-after-free in hop_fill+0x12/0x80 [skbtrace]
[    5.3147] BUG: KCSAN: data-race in ring_read [skbtrace] / capture_skb [skbtrace]
[    5.3147] BUG kmalloc-64 (Tainted: G           OE     ): Right Redzone overwritten
[    5.3147] WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected
[    5.3147] INFO: trying to register non-static key.
[    5.3147] UBSAN: array-index-out-of-bounds in module/payload.c:55:40
unreferenced object 0xffff888004b8c000 (size 192):
END
check "a data race of the kernel itself is no fault" 0 "\(1 data races of the kernel itself\)" \
	fault "[    5.3147] BUG: KCSAN: data-race in tick_nohz_next_event / tick_sched_timer"

points="# # points: 60 active, 7 absent, 0 waiting, 0 refused"
marks=('<!-- kernels: made by selftests/matrix.sh -->' '<!-- end -->')
check "a table without kernels" 1 "matrix.sh: error: no kernel has run all tests yet: make check" matrix
check "a kernel in the table" 0 '\| 6\.12\.1-x \| 60 / 7 \| 1 / 0 / 1 \| 26 / 1 \| 1234 / 0 \| 2[0-9-]{9} \|' \
	ran 6.12.1-x "$header" 1..1 "${one[@]}" "$points" "# ok 1 a" "# ok 2 b # SKIP no IPv6" \
	"# # corruption: 11 cases right, 0 wrong" "# # corruption: 15 cases right, 1 wrong" \
	"# # benign: 1234 packets checked, 0 false alarms" \
	"ok 1 selftests: skbtrace: a.sh"
check "a kernel where something fails" 0 '\| 6\.1\.9 \| 60 / 7 \| 1 / 1 / 0 \| - \| - \| .*' \
	ran 6.1.9 "$header" 1..1 "${one[@]}" "$points" "# ok 1 a" "# not ok 2 b" \
	"not ok 1 selftests: skbtrace: a.sh"
check "a kernel whose run broke off" 0 '\| 5\.10\.2 \| - / - \| 1 / 1 / 0 \| .*' \
	ran 5.10.2 "$header" 1..2 "${one[@]}" "# ok 1 a" "Bail out! the guest died"
check "its next run replaces it" 0 '\| 5\.10\.2 \| 60 / 7 \| 2 / 0 / 0 \| .*' \
	ran 5.10.2 "$header" 1..1 "${one[@]}" "$points" "# ok 1 a" "# ok 2 b" \
	"ok 1 selftests: skbtrace: a.sh"
check "ordered by version" 0 '5.10.2,6.1.9,6.12.1-x' \
	eval "matrix | awk 'NR > 2 { print \$2 }' | paste -s -d,"
check "put into KERNELS.md in place of the old one" 0 \
	"before@${marks[0]}@\| kernel \|[^@]*@[^@]*(@\| [56][^@]*){3}@${marks[1]}@after" \
	kernels before "${marks[0]}" "| old" "${marks[1]}" after
check "not without a place for it" 1 ".*KERNELS.md: a line .*" kernels before after
check "nor where it would take the rest along" 1 ".*KERNELS.md: a line .*" \
	kernels "${marks[1]}" between "${marks[0]}" after
check "which is then as it was" 0 "${marks[1]}@between@${marks[0]}@after" \
	paste -s -d '@' "$work/selftests/KERNELS.md"
ktap_finished
