#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the tests of a target and add up the results.
#
#	check.sh check|check-all|check-debug
#
# The file table says which tests these are, and where each runs. In the environment:
#
#	TESTS="NAME..."		only these
#	KERNELS="NAME..."	scripts of net/ on these kernels instead
#	KERNEL= MODULES= KDIR=	on this one instead, see vm/run.sh
#	LONG=1			the long form of each
#	LANES=N			so many at a time (one a processor, and 1.5 GiB of memory)
#
# A kernel that cannot be had is skipped, except 6.1 and those that are built here (debug-*).
# What the tests said is kept in the cache, in results: a file for each that ran here, and
# for each kernel.

set -euo pipefail
cd "$(dirname "$0")"
. vm/lib.sh
. ./lanes.sh

target=${1:-check}
results=$cache/results
times=$cache/times
form=short more=''
[ "$target" != check-all ] && [ -z "${LONG-}" ] || form=long more=" LONG=1"

# form_of WHERE: as in plan.awk
form_of() { case $1 in debug-*) echo short ;; *) echo $form ;; esac; }

# remember WHERE TEST SECONDS: for the next run
remember() {
	(
		flock 9
		{
			grep -v "^$(form_of "$1") $1 $2 " "$times" || true
			echo "$(form_of "$1") $1 $2 $3"
		} >"$times.new"
		mv "$times.new" "$times"
	) 9>"$times.lock"
}

# last_time WHERE TEST: in seconds, 0 if not known
last_time() {
	local s
	s=$(sed -n "s,^$(form_of "$1") $1 $2 ,,p" "$times" | tail -n 1)
	echo "${s:-0}"
}

# variables TEST: what the table sets for it
variables() {
	local f
	f=$(awk -v t="$1" -v form=$form \
		'$1 == t { v = $(form == "long" ? 7 : 6); if (v != "-") print v }' table)
	echo "${f//,/ }"
}

# bail FILE TEXT: the run ended before its tests did.
bail() { echo "Bail out! $2" >>"$results/$1.tap"; }

# follow ID WHERE FILE: KTAP on standard input goes to FILE; of each script of it a line
# says what it came to, of each case that failed another
follow() {
	local id=$1 where=$2 line test='' since=$SECONDS took bad='' label=
	local failed="^(# |  )+not ok [0-9]+ "

	[ "$where" = here ] || label="$where: "
	while IFS= read -r line; do
		line=${line%$'\r'}
		printf '%s\n' "$line"
		case $line in
		"# selftests: "*": "*)
			test=${line##*: } since=$SECONDS
			doing "$id" "$(last_time "$where" "$test")" "$label$test" ;;
		"ok "*" selftests: "* | "not ok "*" selftests: "*)
			took=$((SECONDS - since))
			[ "${line%% *}" = ok ] || bad="NOT "
			tell "${bad}ok $label$test, $(clock $took)" >&2
			[ -n "$bad" ] || remember "$where" "$test" $took
			bad= ;;
		*)
			[[ $line =~ $failed ]] || continue
			bad="NOT "
			tell "not ok $label$test: ${line#*not ok }" >&2 ;;
		esac
	done >>"$3"
}

# here_job ID TEST
here_job() {
	local id=$1 test=$2 name=${2//\//-}

	name=here-${name%.sh}
	echo "# again: make check TESTS=$test$more" >"$results/$name.tap"
	echo "$results/$name.tap" >"$state/output.$id"
	# In a group of its own, so that all of it can be ended.
	# shellcheck disable=SC2046
	GROUP=$state/group.$id KERNELS="${build_kernels[*]}" setsid ./here.sh "$test" $(variables "$test") |
		follow "$id" here "$results/$name.tap"
	rm -f "$state/group.$id"
	[ ! -e "$state/killed.$id" ] || bail "$name" "$test: $(cat "$state/killed.$id")"
}

# version_of MODULES: what uname -r says where these are the modules
version_of() { basename "$(readlink -f "$1")"; }

# guest_job ID WHERE TEST...: scripts of net/ on one kernel, in one machine
guest_job() {
	local id=$1 where=$2 name=kernel-$2.$1 test status=0 mem=1024 append='' tests=() said

	shift 2
	said=$results/$name.err
	for test; do
		tests+=(-t "skbtrace:$test")
	done
	append="FORM=$(form_of "$where")"
	case $where in
	debug-*)
		# Their kprobes are not ftrace's. When one is put where another was just taken
		# back, register_kprobe() warns, in reuse_unused_kprobe().
		append+=" sysctl.debug.kprobes-optimization=0 watchdog_thresh=60"
		mem=2048 ;;
	esac
	doing "$id" 0 "$where: preparing a machine"
	printf '# %s\n' "tests: $*" "again: make check TESTS='%s' $(again "$where")$more" \
		>"$results/$name.tap"
	# The kernel puts what it does not know into the environment of init.
	# shellcheck disable=SC2016
	VMKERNEL=$where setsid bash -c 'echo $$ >"$0"; exec "$@"' "$state/group.$id" \
		vm/run.sh --mem $mem --append "$append" --strict --kselftest -- \
		/kselftest/run_kselftest.sh "${tests[@]}" 2>"$said" |
		follow "$id" "$where" "$results/$name.tap" || status=$?
	rm -f "$state/group.$id"
	# run.sh ends with a line that says why.
	if [ $status != 0 ]; then
		tail -n 60 "$said" >&2
		bail "$name" "$(tail -n 1 "$said")"
	fi
}

# again WHERE: how to say that kernel to make
again() {
	if [ -n "${KERNEL-}" ]; then
		echo "KERNEL=$KERNEL${MODULES:+ MODULES=$MODULES}${KDIR:+ KDIR=$KDIR}${CC:+ CC=$CC}"
	else
		echo "KERNELS=$1"
	fi
}

# job ID SECONDS WHERE TEST...
job() {
	local id=$1 where=$3

	shift 3
	case $where in
	here) here_job "$id" "$@" ;;
	*) [ -e "$state/absent.$where" ] || guest_job "$id" "$where" "$@" ;;
	esac
}

# prepare KERNEL-NAME...: what several jobs need, all at once, because most of it is waiting
prepare() {
	local k

	tell "fetching or finding kernels ($*) and the test framework"
	vm/kselftest.sh >"$state/kselftest" 2>"$results/kselftest.err" &
	vm/initramfs.sh >/dev/null 2>"$results/initramfs.err" &
	for k; do
		[ -n "${KERNEL-}" ] || prepare_kernel "$k" &
	done
	wait
	[ -s "$state/kselftest" ] || { cat "$results/kselftest.err" >&2; exit 1; }
	KSELFTEST=$(cat "$state/kselftest")
	export KSELFTEST
}

prepare_kernel() {
	local name=$1 line

	# They take long to build, and so have their turn later.
	case $name in debug-*) return ;; esac
	! vm/kernel.sh "$name" >/dev/null 2>"$results/kernel-$name.err" || return 0
	touch "$state/absent.$name"
	line=$(sed -n 's/.*error: //p' "$results/kernel-$name.err" | tail -n 1)
	if [ "$name" = 6.1 ]; then
		bail "kernel-$name" "cannot be had: $line"
	else
		echo "1..0 # SKIP cannot be had: $line" >"$results/kernel-$name.tap"
	fi
}

# join KERNEL-NAME...: one file for each, of those of its machines
join() {
	local k files version

	for k; do
		files=$(ls "$results/kernel-$k".[0-9]*.tap 2>/dev/null) || continue
		# shellcheck disable=SC2086
		cat $files >>"$results/kernel-$k.tap"
		# shellcheck disable=SC2086
		rm $files
		# All tests were run: that is a row for the table of kernels.
		[ "$target" = check-all ] && [ -z "${TESTS-}" ] || continue
		version=$(version_of "${MODULES:-$cache/kernels/$k}")
		./matrix.sh --row "$version" "$results/kernel-$k.tap"
	done
}

# as many as there are processors and memory for
count_lanes() {
	awk -v n="$(nproc)" '$1 == "MemAvailable:" { m = int($2 / 1500000) }
		END { print m < 1 ? 1 : m < n ? m : n }' /proc/meminfo
}

all_in_table() {
	local f

	for f in net/*.sh; do
		case ${f##*/} in lib.sh | topology.sh) continue ;; esac
		grep -q "^${f##*/}[[:blank:]]" table || die "selftests/table does not have $f"
	done
}

main() {
	local kernels own='' file guest=240

	all_in_table
	lanes=${LANES:-$(count_lanes)}
	rm -rf "$results"
	mkdir -p "$results"
	touch "$times"
	scratch
	state=$tmp
	trap 'end_groups; rm -rf "$tmp"' EXIT
	[ $form = short ] || guest=900
	[ -z "${KERNEL-}" ] || own=$(version_of "${MODULES:-$KERNEL}")
	awk -f plan.awk -v target="$target" -v form=$form -v tests="${TESTS-}" \
		-v kernels="${own:-${KERNELS-}}" -v guest=$guest \
		"$times" table >"$state/jobs" || exit
	[ -s "$state/jobs" ] || die "nothing to do"
	kernels=$(awk '$2 != "here" && !seen[$2]++ { print $2 }' "$state/jobs")
	# What is built here is built for these.
	mapfile -t build_kernels < <(tr ' ' '\n' <<<"${KERNELS:-$(sed -n 's/^set core\t*//p' table)}" |
		grep -v '^debug-')
	! grep -q -e ' build/' -e ' bench/' "$state/jobs" || kernels+=" ${build_kernels[*]}"
	# shellcheck disable=SC2046,SC2086
	prepare $(printf '%s\n' $kernels | sort -u)
	run_lanes "$state/jobs" job
	# shellcheck disable=SC2046
	join $(awk '$2 != "here" { print $2 }' "$state/jobs" | sort -u)
	tell "$(grep -c . "$state/jobs") jobs done"
	if [ "$target" = check-all ]; then
		printf '\n== kernels, the last run of all tests on each\n'
		./matrix.sh || true
	fi
	for file in "$state"/broken.*; do
		[ ! -e "$file" ] || bail check "$(cat "$file")"
	done
	printf '\n== summary\n'
	./summary.sh "$results"/*.tap
}
main "$@"
