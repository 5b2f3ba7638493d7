# SPDX-License-Identifier: GPL-2.0
# What model.sh and mutants.sh have in common.  Sourced by bash scripts, not run.
# shellcheck shell=bash

: "${CC:=gcc}"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tests=0 failed=0 skipped=0

have() { command -v "$1" >/dev/null; }

skip_all() { echo "1..0 # SKIP $*"; exit 4; }

# result STATUS WHAT: a test is over.
result() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests $2"
	else
		echo "not ok $tests $2"
		failed=$((failed + 1))
	fi
}

# skip WHAT WHY
skip() {
	tests=$((tests + 1))
	skipped=$((skipped + 1))
	echo "ok $tests $1 # SKIP $2"
}

# finish: the last line and the exit status.
finish() {
	echo "# Totals: pass:$((tests - failed - skipped)) fail:$failed" \
		"xfail:0 xpass:0 skip:$skipped error:0"
	exit $((failed > 0))
}

# Output of something that went wrong, as diagnostics.
show() { sed 's/^/# /' "$1"; }

# check_model -DFLAG...: check ring.pml.  What spin says is in $tmp/model/out; the
# status is 0 for all states visited without an error, 1 for an error, 2 for not
# known.
check_model() {
	rm -rf "$tmp/model"
	mkdir "$tmp/model" && cp ring.pml "$tmp/model" || return 2
	(
		cd "$tmp/model" &&
		spin -a "$@" ring.pml &&
		"$CC" -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM="${SPIN_MB:-2048}" -o pan pan.c &&
		nice -n 5 ./pan -m1000000 -w24
	) >"$tmp/model/out" 2>&1 || return 2
	grep -q 'errors: [1-9]' "$tmp/model/out" && return 1
	grep -q 'errors: 0' "$tmp/model/out" || return 2
	# Spin says so where it has not seen everything.
	! grep -Eq 'max search depth too small|Search not completed|out of memory' \
		"$tmp/model/out" || return 2
}
