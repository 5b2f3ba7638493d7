#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tracing a packet costs: skbtrace, probes that do nothing, and what else is
# installed, in one machine that counts instructions.
#
#	bench.sh			measure all, print tables, as Markdown
#	bench.sh LOAD,... [TRACER...]	some, see bench/guest.sh and bench/tracers.sh
#	bench.sh --add LOAD,... [TRACER...]	these as well as what has been measured last
#	bench.sh --again		the tables of the last measurement
#	bench.sh --write		put them into COSTS.md
#
# Fails if packets without a tracer do not cost the same, within 1 %, before and after
# one. A tracer that is not installed is named. Environment: as for vm/run.sh; PACKETS=,
# RECORDS= and MILLION= say how many.

set -euo pipefail
cd "$(dirname "$0")"
. ../vm/lib.sh

said=$cache/bench
begin='<!-- costs: made by selftests/bench/bench.sh -->'
end='<!-- end of costs -->'

tables() {
	[ -s "$said" ] || die "nothing has been measured yet: make bench"
	echo "Kernel $(sed -n 's/^kernel //p' "$said"), skbtrace built with" \
		"$(sed -n 's/^compiler //p' "$said"), measured on $(date -u -r "$said" +%F)."
	./table.awk "$said"
}

# measured LOAD,... [TRACER...]: one machine's
measured() {
	../vm/run.sh --icount --peers --mem 2048 --silent 7200 -- \
		env ${PACKETS:+PACKETS="$PACKETS"} ${RECORDS:+RECORDS="$RECORDS"} \
		${MILLION:+MILLION="$MILLION"} ./bench/guest.sh "$@" |
		tee -a "$said.new" >&2 || die "it could not be measured"
}

begin() {
	lock bench
	echo "compiler $(${CC:-gcc} --version | sed 1q)" >"$said.new"
}

end() {
	mv "$said.new" "$said"
	tables
}

case ${1-} in
--again) tables ;;
--write)
	made=$(tables) || exit 1
	into_file "$src/selftests/bench/COSTS.md" "$begin" "$end" "$made" ;;
--add)
	begin
	[ ! -e "$said" ] || grep -v "^compiler " "$said" >>"$said.new"
	measured "${@:2}"
	end ;;
-*) sed -n 's/^#\t/\t/p; /^$/q' "$0" >&2; exit 2 ;;
'')
	begin
	measured 64,1400,tcp,burst,readers,drain empty-ftrace empty-kprobe empty-kretprobe \
		skbtrace-nodigest skbtrace skbtrace-stack skbtrace-reject skbtrace-reader \
		skbtrace-returns skbtrace-all kprobe_events trace_pipe trace-cmd perf \
		bpftrace-count bpftrace tcpdump systemtap pwru
	measured 64 skbtrace-first skbtrace-dev
	measured ipv6,icmp,vlan,vxlan skbtrace-nodigest skbtrace
	measured tcp700,tcp1400 skbtrace skbtrace-socket
	end ;;
*) begin; measured "$@"; end ;;
esac
