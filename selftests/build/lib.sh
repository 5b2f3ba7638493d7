# SPDX-License-Identifier: GPL-2.0
# What the tests of building and packaging have in common: results, the kernels, a
# copy of the sources to work in. Sourced by bash scripts, not run.
# shellcheck shell=bash

# All that is built here has its compiler named; only a kernel of the user's own has
# another one than usual.
kernel_cc=${CC-}
unset CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR
export LC_ALL=C
umask 022

build=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../vm/lib.sh
. "$build/../vm/lib.sh"
for helpers in "${KSELFTEST-}" "$cache/kselftest/tools/testing/selftests"; do
	# shellcheck source=/dev/null
	[ ! -r "$helpers/kselftest/ktap_helpers.sh" ] ||
		{ . "$helpers/kselftest/ktap_helpers.sh"; break; }
done
declare -F ktap_test_pass >/dev/null ||
	{ echo "Bail out! kselftest's ktap_helpers.sh not found: run make check"; exit 1; }
scratch

# check DESCRIPTION COMMAND...: one test, its output shown if it fails
check() {
	local what=$1
	shift
	if "$@" >"$tmp/check.log" 2>&1; then
		ktap_test_pass "$what"
	else
		tail -n 40 "$tmp/check.log" | sed 's/^/# /'
		ktap_test_fail "$what"
	fi
}

# skip DESCRIPTION REASON
skip() { __ktap_test ok "$1" "SKIP $2"; KTAP_CNT_SKIP=$((KTAP_CNT_SKIP + 1)); }

not() { ! "$@"; }
have() { command -v "$1" >/dev/null; }

version() { sed -n 's/^.define SKBTRACE_VERSION "\(.*\)"/\1/p' "$src/include/skbtrace/version.h"; }

# copy FOLDER: the tree without what git and the cache keep, so that "make dist" makes
# it from the files as they are, not as they were committed
copy() {
	mkdir -p "$1"
	tar -C "$src" --exclude=./.git --exclude=./.cache --exclude='./skbtrace-*.tar.gz' -cf - . |
		tar -C "$1" -xf -
}

# unpack FOLDER: the sources as they are released, in FOLDER/skbtrace-VERSION
unpack() {
	[ -e "$tmp/copy/Makefile" ] || copy "$tmp/copy"
	make -s -C "$tmp/copy" dist >/dev/null && mkdir -p "$1" &&
		tar -C "$1" -xzf "$tmp/copy/skbtrace-$(version).tar.gz"
}

# The kernels to build for: one of the user's own, or those named.
kernels() {
	if [ -n "${KERNEL-}" ]; then
		echo own
	else
		echo "${KERNELS:-$*}"
	fi
}

# shellcheck disable=SC2034
# kernel NAME: sets image, modules, kdir, release and cc; no_kernel says why if it fails
kernel() {
	local name value

	# An installed kernel's MODULES has its headers as "build".
	image=${KERNEL-} modules=${MODULES-} kdir=${KDIR:-${MODULES-}/build} cc=${kernel_cc:-gcc}
	if [ "$1" != own ]; then
		if ! "$rig/kernel.sh" "$1" >"$tmp/kernel" 2>"$tmp/kernel.err"; then
			no_kernel=$(sed -n 's/.*error: //p' "$tmp/kernel.err" | tail -n 1)
			return 1
		fi
		cc=gcc
		while IFS='=' read -r name value; do
			case $name in
			KERNEL) image=$value ;;
			MODULES) modules=$value ;;
			KDIR) kdir=$value ;;
			CC) cc=$value ;;
			esac
		done <"$tmp/kernel"
	fi
	release=$(basename "$(readlink -f "$modules")")
}
