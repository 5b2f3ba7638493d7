#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install what the rig needs on the machine that runs it.
#
#	setup.sh [demo|check|check-all|bench]
#
# demo: the compiler, the emulator and the tools that are packed into the guest;
# check: those and what the tests need on top; check-all: what packages are made with, too;
# bench: those of demo and, as far as they are to be had, the tracers that skbtrace is
# compared with. Uses the distribution's package manager, and does nothing when nothing is
# missing.

set -euo pipefail

say() { echo "setup: $*"; }
die() { echo "setup: error: $*" >&2; exit 1; }

deb_demo="gcc make libc6-dev libelf-dev libpcap-dev bc xz-utils zstd cpio kmod
	debian-archive-keyring qemu-system-x86 busybox-static bash iproute2 nftables
	iptables curl python3 ethtool tcpdump iperf3 iputils-ping procps"
deb_check="rsync spin bpftool binutils clang libclang-rt-dev sparse flex bison
	python3-jsonschema zsh"
deb_check_all="dkms rpm rpmlint debhelper dh-dkms dpkg-dev tshark chromium gdb"
deb_bench="bpftrace trace-cmd linux-perf"

rpm_demo="gcc make glibc-devel elfutils-libelf libpcap-devel bc xz zstd cpio kmod
	kernel-core kernel-devel qemu-kvm busybox bash iproute iproute-tc nftables
	iptables-nft curl python3 ethtool tcpdump iperf3 iputils procps-ng"
rpm_check="rsync libasan libubsan bpftool binutils clang compiler-rt python3-jsonschema zsh"
rpm_check_all="dkms rpm-build rpmlint glibc-static wireshark-cli chromium-headless gdb"
rpm_bench="bpftrace trace-cmd perf"

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

# Set missing, to those PACKAGE... that are.
missing_deb() {
	local have p

	missing=()
	have=$(dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null |
	       sed -n 's/ install ok installed$//p' || true)
	for p; do
		grep -q -x -F "$p" <<<"$have" || missing+=("$p")
	done
}

missing_rpm() {
	local p

	missing=()
	for p; do
		rpm -q --whatprovides "$p" >/dev/null 2>&1 || missing+=("$p")
	done
}

# wanted apt|rpm MISSING-FUNCTION PACKAGE...
wanted() {
	"$2" "${@:3}"
	[ ${#missing[@]} -eq 0 ] || "$1_install"
}

group=${1:-demo}
case $group in
demo) deb=$deb_demo rpm=$rpm_demo deb_one='' rpm_one='' ;;
check) deb="$deb_demo $deb_check" rpm="$rpm_demo $rpm_check" deb_one='' rpm_one='' ;;
check-all)
	deb="$deb_demo $deb_check $deb_check_all" rpm="$rpm_demo $rpm_check $rpm_check_all"
	deb_one='' rpm_one='' ;;
bench) deb=$deb_demo rpm=$rpm_demo deb_one=$deb_bench rpm_one=$rpm_bench ;;
*) die "no group called \"$group\": demo, check, check-all or bench" ;;
esac

# shellcheck disable=SC2086
if command -v apt-get >/dev/null; then
	wanted apt missing_deb $deb
	# One that is not to be had is gone without.
	for p in $deb_one; do
		(wanted apt missing_deb "$p") || say "going on without $p"
	done
elif command -v rpm >/dev/null; then
	wanted rpm missing_rpm $rpm
	for p in $rpm_one; do
		(wanted rpm missing_rpm "$p") || say "going on without $p"
	done
else
	say "no apt-get, dnf or yum here; going on with what there is"
fi
