#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build a kernel that looks for mistakes: small, and of the distribution's source.
#
#	debug_kernel.sh [--renew] NAME
#
# NAME is debug-kasan, debug-lockdep or debug-kcsan; debug/NAME.config says what it
# looks for. It goes where kernel.sh puts those it fetches, and is built again when
# its configuration has changed; --renew looks for a newer source.

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$rig/apt.sh"

package=linux-source-6.1

# fetch_source: $source, without what no such kernel is built of
fetch_source() {
	local version

	lock "$package"
	source=$(echo "$cache/$package"/*/)
	if [ -z "$renew" ] && [ -e "$source/Makefile" ]; then
		unlock
		return
	fi
	need xz xz-utils
	apt_open bookworm bookworm-security
	version=$(apt_newest "$package")
	source=$cache/$package/$version/
	if [ ! -e "$source" ]; then
		say "fetching the source of kernel $version (140 MB)"
		apt_unpack "$tmp/deb" "$package=$version"
		mkdir "$tmp/source"
		xz -T0 -dc "$tmp/deb/usr/src/$package.tar.xz" |
			tar -xf - -C "$tmp/source" --strip-components=1 \
				--exclude='*/arch/[!x]*/*.[chS]' --exclude='*.dts*' \
				--exclude='*/drivers/gpu/*.[ch]' \
				--exclude='*/drivers/net/ethernet/*.[ch]' \
				--exclude='*/Documentation/[!K]*' --exclude='*/tools/testing'
		rm -rf "${cache:?}/$package"
		mkdir -p "$cache/$package"
		mv "$tmp/source" "$source"
	fi
	unlock
}

# configure: allnoconfig and what is wanted; all of that, or none
configure() {
	local line lost=()

	sed '/^#/d' "$rig/../config" "$rig/debug/base.config" "$rig/debug/$name.config" \
		>"$tmp/wanted"
	echo "CONFIG_LOCALVERSION=\"-$name\"" >>"$tmp/wanted"
	"${make[@]}" KCONFIG_ALLCONFIG="$tmp/wanted" allnoconfig >"$build.log" 2>&1 ||
		die "allnoconfig fails: $(tail -n 3 "$build.log")"
	while read -r line; do
		grep -q -x -F "$line" "$build/.config" || lost+=("$line")
	done < <(grep . "$tmp/wanted")
	[ ${#lost[@]} -eq 0 ] || die "not in the kernel: ${lost[*]}"
}

build() {
	local ver to started=$SECONDS

	need flex flex
	need bison bison
	need bc bc
	mkdir -p "$build"
	make=(make -s -C "$source" O="$build" CC="${CC:-gcc}")
	configure
	ver=$("${make[@]}" kernelrelease)
	say "building kernel $ver (log: $build.log)"
	nice -n 5 "${make[@]}" -j"$(nproc)" bzImage modules >>"$build.log" 2>&1 ||
		die "kernel $ver does not build: $(grep -m 3 -i error "$build.log")"
	to=$tmp/root
	mkdir -p "$to/boot" "$to/usr/src"
	cp "$build/arch/x86/boot/bzImage" "$to/boot/vmlinuz-$ver"
	"${make[@]}" INSTALL_MOD_PATH="$to" modules_install >>"$build.log" 2>&1 ||
		die "kernel $ver: no modules: $(tail -n 3 "$build.log")"
	rm -f "$to/lib/modules/$ver/build" "$to/lib/modules/$ver/source"
	# Modules are built in its folder, for which it needs no objects.
	ln -s "$build" "$to/usr/src/linux-headers-$ver"
	find "$build" \( -path "$build/scripts" -o -path "$build/tools" \) -prune -o -type f \
		\( -name '*.o' -o -name '*.a' -o -name '*.ko' -o -name '*.cmd' -o -name 'vmlinux*' \) \
		-exec rm {} +
	echo "$id" >"$to/id"
	mkdir -p "$cache/kernels"
	rm -rf "$cache/kernels/$ver"
	mv "$to" "$cache/kernels/$ver"
	ln -sfn "$ver" "$cache/kernels/$name"
	say "kernel $ver took $((SECONDS - started)) s"
}

# Its folder is known by its path, and lost when the cache was moved.
is_built() {
	[ "$(cat "$cache/kernels/$name/id" 2>/dev/null)" = "$id" ] &&
		ls "$cache/kernels/$name/usr/src"/*/Makefile >/dev/null 2>&1
}

renew=
[ "${1-}" != --renew ] || { renew=1; shift; }
name=${1-}
[ -r "$rig/debug/$name.config" ] && [ "$name" != base ] || die "no kernel called \"$name\""
build=$cache/build/kernel-$name
scratch
fetch_source
id="${source#"$cache/"} $(cat "$rig/../config" "$rig/debug/base.config" "$rig/debug/$name.config" | cksum)"
is_built || build
