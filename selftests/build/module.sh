#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds for each kernel without a warning, with the compiler that the rig uses.
#
#	module.sh [KERNEL-NAME]...

. "$(dirname "$0")/lib.sh"

builds() { KDIR=$kdir CC=$cc "$rig/build.sh" --strict "$tmp/$name" && [ -s "$tmp/$name/skbtrace.ko" ]; }

[ $# = 0 ] || KERNELS="$*"
read -r -a names <<<"$(kernels 5.10 6.1 newest)"
ktap_print_header
ktap_set_plan ${#names[@]}
for name in "${names[@]}"; do
	if kernel "$name"; then
		mkdir "$tmp/$name"
		check "skbtrace.ko for $release" builds
	elif [ "$name" = 6.1 ]; then
		echo "# $no_kernel"
		ktap_test_fail "skbtrace.ko for $name"
	else
		skip "skbtrace.ko for $name" "it cannot be had: $no_kernel"
	fi
done
ktap_finished
