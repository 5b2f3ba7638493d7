#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tracing a packet costs: skbtrace, probes that do nothing, and what else is
# installed, in one machine that counts instructions.
#
#	bench.sh [LOAD,... [TRACER...]]
#
# LOAD is 64 or 1400 (bytes of UDP) or tcp; without tracers all of bench/tracers.sh are
# measured. Prints a table, as Markdown; fails if the packets without a tracer do not cost
# the same, within 1 %, before and after one.

set -euo pipefail
cd "$(dirname "$0")"
. ../vm/lib.sh

loads=${1:-64,1400}
[ $# -eq 0 ] || shift
tracers=("$@")
[ $# -gt 0 ] || tracers=(empty-ftrace empty-kprobe empty-kretprobe skbtrace-nodigest skbtrace
	skbtrace-stack skbtrace-reject skbtrace-reader skbtrace-returns skbtrace-all)

said=$cache/bench
mkdir -p "$cache"
../vm/run.sh --icount --mem 2048 --time 3000 --strict -- ./bench/guest.sh "$loads" "${tracers[@]}" |
	tee "$said" >&2
./table.awk "$said"
