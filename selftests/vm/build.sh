#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build skbtrace.ko for one kernel, outside the source tree.
#
#	KDIR=/path/build [CC=gcc] build.sh [--strict] FOLDER
#
# Puts the module into FOLDER. Each kernel has its own copy of the sources in
# the cache, in which only what changed is replaced, so a second build is
# short and several kernels do not get in each other's way. --strict builds from
# scratch and fails on any warning.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

strict=
[ "${1-}" != --strict ] || strict=1
to=${!#}
[ -d "$to" ] || die "usage: build.sh [--strict] FOLDER"
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
[ -z "$strict" ] || rm -rf "$dir"
mirror "$src" "$dir" ./Kbuild module include -type f \
	! -name '*.mod.c' ! -name compat_have.h \
	\( -name '*.[chS]' -o -name 'Kbuild*' -o -name 'Makefile*' -o -name '*.sh' \)

say "building the module for $release"
ok=1
# BTF of the module would need pahole, and nothing here reads it.
make -s -j"$(nproc)" -C "$KDIR" M="$dir" CC="$CC" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
	>"$dir/build.log" 2>&1 || ok=
# That another compiler built the kernel says nothing about the module.
sed -i '/^warning: .* differs from the one used to build the kernel/d
	/^  The kernel was built \(by\|with\):/d; /^  You are using:/d' "$dir/build.log"
cat "$dir/build.log" >&2
[ -n "$ok" ] || die "the module does not build for $release (compiler: $CC)"
if [ -n "$strict" ] && grep -q -i warning: "$dir/build.log"; then
	die "the module builds with warnings for $release (compiler: $CC)"
fi
cp "$dir"/*.ko "$to/"
