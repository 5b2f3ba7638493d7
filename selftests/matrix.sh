#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The table of kernels: what the last run of all tests came to on each of them.
#
#	matrix.sh			print it, as Markdown
#	matrix.sh --write		put it into KERNELS.md
#	matrix.sh --row VERSION FILE	the KTAP file has such a run, for the table
#
# The rows are in the cache, a file for each VERSION (as in uname -r). A run that
# broke off is told by what failed, and by "-" if it did not come to the points.

set -euo pipefail
. "$(dirname "$0")/vm/lib.sh"

rows=$cache/matrix
begin='<!-- kernels: made by selftests/matrix.sh -->'
end='<!-- end -->'

usage() { sed -n 's/^#\t/\t/p; /^$/q' "$0" >&2; exit 2; }

# sums FILE WORDS: of the two numbers that lines like "# corruption: 3 cases right, 0
# wrong" tell
sums() {
	sed -n "s/^\(# \)*$2\$/\2 \3/p" "$1" |
		awk '{ a += $1; b += $2 } END { print NR ? a " / " b : "-" }'
}

# row VERSION FILE: points.sh says how many points there are, corruption*.sh and
# benign*.sh what was right of their cases, the summary the rest
row() {
	local active absent passed failed skipped corruption benign

	read -r active absent < <(sed -n \
		's/^\(# \)*points: \([0-9]*\) active, \([0-9]*\) absent,.*/\2 \3/p' "$2"; echo '- -')
	read -r passed failed skipped < <("$(dirname "$0")/summary.sh" "$2" |
		sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p') ||
		die "$2: no summary"
	corruption=$(sums "$2" 'corruption: \([0-9]*\) cases right, \([0-9]*\) wrong')
	benign=$(sums "$2" 'benign: \([0-9]*\) packets checked, \([0-9]*\) false alarms')
	mkdir -p "$rows"
	echo "| $1 | $active / $absent | $passed / $failed / $skipped | $corruption | $benign |" \
		"$(date -u +%F) |" >"$rows/.$1"
	mv "$rows/.$1" "$rows/$1"
}

table() {
	[ -n "$(ls "$rows" 2>/dev/null)" ] || die "no kernel has run all tests yet: make check"
	echo '| kernel | points: active / absent | tests: passed / failed / skipped |' \
		'corruption: cases right / wrong | benign: packets / false alarms | date |'
	echo '|---|---|---|---|---|---|'
	sort -V "$rows"/*
}

case $#${1-} in
0) table ;;
1--write)
	made=$(table) || exit 1
	into_file "$src/selftests/KERNELS.md" "$begin" "$end" "$made" ;;
3--row) row "$2" "$3" ;;
*) usage ;;
esac
