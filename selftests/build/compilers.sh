#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module built by other compilers and in other ways than the rig does: as C of
# 3.10's time, by clang, and read by sparse.
#
#	compilers.sh [KERNEL-NAME]...
#
# A complaint about a file of ours is a failure, one about the kernel's headers is not.

. "$(dirname "$0")/lib.sh"

ours='(^|/)(module|include/skbtrace)/[^/ ]+\.[ch]:[0-9]+(:[0-9]+)?: '
bad='((fatal )?error|warning):'

# compile TREE WHAT ARGUMENT...: what was said goes to TREE.WHAT
compile() {
	local tree=$1 log=$1.$2

	shift 2
	make -s -k -j"$(nproc)" -C "$kdir" M="$tree" CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules \
		>"$log" 2>&1
}

# quiet FILE...: nothing in them about our files
quiet() { not grep -h -E -A 5 "$ours$bad" "$@"; }

# headers TREE WHAT ARGUMENT...: the same headers compile this way, without our code
headers() {
	local tree=$1.headers

	mkdir -p "$tree"
	echo 'obj-m := headers.o' >"$tree/Kbuild"
	sed -n '/^#include <\(linux\|net\|asm\)\//p' "$1"/module/*.[ch] | sort -u >"$tree/headers.c"
	echo 'MODULE_LICENSE("GPL");' >>"$tree/headers.c"
	compile "$tree" "${@:2}"
}

# module WHAT DESCRIPTION ARGUMENT...: one test
module() {
	local what=$1 title=$2 tree=$tmp/$name/skbtrace-$ver

	shift 2
	find "$tree" -name '*.o' -delete
	if compile "$tree" "$what" "$@"; then
		check "$title" quiet "$tree.$what"
	elif ! headers "$tree" "$what" "$@"; then
		skip "$title" "its headers do not compile so: $(first_error "$tree.headers.$what")"
	elif [ "$what" = clang ] && grep -q 'error:' "$tree.$what" &&
	     not grep -q -E "$ours(fatal )?error:" "$tree.$what"; then
		# Inline functions of old headers that clang refuses where they are used.
		skip "$title" "clang does not compile its headers: $(first_error "$tree.$what")"
	else
		tail -n 40 "$tree.$what" | sed 's/^/# /'
		ktap_test_fail "$title"
	fi
}

first_error() { grep -m 1 -o -E 'error: .*' "$1" || tail -n 1 "$1"; }

# Its own file for what sparse says, which ends without an error where it found some.
make_sparse() {
	cat >"$tmp/sparse" <<-END
	#!/bin/sh
	exec sparse "\$@" 2>>"$tmp/sparse.log"
	END
	chmod 755 "$tmp/sparse"
}

# judge_sparse DESCRIPTION BUILD-LOG: of what the build before left in sparse.log
judge_sparse() {
	local refused fault

	refused=$(grep -m 1 -o 'is not available or not up to date' "$2")
	fault=$(grep -v -E "$ours" "$tmp/sparse.log" 2>/dev/null | grep -m 1 -o 'error: .*')
	if ! have sparse; then
		skip "$1" "sparse is missing"
	elif [ ! -e "$tmp/sparse.log" ]; then
		[ -n "$refused" ] && skip "$1" "the kernel's build says of this sparse: $refused" ||
			ktap_test_fail "$1 (sparse was not run)"
	elif [ -n "$fault" ]; then
		skip "$1" "sparse does not get through the kernel's headers: $fault"
	else
		check "$1" quiet "$tmp/sparse.log"
	fi
}

test_kernel() {
	local why=''

	if ! kernel "$name"; then
		why="kernel $name cannot be had: $no_kernel"
		[ "$name" != 6.1 ] || { ktap_test_fail "$why"; return; }
	elif ! unpack "$tmp/$name"; then
		why="no sources"
		ktap_test_fail "$name: $why"
	fi
	[ -z "$why" ] || { for t in gcc sparse gnu89 clang; do skip "$name: $t" "$why"; done; return; }

	# Both at once; the kernel's build runs sparse only where it compiles. Macros of 3.10
	# look like arrays of variable length to it, and gcc is asked about those anyway.
	rm -f "$tmp/sparse.log"
	module gcc "$release: gcc, declarations first" CC="$cc" KCFLAGS=-Wdeclaration-after-statement \
		C=1 CHECK="$tmp/sparse" CF="-D__CHECK_ENDIAN__ -Wno-vla"
	judge_sparse "$release: sparse" "$tmp/$name/skbtrace-$ver.gcc"

	# Where the kernel is compiled so itself the above was that already.
	if grep -q -e "-std=gnu89" "$tmp/$name/skbtrace-$ver/module/.main.o.cmd"; then
		check "$release: gcc, -std=gnu89 as the kernel" quiet "$tmp/$name/skbtrace-$ver.gcc"
	elif headers "$tmp/$name/skbtrace-$ver" gnu89 CC="$cc" KCFLAGS=-std=gnu89; then
		module gnu89 "$release: gcc, -std=gnu89" CC="$cc" \
			KCFLAGS="-std=gnu89 -Wdeclaration-after-statement"
	else
		skip "$release: gcc, -std=gnu89" "its headers do not compile so: $(first_error \
			"$tmp/$name/skbtrace-$ver.headers.gnu89")"
	fi

	if have clang; then
		module clang "$release: clang" CC="$build/clang.sh"
	else
		skip "$release: clang" "clang is missing"
	fi
}

ver=$(version)
[ $# = 0 ] || KERNELS="$*"
read -r -a names <<<"$(kernels 6.1 5.10 newest)"
ktap_print_header
ktap_set_plan $((4 * ${#names[@]}))
make_sparse
for name in "${names[@]}"; do
	test_kernel
done
ktap_finished
