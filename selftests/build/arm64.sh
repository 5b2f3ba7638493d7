#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module built for arm64, by a cross compiler with Debian's headers: without
# warnings, and with the functions that it wants in the kernel's list. And for an
# architecture that it does not know: refused with a line that says so.

. "$(dirname "$0")/lib.sh"
# shellcheck source=../vm/apt.sh
. "$build/../vm/apt.sh"

cross=aarch64-linux-gnu-
export apt_arch=arm64

# headers_arm64: set kdir; the programs among the headers are those for this machine
headers_arm64() {
	local root=$cache/kernels/arm64 packages host f

	if [ ! -d "$root" ]; then
		host=$("$rig/kernel.sh" 6.1 | sed -n 's/^KDIR=//p') && [ -n "$host" ] || return
		(
			apt_open bookworm bookworm-security
			packages=$(apt_closure '^linux-headers-[0-9]' linux-headers-cloud-arm64 |
				grep -v '^linux-headers-cloud-arm64=')
			# shellcheck disable=SC2086
			apt_unpack "$tmp/arm64" $packages
		) || return
		for f in "$tmp"/arm64/usr/src/*/Makefile; do
			# shellcheck disable=SC2016
			sed -i 's,= *\(/usr/src/\),:=\1,
				s,/usr/src/,$(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)/,' "$f"
		done
		mkdir -p "$tmp/arm64/usr/lib"
		cp -a "$(readlink -f "$host/scripts/..")" "$tmp/arm64/usr/lib/"
		mkdir -p "$cache/kernels"
		mv "$tmp/arm64" "$root"
	fi
	kdir=$(echo "$root"/usr/src/linux-headers-*-cloud-arm64)
	[ -e "$kdir/Makefile" ]
}

# for_arch TREE ARGUMENT...
for_arch() {
	make -s -j"$(nproc)" -C "$kdir" M="$1" CROSS_COMPILE=$cross CC=${cross}gcc \
		CONFIG_DEBUG_INFO_BTF_MODULES= "${@:2}" modules
}

builds() {
	local status=0
	for_arch "$tmp/tree" >"$tmp/log" 2>&1 || status=$?
	grep -v 'differs from the one used\|The kernel was built\|You are using' "$tmp/log"
	[ $status = 0 ] && not grep -i 'warning:\|undefined!' "$tmp/log" &&
		file "$tmp/tree/skbtrace.ko" | grep 'ARM aarch64'
}

# As if it was neither.
others_are_refused() {
	sed -i 's/^#if .*CONFIG_ARM64/#undef CONFIG_ARM64\n&/' "$tmp/tree/module/compat.h"
	not for_arch "$tmp/tree" >"$tmp/log" 2>&1 || return
	grep 'skbtrace knows x86-64 and arm64 only' "$tmp/log" || { cat "$tmp/log"; return 1; }
}

ktap_print_header
ktap_set_plan 2
if ! have ${cross}gcc; then
	skip "arm64: no warnings" "${cross}gcc is missing: install gcc-aarch64-linux-gnu"
	skip "arm64: others are refused" "likewise"
elif ! (lock arm64 && headers_arm64) >"$tmp/headers" 2>&1 || ! headers_arm64; then
	sed 's/^/# /' "$tmp/headers"
	skip "arm64: no warnings" "no headers to be had"
	skip "arm64: others are refused" "likewise"
else
	unpack "$tmp/source"
	mv "$tmp/source/skbtrace-$(version)" "$tmp/tree"
	check "arm64: no warnings" builds
	check "arm64: others are refused" others_are_refused
fi
ktap_finished
