#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the guest's user space from this machine's own files.
#
#	initramfs.sh [--peers]
#
# Prints the path of a cpio archive in the cache: busybox, the network tools and
# Python of the distribution, with the libraries and plug-ins they load; --peers: and
# the tracers that bench/ compares with, those that are installed. It is
# built again when a file that went into it has changed. Not compressed: under
# emulation unpacking costs more than reading.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Without these no test can run.
programs=(busybox bash ip tc bridge nft iptables curl ethtool tcpdump iperf3 ping kmod
	stdbuf timeout)
# The originals where scripts may want more than busybox's.
extras=(bpftool iptables-legacy ip6tables ip6tables-legacy iptables-nft iptables-save ebtables
	arping cat chmod comm cp cut date dd diff df du env find gawk grep head id join kill
	ln ls mawk md5sum mkdir mktemp mv nproc nsenter od paste ps readlink realpath rm
	sed seq setsid sha256sum sleep sort split ss stat stty sysctl tail taskset tee touch
	tr uniq unshare wc which xargs)
peers=(bpftrace trace-cmd perf)
data=(/etc/protocols /etc/services /etc/iproute2 /usr/share/iproute2 /etc/ethertypes
	/usr/share/terminfo/l/linux /usr/share/terminfo/x/xterm /lib/terminfo/l/linux
	/lib/terminfo/x/xterm /lib/terminfo/x/xterm-256color /lib/terminfo/s/screen
	/usr/lib/locale/C.utf8)

declare -A seen=()
# add PATH: a file or a link, and what the link leads to
add() {
	local f

	f=$(realpath "$(dirname "$1")")/${1##*/}
	[ -z "${seen[$f]-}" ] || return 0
	seen[$f]=1
	if [ -L "$f" ]; then
		add "$(dirname "$f")/$(readlink "$f" | sed 's,^/.*,../../../../../..&,')"
	fi
}

add_tree() { # folder, find's arguments
	local f

	while IFS= read -r -d '' f; do
		seen[$f]=1
	done < <(find "$(realpath "$1")" \( "${@:2}" \) -prune -o \( -type f -o -type l \) -print0)
}

collect() {
	local p f lib missing=()

	for p in "${programs[@]}"; do
		f=$(command -v "$p") && add "$f" || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] || die "missing on this machine: ${missing[*]} (run selftests/setup.sh)"
	ldd "$(command -v busybox)" >/dev/null 2>&1 &&
		die "busybox is linked dynamically: install busybox-static"
	for p in "${extras[@]}"; do
		f=$(type -P "$p") && add "$f"
	done
	for p in modprobe insmod rmmod lsmod depmod modinfo; do
		add "$(command -v $p)"
	done
	for f in "${data[@]}"; do
		if [ -d "$f" ]; then add_tree "$f" -false; elif [ -e "$f" ]; then add "$f"; fi
	done
	# What no one links to: iptables' matches, tc's actions and tables, the
	# resolver, stdbuf's helper.
	for f in /usr/lib*/xtables /usr/lib/*/xtables /usr/lib*/tc /usr/lib/*/tc \
		 /usr/libexec/coreutils; do
		[ ! -d "$f" ] || add_tree "$f" -false
	done
	for f in /lib64/libnss_files.so.2 /lib/x86_64-linux-gnu/libnss_files.so.2; do
		[ ! -e "$f" ] || add "$f"
	done
	collect_python
	# ldd, because it resolves as the loader will.
	while IFS= read -r lib; do
		add "$lib"
	done < <(printf '%s\n' "${!seen[@]}" | grep -E '/s?bin/|\.so' | grep -v '/python.*\.py' |
		 xargs -d '\n' ldd 2>/dev/null |
		 sed -n 's,.*=> \(/[^ ]*\).*,\1,p; s,^\t\(/[^ ]*ld-linux[^ ]*\).*,\1,p' | sort -u)
}

# The distribution's Python, not one that comes first in somebody's PATH.
collect_python() {
	local lib

	[ -x /usr/bin/python3 ] || die "/usr/bin/python3 is missing: install python3"
	add /usr/bin/python3
	lib=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
	add_tree "$lib" -name test -o -name tests -o -name idlelib -o -name lib2to3 \
		-o -name ensurepip -o -name tkinter -o -name turtledemo -o -name pydoc_data \
		-o -name distutils -o -name lib-tk -o -name dbm -o -name curses -o -name 'config-*' -o -name site-packages -o -name dist-packages \
		-o -name unittest -o -name sqlite3 -o -name msilib -o -name __phello__ \
		-o -name '*.opt-[12].pyc' -o -name '_codecs_*' -o -name '_sqlite3*' \
		-o -name '_dbm*' -o -name '_curses*' -o -name '*_pydecimal*' -o -name pydoc.py
}

# Files that are not the machine's, and busybox's applets where nothing else is.
skeleton() {
	local d=$1 applet

	mkdir -p "$d"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,dev,proc,sys,run,tmp,root,skbtrace}
	for applet in bin sbin lib lib64; do
		ln -s "usr/$applet" "$d/$applet"
	done
	ln -s ../run "$d/usr/run"
	mkdir "$d/var"
	ln -s ../run "$d/var/run"
	ln -s ../tmp "$d/var/tmp"
	ln -s /proc/mounts "$d/etc/mtab"
	echo 'root:x:0:0:root:/root:/bin/bash
tcpdump:x:100:100::/:/bin/false
nobody:x:65534:65534::/:/bin/false' >"$d/etc/passwd"
	echo 'root:x:0:
tcpdump:x:100:
nogroup:x:65534:' >"$d/etc/group"
	echo '127.0.0.1 localhost guest
::1 localhost' >"$d/etc/hosts"
	echo 'hosts: files
passwd: files
group: files
services: files
protocols: files' >"$d/etc/nsswitch.conf"
	for applet in $(busybox --list-full | sed 's,.*/,,'); do
		[ -n "${seen[/usr/bin/$applet]-}${seen[/usr/sbin/$applet]-}" ] ||
			ln -s busybox "$d/usr/bin/$applet"
	done
}

# Every file with its folders above it, relative to /.
with_parents() {
	printf '%s\n' "${!seen[@]}" | awk '{
		n = split(substr($0, 2), part, "/"); path = ""
		for (i = 1; i <= n; i++) {
			path = path (i > 1 ? "/" : "") part[i]
			if (!(path in done)) { done[path]; print path }
		}
	}'
}

stamp() { # one line a file: name, time, size
	{ cat "$rig/initramfs.sh"; type -P "${extras[@]}" || true; } | cksum
	tr '\n' '\0' | xargs -0 stat -c '%n %Y %s' 2>/dev/null
}

out=$cache/initramfs/base
if [ "${1-}" = --peers ]; then
	out=$cache/initramfs/peers
	extras+=("${peers[@]}")
fi
lock initramfs
if [ -s "$out.cpio" ] && cmp -s <(cut -d' ' -f1 "$out.stamp" | sed 1d | stamp) "$out.stamp"; then
	echo "$out.cpio"
	exit
fi
need cpio cpio
scratch
say "packing this machine's tools for the guest"
collect
skeleton "$tmp/root"
mkdir -p "$cache/initramfs"
{
	(cd "$tmp/root" && find . -mindepth 1 -printf '%P\n' | cpio -o -H newc -R 0:0 --quiet)
	# bin, lib... are links in the skeleton and must not become folders again.
	with_parents | grep -v -x -E 's?bin|lib(64)?' |
		(cd / && cpio -o -H newc -R 0:0 --quiet)
} >"$tmp/cpio"
printf '%s\n' "${!seen[@]}" | sort | stamp >"$tmp/stamp"
rm -f "$out.stamp"
mv "$tmp/cpio" "$out.cpio"
mv "$tmp/stamp" "$out.stamp"
say "$(du -h "$out.cpio" | cut -f1) of tools and libraries"
echo "$out.cpio"
