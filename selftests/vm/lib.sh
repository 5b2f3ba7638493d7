# SPDX-License-Identifier: GPL-2.0
# What the scripts of the rig have in common: places, messages, locks.
# Sourced by bash scripts, not run.
# shellcheck shell=bash disable=SC2034

rig=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$rig/../.." && pwd)
src=${SKBTRACE_SRC:-$top}	# the tree the module and the reader are built from
cache=${SKBTRACE_CACHE:-$top/.cache}
prog=${0##*/}

# Distributions keep depmod, ip, nft... out of an ordinary user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# "make check" starts these scripts, but the builds they run are none of its own.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

say() { echo "$prog: $*" >&2; }
die() { echo "$prog: error: $*" >&2; exit 1; }

# need COMMAND PACKAGE: an error that says what to do is better than "not found".
need() {
	command -v "$1" >/dev/null ||
		die "$1 is missing: install the package $2, or run selftests/setup.sh"
}

# lock NAME: held until the script ends, so that two runs share one download.
lock() {
	mkdir -p "$cache/lock" || die "cannot write to $cache: set SKBTRACE_CACHE to a folder of yours"
	exec {lock_fd}>"$cache/lock/$1"
	flock -n "$lock_fd" && return
	say "waiting for another run that prepares $1"
	flock "$lock_fd"
}
unlock() { exec {lock_fd}>&-; }

# scratch: a folder beside the cache's entries that goes away with the script;
# what is finished is moved out of it by a rename, so no half entry is ever seen.
scratch() {
	mkdir -p "$cache/tmp"
	# Left by runs that were killed outright.
	find "$cache/tmp" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +
	tmp=$(mktemp -d "$cache/tmp/$prog.XXXXXX") || exit 1
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# mirror FROM TO FIND-ARGUMENT...: a copy of sources to build in. Only what changed
# is written, so that make sees it so.
mirror() {
	local from=$1 to=$2 f

	shift 2
	mkdir -p "$to"
	while read -r f; do
		cmp -s "$from/$f" "$to/$f" && continue
		mkdir -p "$to/${f%/*}"
		rm -f "$to/$f"
		cp "$from/$f" "$to/$f"
	done < <(cd "$from" && find "$@")
	while read -r f; do
		[ -e "$from/$f" ] || rm "$to/$f"
	done < <(cd "$to" && find "$@" 2>/dev/null)
}

# into_file FILE BEGIN END TEXT: the text replaces what the file has between these lines
into_file() {
	[ "$(grep -x -F -e "$2" -e "$3" "$1")" = "$2"$'\n'"$3" ] ||
		die "$1: a line \"$2\" and then one \"$3\" are wanted"
	scratch
	awk -v begin="$2" -v end="$3" -v made="$4" '
		$0 == end { inside = 0 }
		!inside { print }
		$0 == begin { inside = 1; print made }' "$1" >"$tmp/file"
	cat "$tmp/file" >"$1"
}
