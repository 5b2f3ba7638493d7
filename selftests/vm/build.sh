#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build skbtrace.ko for one kernel, outside the source tree.
#
#	KDIR=/path/build [CC=gcc] build.sh [--strict] [--with NAME]... FOLDER
#
# Puts the module into FOLDER; --with: that of selftests/NAME as well. Each kernel has its
# own copy of the sources in the cache, in which only what changed is replaced, so a second
# build is short and several kernels do not get in each other's way. --strict fails on any
# warning, also of what is built already.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

usage="usage: build.sh [--strict] [--with NAME]... FOLDER"
strict='' others=()
while [ $# -gt 1 ]; do
	case $1 in
	--strict) strict=1 ;;
	--with) others+=("$2"); shift ;;
	*) die "$usage" ;;
	esac
	shift
done
to=${1-}
[ -d "$to" ] || die "$usage"
[ -n "${KDIR-}" ] || die "KDIR is not set: it names the kernel's build folder"
[ -e "$KDIR/Makefile" ] || die "no kernel headers in KDIR=$KDIR"
# Debian's headers name the compiler of their release; this machine's will do.
CC=${CC:-gcc}
command -v "${CC##* }" >/dev/null || die "no compiler $CC: install gcc or set CC"

release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)".*/\1/p' \
	"$KDIR/include/generated/utsrelease.h" 2>/dev/null) ||
	die "KDIR=$KDIR is not prepared: it has no include/generated/utsrelease.h"
lock "build-$release"
dir=$cache/build/$release
mirror "$src" "$dir" ./Kbuild module include -type f \
	! -name '*.mod.c' ! -name compat_have.h \
	\( -name '*.[chS]' -o -name 'Kbuild*' -o -name 'Makefile*' -o -name '*.sh' \)

# built_of FOLDER: what a build in there is made of
built_of() {
	# shellcheck disable=SC2086
	echo "$KDIR $($CC --version | sed 1q)"
	# Not each has a folder called module, or sources beside its Kbuild.
	(cd "$1" && { find Kbuild module "$dir/include" ./*.[ch] -type f ! -name '*.mod.c' \
		! -name compat_have.h \( -name '*.[chS]' -o -name 'Kbuild*' -o -name '*.sh' \) \
		2>/dev/null || true; } | sort | xargs cat | cksum)
}

# without_warnings MODULE FOLDER: was all of it, as it is now, built so? What a second
# build does not compile it does not warn of.
without_warnings() {
	[ -e "$2/$1.ko" ] && [ "$(built_of "$2")" = "$(cat "$2/$1.quiet" 2>/dev/null)" ]
}

# build MODULE FOLDER
build() {
	local ok=1 log=$dir/build-$1.log

	if [ -n "$strict" ] && without_warnings "$1" "$2"; then
		cp "$2/$1.ko" "$to/"
		return
	fi
	say "building $1 for $release"
	if [ -n "$strict" ]; then
		find "$2" -maxdepth 2 \( -name '*.o' -o -name '*.ko' -o -name '*.cmd' -o -name '*.quiet' \) -delete
	fi
	# BTF of the module would need pahole, and nothing here reads it.
	make -s -j"$(nproc)" -C "$KDIR" M="$2" CC="$CC" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
		>"$log" 2>&1 || ok=
	# That another compiler built the kernel says nothing about the module.
	sed -i '/^warning: .* differs from the one used to build the kernel/d
		/^  The kernel was built \(by\|with\):/d; /^  You are using:/d' "$log"
	cat "$log" >&2
	[ -n "$ok" ] || die "$1 does not build for $release (compiler: $CC)"
	if [ -n "$strict" ]; then
		! grep -q -i warning: "$log" ||
			die "$1 builds with warnings for $release (compiler: $CC)"
		built_of "$2" >"$2/$1.quiet"
	fi
	cp "$2/$1.ko" "$to/"
}

build skbtrace "$dir"
for other in ${others[@]+"${others[@]}"}; do
	mirror "$src/selftests/$other" "$dir/$other" -type f \( -name '*.[ch]' -o -name Kbuild \) \
		! -name '*.mod.c'
	build "$(sed -n 's/^obj-m := \(.*\)\.o$/\1/p' "$dir/$other/Kbuild")" "$dir/$other"
done
