#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fetch a distribution's kernel for the rig: image, modules, headers.
#
#	kernel.sh [--renew] NAME
#
# NAME is 5.10, 6.1, 6.12 or newest; one of these with -full behind it, with the drivers
# that a cloud has no use for (PPP, GTP); debug-kasan, debug-lockdep or debug-kcsan, which
# debug_kernel.sh builds; or a Debian release (trixie, sid,
# trixie-backports...), which gives its default kernel; or "host", the kernel
# this machine has installed. Prints, for eval or env(1):
#
#	KERNEL=/path/vmlinuz
#	MODULES=/path/lib/modules/VERSION
#	KDIR=/path/of/the/headers
#	CC=/path/of/a/compiler		only if this machine's is too old for them
#
# Debian's cloud kernel is taken: small, and the same network code. Packages are
# unpacked in the cache (.cache at the top, or SKBTRACE_CACHE), never installed,
# and fetched once; --renew looks for a newer one. The mirrors are the machine's
# own or SKBTRACE_MIRROR and SKBTRACE_SECURITY_MIRROR.

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$rig/apt.sh"

usage() { sed -n 's/^#\t*//p; /^$/q' "$0" | sed 1d >&2; exit 2; }

# Which releases have it, and the name of the package that means "this series".
choose() {
	meta=cloud-amd64
	case ${1%-full} in
	5.10) suites="bullseye bullseye-security" ;;
	6.1) suites="bookworm bookworm-security" ;;
	6.12) suites="bookworm bookworm-security"; meta=6.12-cloud-amd64 ;;
	# Either may be ahead of the other.
	newest) suites="trixie-backports sid" ;;
	sid | experimental) suites=$1 ;;
	*-backports) suites="${1%-backports} $1" ;;
	[a-z]*) suites="$1 $1-security" ;;
	*) die "no kernel called \"$1\": 5.10, 6.1, 6.12, newest or a Debian release" ;;
	esac
	[[ $1 != *-full ]] || meta=${meta/cloud-/}
}

show() {
	local ver=$1 kernel=$2 modules=$3 kdir=$4

	[ -r "$kernel" ] || die "kernel $ver: no readable image at $kernel"
	[ -e "$modules/kernel" ] || die "kernel $ver: no modules in $modules"
	echo "KERNEL=$kernel"
	echo "MODULES=$modules"
	echo "KDIR=$kdir"
}

show_cached() {
	local root=$1 modules ver kernel cc

	modules=$(echo "$root"/lib/modules/*)
	ver=${modules##*/}
	kernel=$root/boot/vmlinuz-$ver
	[ -e "$kernel" ] || kernel=$modules/vmlinuz	# 7.3 and later
	show "$ver" "$kernel" "$modules" "$root/usr/src/linux-headers-$ver"
	for cc in "$root"/usr/bin/*-gcc-[0-9]*[0-9]; do
		[ ! -x "$cc" ] || echo "CC=$cc"
	done
}

# The packages expect to be in /; make what is absolute relative.
relocate() {
	local root=$1 ver f

	[ -d "$root/lib" ] || ln -s usr/lib "$root/lib"
	if [ -d "$root/usr/lib/modules" ] && [ ! -e "$root/lib/modules" ]; then
		ln -s ../usr/lib/modules "$root/lib/modules"
	fi
	for f in "$root"/usr/src/linux-headers-*/Makefile; do
		# shellcheck disable=SC2016
		sed -i 's,= *\(/usr/src/\),:=\1,
			s,/usr/src/,$(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)/,' "$f"
	done
	ver=$(basename "$root"/lib/modules/*)
	# The package's install script would have done it.
	depmod -b "$root" "$ver" || die "depmod fails on $ver"
}

# Headers come with programs (fixdep, modpost, objtool...) and want the compiler
# of their release: some of its options are fixed in them. Where this machine is
# older than the kernel, both are taken from the kernel's release and started
# with the loader and the libraries of that release, unpacked beside them.
lend_tools() {
	local root=$1 kbuild=$2 f bad=() need=() re

	f=$(sed -n 's/.*gcc-\([0-9]*\)$/\1/p' "$root"/usr/src/linux-headers-*/.kernelvariables)
	if [ "$f" -gt "$(gcc -dumpversion | cut -d. -f1)" ] && ! command -v "gcc-$f" >/dev/null; then
		need+=("gcc-$f")
	fi
	while IFS= read -r -d '' f; do
		# Not by a pipe: ldd would fail when grep has seen enough.
		! is_elf "$f" || [[ $(ldd "$f" 2>&1) != *"not found"* ]] || bad+=("$f")
	done < <(find "$root"/usr/lib/linux-kbuild-* -type f -perm -1 -print0)
	if [ ${#bad[@]} -gt 0 ]; then
		mapfile -O ${#need[@]} -t need < <(apt-cache show "$kbuild" |
			sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//' |
			grep -E '^(lib|zlib)')
	fi
	[ ${#need[@]} -gt 0 ] || return 0

	say "its headers want tools that this machine lacks: fetching them too"
	re='^(lib[a-z+]*[0-9.]+(-[0-9.]+)?(t64)?|libgcc-s1|zlib1g|(gcc|cpp)-[0-9]+(-x86-64-linux-gnu)?)$'
	# shellcheck disable=SC2046
	apt_unpack "$tmp/tools" $(apt_closure "$re" "${need[@]}")
	mkdir -p "$root/libs" "$root/usr/bin" "$root/usr/libexec"
	find "$tmp/tools" -regex '.*/lib/x86_64-linux-gnu/[^/]*\.so[^/]*' \
		-exec cp -a -t "$root/libs" {} +
	if [ -d "$tmp/tools/usr/libexec/gcc" ]; then
		cp -a "$tmp"/tools/usr/bin/x86_64-linux-gnu-gcc-[0-9]* "$root/usr/bin/"
		cp -a "$tmp/tools/usr/libexec/gcc" "$root/usr/libexec/"
		while IFS= read -r -d '' f; do
			! is_elf "$f" || bad+=("$f")
		done < <(find "$root/usr/bin" "$root/usr/libexec" -type f -perm -1 -print0)
	fi
	rm -r "$tmp/tools"
	for f in "${bad[@]}"; do
		mv "$f" "$f.elf"
		cat >"$f" <<-'END'
		#!/bin/sh
		# Needs later libraries than the machine's: started with those it came with.
		self=$(readlink -f "$0")
		libs=${self%/usr/*}/libs
		exec "$libs/ld-linux-x86-64.so.2" --library-path "$libs" "$self.elf" "$@"
		END
		chmod 755 "$f"
	done
}

is_elf() { [ "$(head -c 4 "$1" | tail -c 3)" = ELF ]; }

fetch() {
	local name=$1 suites meta packages kbuild ver

	choose "$name"
	scratch
	# shellcheck disable=SC2086
	apt_open $suites
	packages=$(apt_closure '^linux-(image|binary|modules|base|headers|kbuild)-[0-9]' \
		"linux-image-$meta" "linux-headers-$meta" |
		grep -v -e "^linux-image-$meta=" -e "^linux-headers-$meta=") ||
		die "no linux-image-$meta with linux-headers-$meta in $suites"
	ver=$(sed -n 's/^linux-image-\([0-9].*-amd64\)=.*/\1/p' <<<"$packages" | tail -n 1)
	kbuild=$(grep '^linux-kbuild-' <<<"$packages") && [ -n "$ver" ] ||
		die "incomplete: linux-image-$meta of $suites leads to: $packages"
	if [ ! -d "$cache/kernels/$ver" ]; then
		say "fetching kernel $ver"
		# shellcheck disable=SC2086
		apt_unpack "$tmp/root" $packages
		relocate "$tmp/root"
		lend_tools "$tmp/root" "$kbuild"
		mkdir -p "$cache/kernels"
		mv "$tmp/root" "$cache/kernels/$ver"
	fi
	ln -sfn "$ver" "$cache/kernels/$name"
}

renew=
[ "${1-}" != --renew ] || { renew=1; shift; }
[ $# = 1 ] || usage
case $1 in
-*) usage ;;
host)
	ver=$(uname -r)
	show "$ver" "/boot/vmlinuz-$ver" "/lib/modules/$ver" "/lib/modules/$ver/build"
	exit ;;
esac
need depmod kmod
lock "kernel-$1"
case $1 in
debug-*)
	"$rig/debug_kernel.sh" ${renew:+--renew} "$1" || exit 1
	show_cached "$(readlink -f "$cache/kernels/$1")"
	exit ;;
esac
[ -z "$renew" ] && [ -d "$cache/kernels/$1/" ] || fetch "$1"
show_cached "$(readlink -f "$cache/kernels/$1")"
