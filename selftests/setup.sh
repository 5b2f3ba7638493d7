#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install what the rig needs on the machine that runs it.
#
#	setup.sh [demo|check]
#
# demo: the compiler, the emulator and the tools that are packed into the guest;
# check: those and what the tests need on top. Uses the distribution's package
# manager, and does nothing when nothing is missing.

set -euo pipefail

say() { echo "setup: $*"; }
die() { echo "setup: error: $*" >&2; exit 1; }

deb_demo="gcc make libc6-dev libelf-dev libpcap-dev bc xz-utils zstd cpio kmod
	debian-archive-keyring qemu-system-x86 busybox-static bash iproute2 nftables
	iptables curl python3 ethtool tcpdump iperf3 iputils-ping procps"
deb_check="rsync spin bpftool binutils clang libclang-rt-dev dkms sparse flex bison"

rpm_demo="gcc make glibc-devel elfutils-libelf libpcap-devel bc xz zstd cpio kmod
	kernel-core kernel-devel qemu-kvm busybox bash iproute iproute-tc nftables
	iptables-nft curl python3 ethtool tcpdump iperf3 iputils procps-ng"
rpm_check="rsync libasan libubsan bpftool binutils clang compiler-rt"

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "not root, and there is no sudo. Have these installed: ${missing[*]}"
	fi
}

apt_lists_fresh() {
	[ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -7 -print -quit 2>/dev/null)" ]
}

apt_install() {
	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0)
	local install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")

	if apt_lists_fresh; then
		say "installing ${missing[*]}"
		as_root "${install[@]}" && return
		say "that failed; trying again with new package lists"
	fi
	say "reading the package lists"
	as_root "${apt[@]}" update
	say "installing ${missing[*]}"
	as_root "${install[@]}" || die "apt-get could not install ${missing[*]} (see above)"
}

rpm_install() {
	local dnf

	dnf=$(command -v dnf || command -v yum) || die "neither dnf nor yum: install ${missing[*]}"
	say "installing ${missing[*]}"
	as_root "$dnf" -y install "${missing[@]}" ||
		die "$dnf could not install ${missing[*]} (see above; some are in EPEL or CRB)"
}

group=${1:-demo}
case $group in
demo | check) ;;
*) die "no group called \"$group\": demo or check" ;;
esac

missing=()
if command -v apt-get >/dev/null; then
	want=$deb_demo
	[ "$group" = demo ] || want="$want $deb_check"
	# shellcheck disable=SC2086
	have=$(dpkg-query -W -f '${Package} ${Status}\n' $want 2>/dev/null |
	       sed -n 's/ install ok installed$//p' || true)
	for p in $want; do
		grep -q -x -F "$p" <<<"$have" || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] || apt_install
elif command -v rpm >/dev/null; then
	want=$rpm_demo
	[ "$group" = demo ] || want="$want $rpm_check"
	for p in $want; do
		rpm -q --whatprovides "$p" >/dev/null 2>&1 || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] || rpm_install
else
	say "no apt-get, dnf or yum here; going on with what there is"
fi
