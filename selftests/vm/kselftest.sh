#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fetch the kernel's own test framework: lib.mk, the C harness, the KTAP helpers
# for shell, the runner.
#
#	kselftest.sh
#
# Prints the path of a tools/testing/selftests with only the framework in it,
# taken from Debian's linux-source package; or KSELFTEST, if that is set to the
# one of a kernel tree.

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$rig/apt.sh"

if [ -n "${KSELFTEST-}" ]; then
	[ -e "$KSELFTEST/lib.mk" ] || die "KSELFTEST=$KSELFTEST: there is no lib.mk"
	echo "$KSELFTEST"
	exit
fi
dir=$cache/kselftest/tools/testing/selftests
lock kselftest
if [ ! -d "$dir" ]; then
	need xz xz-utils
	scratch
	# 6.1 has no ktap_helpers.sh yet.
	apt_open bookworm bookworm-security
	say "fetching the kernel's test framework (its source, 150 MB, of which little is kept)"
	apt_unpack "$tmp/deb" "linux-source-6.12=$(apt_newest linux-source-6.12)"
	mkdir "$tmp/new"
	xz -T0 -dc "$tmp"/deb/usr/src/linux-source-*.tar.xz |
		tar -xf - -C "$tmp/new" --strip-components=1 --wildcards \
			--exclude='*/selftests/[!k]*/*' --exclude='*/selftests/k[!s]*/*' \
			'*/tools/testing/selftests/*'
	find "$tmp/new" -type d -empty -delete
	[ -e "$tmp/new/tools/testing/selftests/kselftest/ktap_helpers.sh" ] ||
		die "linux-source-6.12 has no kselftest/ktap_helpers.sh"
	rm -rf "$cache/kselftest"
	mv "$tmp/new" "$cache/kselftest"
fi
# The harness ends a test after 30 seconds, however busy the machine is.
! grep -q 'TEST_TIMEOUT_DEFAULT 30$' "$dir/kselftest_harness.h" ||
	sed -i 's/\(TEST_TIMEOUT_DEFAULT\) 30$/\1 600/' "$dir/kselftest_harness.h"
echo "$dir"
