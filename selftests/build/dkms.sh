#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# DKMS as a user runs it: add, build, install, upgrade, remove; then a machine that
# loads what it installed.
#
#	dkms.sh [KERNEL-NAME [KERNEL-NAME]]
#
# Twice: with this machine's dkms, and with 2.8 of Debian 11, of whose time those of
# older distributions are. All that they write goes to folders of the test's.

# apt.sh has variables of the same names, but is sourced in a subshell.
# shellcheck disable=SC2031

. "$(dirname "$0")/lib.sh"

ver=$(version)
arch=$(uname -m)

# What dkms has on a machine that it works for, and the rig's own headers: this test
# must leave all of it alone.
host_state() {
	find /lib/modules /var/lib/dkms /etc/dkms /boot /usr/src "${originals[@]}" -maxdepth 5 \
		-printf '%p %C@ %l\n' 2>/dev/null | sort
}

# given NAME: as kernel, but kdir is a copy. With --kernelsourcedir dkms 2 cleans that
# folder as if it were a kernel's source, unless told not to, and the headers are gone.
given() {
	local root f

	kernel "$1" || return
	root=${kdir%/usr/src/*}
	kdir=$tmp/headers/$release${kdir#"$root"}
	[ ! -e "$tmp/headers/$release" ] || return 0
	originals+=("$root/usr/src" "$root/usr/lib")
	for f in usr/src usr/lib/linux-kbuild-'*' usr/bin usr/libexec libs; do
		(cd "$root" && compgen -G "$f")
	done | tar -C "$root" -cf - -T - | (mkdir -p "$tmp/headers/$release" &&
		tar -C "$tmp/headers/$release" -xf -)
	[ -e "$kdir/include/generated/autoconf.h" ]
}

# The headers name the compiler of their release, which a user would have; depmod is
# for the machine's own modules, and so is signing.
programs() {
	local n cc

	mkdir -p "$tmp/bin"
	for n in "${names[@]}"; do
		given "$n" && [ -r "$kdir/.kernelvariables" ] || continue
		cc=$(sed -n 's/.*\(gcc-[0-9]*\)$/\1/p' "$kdir/.kernelvariables")
		[ -z "$cc" ] || have "$cc" || ln -sf "$(command -v gcc)" "$tmp/bin/$cc"
	done
	cat >"$tmp/bin/depmod" <<-END
	#!/bin/sh
	echo "\$*" >>"$tmp/depmod"
	END
	chmod 755 "$tmp/bin/depmod"
}

# It sets a PATH of its own, in which there are no compilers of other releases.
fetch_old() (
	# shellcheck source=../vm/apt.sh
	. "$rig/apt.sh"
	apt_open bullseye
	apt_unpack "$tmp/bullseye" "dkms=$(apt_newest dkms)" >&2
	sed -i "s,^PATH=\",&$tmp/bin:," "$tmp/bullseye/usr/sbin/dkms"
)

# run ACTION [ARGUMENT]...
run() {
	local action=$1

	shift
	PATH=$tmp/bin:$PATH sign_file=/nonexistent "${as_root[@]}" "$dkms" "$action" \
		-m skbtrace -v "$ver" --dkmstree "$trees/dkms" --sourcetree "$trees/src" \
		--installtree "$trees/modules" --no-depmod "$@" </dev/null
}
of_kernel() {
	[ "$kdir" != "${kdir#"$tmp"/}" ] || { echo "not a copy: $kdir"; return 1; }
	run "$1" -k "$release" --kernelsourcedir "$kdir" "${leave_headers[@]}"
}

build_install() {
	of_kernel build || { cat "$trees/dkms/skbtrace/$ver/build/make.log"; return 1; }
	of_kernel install && installed && [ "$(modinfo -F version "$(module)")" = "$ver" ] &&
		modinfo -F vermagic "$(module)" | grep -q "^$release "
}
module() { find "$trees/modules/$release" -name 'skbtrace.ko*'; }
installed() {
	run status >"$tmp/status"
	cat "$tmp/status"
	grep -q -x -E "skbtrace(, |/)$ver, $release, $arch: installed" "$tmp/status"
}

# Back to what was built, which is installed again.
again() { of_kernel uninstall && not installed && of_kernel install && installed; }
upgrade() { run remove --all && nothing_left && run add && build_install; }

# Only folders, of what is known to dkms.
nothing_left() {
	[ ! -e "$trees/dkms/skbtrace" ] &&
		not grep . <(find "$trees/modules" "$trees/dkms" -name '*skbtrace*') &&
		[ -e "$trees/src/skbtrace-$ver/dkms.conf" ]
}

# The module that was installed, and no other.
boot() {
	local file

	file=usr/lib/modules/$release/${1#"$trees/modules/$release/"}
	KERNEL=$image MODULES=$modules KDIR=$kdir "$rig/run.sh" --no-module --add "$1:$file" -- \
		build/modprobe.sh "$ver" "/$file"
}

# test_dkms DKMS LABEL: for all kernels; 2 tests for each and 4 more
test_dkms() {
	local label=$2 n first=''

	dkms=$1 trees=$tmp/$2
	mkdir -p "$trees/src" "$trees/modules" "$trees/dkms"
	leave_headers=()
	! grep -q no_clean_kernel "$dkms" ||
		leave_headers=(--no-prepare-kernel --no-clean-kernel)
	unpack "$trees/src"
	check "$label: add" run add
	for n in "${names[@]}"; do
		given "$n" && mkdir -p "$trees/modules/$release"
		check "$label: build, install for $release" build_install
		check "$label: uninstall, install for $release" again
		first=${first:-$n}
	done
	[ "$label" != "$old" ] || first=$n
	given "$first"
	check "$label: remove, add, build, install for $release" upgrade
	check "$label: modprobe on $release" boot "$(module)"
	run remove --all >"$tmp/check.log" 2>&1
	check "$label: remove takes all away" nothing_left
}

skip_dkms() { # LABEL REASON
	local i

	for ((i = 0; i < 4 + 2 * ${#names[@]}; i++)); do
		skip "$1: test $((i + 1))" "$2"
	done
}

[ $# = 0 ] || KERNELS="$*"
originals=()
if [ -n "${KERNEL-}" ]; then
	ktap_print_header
	ktap_skip_all "dkms is only let at a copy of headers, and KDIR may be a whole kernel's"
	exit "$KSFT_SKIP"
fi
read -r -a wanted <<<"$(kernels 6.1 5.10)"
names=()
for name in "${wanted[@]:0:2}"; do
	if given "$name"; then
		names+=("$name")
	else
		echo "# kernel $name cannot be had: $no_kernel"
	fi
done
ktap_print_header
if [ ${#names[@]} -eq 0 ]; then
	ktap_set_plan 1
	ktap_test_fail "there is a kernel to build for"
	ktap_finished
fi
ktap_set_plan $((2 * (4 + 2 * ${#names[@]}) + 2))

as_root=()
[ "$(id -u)" = 0 ] || as_root=(unshare -r)
programs
before=$(host_state)
new=dkms
old='dkms-2.8'
if ! have dkms; then
	skip_dkms "$new" "dkms is missing"
elif [ -x /sbin/weak-modules ]; then
	skip_dkms "$new" "it would run this machine's weak-modules"
elif ! "${as_root[@]}" true; then
	skip_dkms "$new" "it wants root, and there are no user namespaces"
else
	test_dkms "$(command -v dkms)" "$new"
fi
if ! fetch_old >"$tmp/fetch" 2>&1; then
	skip_dkms "$old" "it cannot be fetched: $(tail -n 1 "$tmp/fetch")"
elif [ -x /sbin/weak-modules ]; then
	skip_dkms "$old" "it would run this machine's weak-modules"
elif ! "${as_root[@]}" true; then
	skip_dkms "$old" "it wants root, and there are no user namespaces"
else
	test_dkms "$tmp/bullseye/usr/sbin/dkms" "$old"
fi
check "this machine is as it was" diff <(echo "$before") <(host_state)
check "depmod was not run for it" not cat "$tmp/depmod"
ktap_finished
