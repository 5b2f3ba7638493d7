#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The services as systemd starts them: in a virtual machine that this machine's systemd is
# put into, see service_guest.sh.
#
#	service.sh [KERNEL-NAME]

. "$(dirname "$0")/lib.sh"

# systemd and what it needs of the machine's files, as ldd has it.
collect() {
	local root=$1 file programs=(/lib/systemd/systemd /lib/systemd/systemd-executor
		/lib/systemd/systemd-shutdown /bin/systemctl /bin/mount)

	for file in "${programs[@]}"; do
		[ ! -e "$file" ] || echo "$file"
	done >"$tmp/programs"
	xargs ldd <"$tmp/programs" 2>/dev/null | sed -n 's,.*=> \(/[^ ]*\).*,\1,p' | sort -u >"$tmp/libraries"
	# What systemd loads itself, for SystemCallFilter= and files that are compressed.
	ls /lib/*/libseccomp.so.2 /usr/lib/*/libseccomp.so.2 /lib/*/libzstd.so.1 \
		/usr/lib/*/libzstd.so.1 2>/dev/null >>"$tmp/libraries"
	while read -r file; do
		mkdir -p "$root/$(dirname "$file")" && cp -L "$file" "$root/$file" || return
	done < <(sort -u "$tmp/programs" "$tmp/libraries")
	for file in basic.target sysinit.target multi-user.target shutdown.target umount.target \
		    final.target exit.target systemd-exit.service -.slice system.slice; do
		[ ! -e "/lib/systemd/system/$file" ] ||
			install -D -m 644 "/lib/systemd/system/$file" "$root/lib/systemd/system/$file"
	done
	for file in skbtrace skbtrace-record; do
		install -D -m 644 "$src/tools/package/$file.service" "$root/etc/systemd/system/$file.service" || return
	done
	# The minute is a second here.
	printf '%s\n' 'ONLY=changed' 'BEFORE=1' 'AFTER=1' 'MODULE=ring_kb=4096' >"$root/etc/skbtrace.conf"
}

name=$(kernels "${1:-6.1}")
if ! have systemctl || [ ! -e /lib/systemd/systemd ]; then
	ktap_print_header
	ktap_skip_all "systemd is not installed here"
	exit "$KSFT_SKIP"
fi
if ! kernel "${name%% *}"; then
	ktap_print_header
	ktap_skip_all "$no_kernel"
	exit "$KSFT_SKIP"
fi
collect "$tmp/systemd" || { echo "Bail out! systemd cannot be collected"; exit 1; }
# The guest's KTAP is ours.
KERNEL=$image MODULES=$modules KDIR=$kdir exec "$rig/run.sh" --add "$tmp/systemd:systemd" -- \
	build/service_guest.sh
