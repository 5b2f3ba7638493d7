#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run all tests and add up the results.
#
#	check.sh KERNEL-NAME...
#
# The unit tests and those of building run here, the scripts of net/ in a virtual
# machine on each of the kernels named, or on the one that KERNEL=, MODULES= and KDIR=
# in the environment say. A kernel that cannot be had is skipped, except 6.1 and those
# that are built here (debug-*), which run some of the scripts. With 6.1 it is measured
# what a hop costs. TESTS= names some of the scripts, LONG=1 makes them do more, GUESTS=1
# leaves out what runs here. What the tests said is kept, one file a run, in the cache.

set -euo pipefail
cd "$(dirname "$0")"
. vm/lib.sh

results=$cache/results
# Kernels that look for mistakes are slow.
debug_tests="healthy.sh corruption.sh files.sh parameters.sh late_modules.sh hostile.sh
	alloc_failures.sh"
append=${LONG:+LONG=1} mem=1024
started=$SECONDS
rm -rf "$results"
mkdir -p "$results"

heading() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - started)); }

# bail FILE TEXT: the run ended before its tests did.
bail() { echo "Bail out! $2" >>"$results/$1.tap"; }

rig_tests() {
	heading "the rig"
	vm/rig_test.sh 2>&1 | tee "$results/rig.tap" || bail rig "vm/rig_test.sh failed"
}

unit_tests() {
	heading "unit tests"
	# The runner finds "settings" only where a collection is installed.
	kselftest_override_timeout=$(sed -n 's/^timeout=//p' settings) \
	env -u CC -u MAKEFLAGS make -s -C . OUTPUT="$cache/selftests" TEST_PROGS= run_tests 2>&1 |
		tee "$results/unit.tap" || bail unit "make run_tests failed, see above"
}

# Each takes a minute: "make check-model" and "make check-fuzz" have longer ones.
proof_tests() {
	heading "the ring's model and mutants, the reader fuzzed"
	kselftest_override_timeout=$(sed -n 's/^timeout=//p' settings) \
	env -u CC -u MAKEFLAGS make -s -C . OUTPUT="$cache/selftests" TEST_GEN_PROGS= \
		TEST_PROGS="ring/model.sh ring/mutants.sh fuzz/fuzz.sh" run_tests 2>&1 |
		tee "$results/proof.tap" || bail proof "make run_tests failed, see above"
}

# build_tests KERNEL-NAME...: what is built otherwise than the rig builds it, and packed
build_tests() {
	heading "building and packaging"
	KERNELS="$*" kselftest_override_timeout=$(sed -n 's/^timeout=//p' settings) \
	env -u MAKEFLAGS make -s -C . OUTPUT="$cache/selftests" TEST_GEN_PROGS= \
		TEST_PROGS="build/reader.sh build/compilers.sh build/dkms.sh" run_tests 2>&1 |
		tee "$results/build.tap" || bail build "make run_tests failed, see above"
}

# guest NAME VERSION: the scripts on the kernel in the environment. Shown is what each
# test comes to; the file has all of it.
guest() {
	local name=$1 version=$2 said=$results/$1.err status=0

	# The kernel puts what it does not know into the environment of init.
	vm/run.sh --time $((${LONG:+4*}3600)) --mem $mem --append "$append" --strict --kselftest -- \
		/kselftest/run_kselftest.sh ${LONG:+-o 7200} ${tests[@]+"${tests[@]}"} 2> >(tee "$said" >&2) |
		tee "$results/$name.tap" |
		grep --line-buffered -E '^(# )?(not )?ok ' | sed -u "s/^/$name: /" || status=$?
	# run.sh ends with a line that says why.
	[ $status = 0 ] || bail "$name" "$(tail -n 1 "$said")"
	[ ${#tests[@]} -gt 0 ] || ./matrix.sh --row "$version" "$results/$name.tap"
}

# version_of MODULES: what uname -r says where these are the modules
version_of() { basename "$(readlink -f "$1")"; }

named() {
	local name=$1 found line

	if ! found=$(vm/kernel.sh "$name" 2> >(tee "$results/kernel-$name.err" >&2)); then
		line=$(sed -n 's/.*error: //p' "$results/kernel-$name.err" | tail -n 1)
		case $name in
		6.1 | debug-*) bail "kernel-$name" "cannot be had: $line" ;;
		*) echo "1..0 # SKIP cannot be had: $line" >"$results/kernel-$name.tap" ;;
		esac
		return
	fi
	case $name in
	debug-*)
		# Their kprobes are not ftrace's. When one is put where another was just taken
		# back, register_kprobe() warns, in reuse_unused_kprobe().
		append+=" sysctl.debug.kprobes-optimization=0"
		mem=2048 append+=" ROUNDS=5 watchdog_thresh=60"
		# shellcheck disable=SC2086
		[ ${#tests[@]} -gt 0 ] || choose $debug_tests
		;;
	esac
	VMKERNEL=$name guest "kernel-$name" "$(version_of "$(sed -n 's/^MODULES=//p' <<<"$found")")"
}

# choose SCRIPT...: only these of net/
choose() {
	local t

	tests=()
	for t; do
		tests+=(-t "skbtrace:$(basename "$t")")
	done
}

# What a hop costs, where the rig's own kernel says what it may.
cost_tests() {
	local status=0

	bench/guard.sh 2> >(tee "$results/cost.err" >&2) | tee "$results/cost.tap" |
		sed -n -u -E '/^(not )?ok /s/^/cost: /p' || status=$?
	[ $status = 0 ] || grep -q '^not ok' "$results/cost.tap" ||
		bail cost "$(tail -n 1 "$results/cost.err")"
}

# has NAME KERNEL-NAME...
has() { [[ " ${*:2} " == *" $1 "* ]]; }

here() {
	rig_tests
	unit_tests
	# Not when only some scripts of net/ are wanted.
	if [ ${#tests[@]} = 0 ]; then
		proof_tests
		# shellcheck disable=SC2046
		build_tests $(printf '%s\n' "$@" | grep -v '^debug-')
	fi
}

wait_for_processor() {
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n || true
	done
}

main() {
	local k version

	# shellcheck disable=SC2086
	choose ${TESTS-}
	KSELFTEST=$(vm/kselftest.sh)
	export KSELFTEST
	[ -n "${GUESTS-}" ] || here "$@"
	if [ -n "${KERNEL-}" ]; then
		heading "kernel $KERNEL"
		version=$(version_of "${MODULES:-$KERNEL}")
		guest "kernel-$version" "$version"
	else
		# A machine keeps one processor busy, see vm/run.sh.
		heading "kernels $*"
		for k; do
			wait_for_processor
			named "$k" &
		done
		if [ ${#tests[@]} = 0 ] && has 6.1 "$@"; then
			wait_for_processor
			cost_tests &
		fi
		wait
	fi
	heading "kernels, the last run of all tests on each"
	./matrix.sh || true
	heading "summary"
	exec ./summary.sh "$results"/*.tap
}
main "$@"
