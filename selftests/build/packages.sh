#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The packages of "make rpm" and "make deb": built, installed, upgraded and removed as on
# a host, then a machine that loads the module that DKMS built from them.
#
#	packages.sh [KERNEL-NAME]
#
# A host is this machine with a layer above its files (overlayfs), in a mount namespace of
# its own: what is installed there leaves no trace here.

. "$(dirname "$0")/lib.sh"

ver=$(version)
next=$ver.1

# host NAME COMMAND...: a command on the host called NAME; what it wrote stays there
# shellcheck disable=SC2016
host() {
	local name=$1 layer=$tmp/host-$1

	shift
	mkdir -p "$layer/files" "$layer/work" "$layer/root"
	unshare -m --propagation private bash -c '
		mount -t overlay overlay -o "lowerdir=/,upperdir=$0/files,workdir=$0/work" "$0/root" &&
		for dir in /proc /sys /dev "$1" "$2"; do
			mkdir -p "$0/root$dir" && mount --rbind "$dir" "$0/root$dir" || exit 1
		done
		exec chroot "$0/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			DEBIAN_FRONTEND=noninteractive "${@:3}"' "$layer" "$cache" "$tmp" "$@" </dev/null
}

# The host runs the kernel of the test, and has its headers.
make_host() {
	local files=$tmp/host-$1/files

	mkdir -p "$files/usr/bin" "$files/usr/lib/modules/$release"
	cat >"$files/usr/bin/uname" <<-END
	#!/bin/sh
	[ "\$*" = -r ] && echo "$release" && exit
	exec $(command -v busybox) uname "\$@"
	END
	chmod 755 "$files/usr/bin/uname"
	ln -s "$kdir" "$files/usr/lib/modules/$release/build"
	[ "$cc" = gcc ] || ln -sf "$(command -v gcc)" "$files/usr/bin/$cc"
}

# build rpm|deb: the packages of this version and of the next, in $tmp/VERSION/packages
build() {
	local v

	for v in "$ver" "$next"; do
		[ -e "$tmp/$v/Makefile" ] || copy "$tmp/$v" || return
		sed -i "/SKBTRACE_VERSION/s/\"[^\"]*\"/\"$v\"/" "$tmp/$v/include/skbtrace/version.h"
		make -s -C "$tmp/$v" "$1" || return
	done
}

# package VERSION GLOB: its file
package() { compgen -G "$tmp/$1/packages/$2"; }
rpms() { package "$1" 'skbtrace-dkms-*.noarch.rpm'; package "$1" "skbtrace-$1-*.$(uname -m).rpm"; }
debs() { package "$1" 'skbtrace-dkms_*_all.deb'; package "$1" "skbtrace_${1}_*.deb"; }

lint_rpm() {
	# shellcheck disable=SC2046
	rpmlint -r "$src/tools/package/skbtrace.rpmlintrc" $(rpms "$ver") >"$tmp/lint"
	cat "$tmp/lint"
	grep -q '0 errors, 0 warnings' "$tmp/lint"
}

# The units are sound, as far as systemd can say without the programs they name. Newer ones
# want MemoryMax=, which RHEL 7's does not know.
units() {
	mkdir -p "$tmp/units" && cp "$src"/tools/package/*.service "$tmp/units" &&
		sed -i 's,^Exec\([A-Za-z]*\)=[^ ]*,Exec\1=/bin/true,; /^Documentation=man:skbtrace/d' "$tmp"/units/* &&
		systemd-analyze verify "$tmp"/units/*.service 2>&1 | tee "$tmp/verified" &&
		sed -i '/MemoryLimit=/d' "$tmp/verified" && not grep -F "$tmp/units" "$tmp/verified"
}

# What systemd 219 (RHEL 7) knows, of what units may have.
known_219=" After BindsTo Conflicts ConditionPathExists Description Documentation Requires Wants
	CapabilityBoundingSet CPUQuota Environment EnvironmentFile ExecStart ExecStartPre ExecStop
	IOSchedulingClass IOSchedulingPriority InaccessibleDirectories LimitNOFILE MemoryLimit Nice
	NoNewPrivileges OOMScoreAdjust PrivateDevices PrivateNetwork PrivateTmp ProtectHome
	ProtectSystem ReadOnlyDirectories ReadWriteDirectories RemainAfterExit Restart RestartSec
	RestrictAddressFamilies SystemCallArchitectures SystemCallFilter Type UMask WantedBy "
# What it passes over with a line in its log, and is better to have where it is known.
newer=" LockPersonality MemoryDenyWriteExecute MemoryMax ProtectControlGroups ProtectKernelModules
	RestrictNamespaces RestrictRealtime RestrictSUIDSGID StateDirectory StateDirectoryMode "
units_219() {
	local unit directive value bad=0 known=${known_219//[$'\n\t']/ } more=${newer//[$'\n\t']/ }

	for unit in "$src"/tools/package/*.service; do
		while IFS='=' read -r directive value; do
			[[ " $known $more " == *" $directive "* ]] || { echo "$unit: $directive"; bad=1; }
			# Of values of old names only these.
			[[ $directive != ProtectSystem || $value =~ ^(yes|full)$ ]] && [[ $value != *@* ]] ||
				{ echo "$unit: $directive=$value"; bad=1; }
		done < <(grep '^[A-Z].*=' "$unit")
	done
	return $bad
}

# DKMS gets what the module is built from, and nothing else.
only_sources() { # LIST
	cat "$1"
	grep -q "/usr/src/skbtrace-$ver/dkms.conf$" "$1" &&
		grep -q "/usr/src/skbtrace-$ver/module/main.c$" "$1" &&
		not grep -E '\.(o|ko|cmd)$|selftests|/tools/|/\.' "$1"
}
rpm_sources() { rpm -qlp "$(package "$ver" 'skbtrace-dkms-*.noarch.rpm')" >"$tmp/list" && only_sources "$tmp/list"; }
deb_sources() {
	dpkg-deb --fsys-tarfile "$(package "$ver" 'skbtrace-dkms_*_all.deb')" | tar -t | sed 's/^\.//' >"$tmp/list" &&
		only_sources "$tmp/list"
}

# has HOST VERSION: reader and module of that version are there, and of no other
has() {
	host "$1" dkms status >"$tmp/status"
	cat "$tmp/status"
	[ "$(host "$1" skbtrace --version)" = "skbtrace $2" ] && [ "$(wc -l <"$tmp/status")" = 1 ] &&
		grep -q -E "^skbtrace/$2, $release, $(uname -m): installed" "$tmp/status" &&
		[ "$(modinfo -F version "$(module "$1")")" = "$2" ]
}
module() { find "$tmp/host-$1/files/usr/lib/modules/$release" "$tmp/host-$1/files/lib/modules/$release" \
	-name 'skbtrace.ko*' -type f 2>/dev/null | head -n 1; }

has_nothing() { # HOST
	[ -z "$(module "$1")" ] && [ -z "$(host "$1" dkms status)" ] &&
		host "$1" test ! -e "/usr/src/skbtrace-$ver" && host "$1" test ! -e "/usr/src/skbtrace-$next" &&
		host "$1" test ! -e /usr/sbin/skbtrace
}

# shellcheck disable=SC2046
install_rpm() { host rpm rpm -i --nodeps $(rpms "$ver") && has rpm "$ver"; }
# shellcheck disable=SC2046
upgrade_rpm() { host rpm rpm -U --nodeps $(rpms "$next") && has rpm "$next"; }
# shellcheck disable=SC2046
reinstall_rpm() { host rpm rpm -U --force --nodeps $(rpms "$next") && has rpm "$next"; }
remove_rpm() { host rpm rpm -e --nodeps skbtrace skbtrace-dkms && has_nothing rpm; }
# shellcheck disable=SC2046
install_deb() { host deb dpkg -i $(debs "$ver") && has deb "$ver"; }
# shellcheck disable=SC2046
upgrade_deb() { host deb dpkg -i $(debs "$next") && has deb "$next"; }
remove_deb() { host deb dpkg --purge skbtrace skbtrace-dkms && has_nothing deb; }

# The module alone, for hosts without a compiler.
kmod_rpm() {
	make -s -C "$tmp/$ver" rpm KDIR="$kdir" CC="$cc" &&
		mkdir -p "$tmp/kmod" && cd "$tmp/kmod" &&
		rpm2cpio "$(package "$ver" 'kmod-skbtrace-*.rpm')" | cpio -id --quiet &&
		modinfo -F vermagic "lib/modules/$release/extra/skbtrace.ko" | grep "^$release "
}

boot() { # HOST
	local ko
	ko=$(module "$1")
	local file=usr/lib/modules/$release/extra/${ko##*/}

	KERNEL=$image MODULES=$modules KDIR=$kdir "$rig/run.sh" --no-module --add "$ko:$file" -- \
		build/modprobe.sh "$next" "/$file"
}

# series rpm|deb PROGRAM TEST...: that many tests of one kind of package
series() {
	local kind=$1 program=$2 t

	shift 2
	for t; do
		if ! have "$program"; then
			skip "$kind: ${t//_/ }" "$program is not installed"
		elif [ -n "$no_host" ] && [[ $t =~ ^(install|upgrade|reinstall|remove|boot) ]]; then
			skip "$kind: ${t//_/ }" "$no_host"
		elif [ "$t" = build ]; then
			check "$kind: built" build "$kind"
		elif [ "$t" = boot ]; then
			check "$kind: the module that DKMS built traces on $release" boot "$kind"
		else
			check "$kind: ${t//_/ }" "$t"
		fi
	done
}

ktap_print_header
ktap_set_plan 16
no_host=''
name=$(kernels "${1:-6.1}")
name=${name%% *}
if ! kernel "$name"; then
	no_host=$no_kernel
elif [ "$(id -u)" != 0 ]; then
	no_host="only root can make the layer that packages are installed in"
elif ! have dkms; then
	no_host="dkms is not installed"
else
	make_host rpm
	make_host deb
	host rpm true 2>"$tmp/layer" || no_host="no overlayfs here: $(tail -n 1 "$tmp/layer")"
fi
series rpm rpmbuild build lint_rpm rpm_sources install_rpm upgrade_rpm reinstall_rpm boot remove_rpm
series rpm rpmbuild kmod_rpm
if have systemd-analyze; then
	check "the units are sound" units
else
	skip "the units are sound" "systemd-analyze is not installed"
fi
check "they have nothing that systemd 219 would refuse them for" units_219
series deb dh_dkms build deb_sources install_deb upgrade_deb remove_deb
ktap_finished
