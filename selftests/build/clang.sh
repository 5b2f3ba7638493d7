#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# clang for kernel headers that were configured for gcc: without the options that it
# does not know, or that it takes for an error.

clang=${CLANG:-clang}
unknown=$("$clang" "$@" -### 2>&1 | sed -n "
	s/.*unknown argument[^']*'\([^']*\)'.*/\1/p
	s/.*optimization flag '\([^']*\)' is not supported.*/\1/p
	s/.*unsupported option '\([^']*\)'.*/\1/p
	s/.*unsupported argument '\([^']*\)' to option '-*\([^']*\)'.*/-\2\1/p")
arguments=()
for a; do
	case $a in
	# Before clang 16 this wants another option beside it.
	-ftrivial-auto-var-init=zero) continue ;;
	# gcc's warnings have other names here.
	-Werror=unknown-warning-option) continue ;;
	esac
	while read -r u; do
		# shellcheck disable=SC2053
		[ -z "$u" ] || [[ $a != $u ]] || continue 2
	done <<<"$unknown"
	arguments+=("$a")
done
exec "$clang" "${arguments[@]}" -Qunused-arguments -Wno-unknown-warning-option
