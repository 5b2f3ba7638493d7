#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Secure Boot: a machine whose firmware knows a key of the test's own and no other starts a
# kernel that was signed with it, locked down. A module that "make sign" has signed with it
# is loaded and traces, one that has another signature or none is refused.
#
#	secure_boot.sh [KERNEL-NAME]
#
# The key is the firmware's (db), where a user's is the shim's (MOK): the kernel has both in
# one keyring. It is made known from a first boot, in the firmware's setup mode.

. "$(dirname "$0")/lib.sh"

# Unpacked, not installed: the firmware is only read.
fetch() (
	# shellcheck source=../vm/apt.sh
	. "$rig/apt.sh"
	apt_open bookworm
	apt_unpack "$tmp/debian" "ovmf=$(apt_newest ovmf)" "efitools=$(apt_newest efitools)" \
		"sbsigntool=$(apt_newest sbsigntool)"
)

# key NAME SUBJECT: $tmp/NAME.key, .pem and .der
key() {
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$2/" \
		-keyout "$tmp/$1.key" -out "$tmp/$1.pem" &&
		openssl x509 -in "$tmp/$1.pem" -outform DER -out "$tmp/$1.der"
}

# What the firmware is to be told: the key may change keys, and sign what is started.
keys() {
	local guid=11111111-2222-3333-4444-123456789abc name

	key MOK skbtrace && key other "somebody else" &&
		cert-to-efi-sig-list -g $guid "$tmp/MOK.pem" "$tmp/MOK.esl" || return
	mkdir -p "$tmp/enroll"
	for name in PK KEK db; do
		# The attributes of such variables stand in front of what is written to them.
		sign-efi-sig-list -t "2024-01-01 00:00:0${#name}" -k "$tmp/MOK.key" -c "$tmp/MOK.pem" \
			"$name" "$tmp/MOK.esl" "$tmp/$name.auth" &&
			{ printf '\x27\0\0\0'; cat "$tmp/$name.auth"; } >"$tmp/enroll/$name" || return
	done
	cp "$(find "$modules" -name 'efivarfs.ko*' | head -n 1)" "$tmp/enroll/" &&
		unxz -f "$tmp"/enroll/*.ko.xz 2>/dev/null
	[ -e "$tmp/enroll/efivarfs.ko" ]
}

signed_kernel() { sbsign --key "$tmp/MOK.key" --cert "$tmp/MOK.pem" --output "$tmp/vmlinuz" "$image"; }

# As README has it; and without, and by another key.
signed_modules() {
	local name

	copy "$tmp/tree" && mkdir -p "$tmp/modules" || return
	make -s -C "$tmp/tree" module KDIR="$kdir" CC="$cc" &&
		cp "$tmp/tree/skbtrace.ko" "$tmp/modules/unsigned.ko" || return
	for name in other MOK; do
		cp "$tmp/modules/unsigned.ko" "$tmp/tree/skbtrace.ko" &&
			make -s -C "$tmp/tree" sign KDIR="$kdir" CC="$cc" KEY="$tmp/$name.key" \
				CERT="$tmp/$name.der" &&
			cp "$tmp/tree/skbtrace.ko" "$tmp/modules/$name.ko" || return
	done
	modinfo -F signer "$tmp/modules/MOK.ko" | grep -x skbtrace
}

# boot IMAGE COMMAND...
boot() {
	KERNEL=$1 MODULES=$modules KDIR=$kdir "$rig/run.sh" --no-module --time 900 \
		--firmware "$tmp/debian/usr/share/OVMF/OVMF_CODE_4M.secboot.fd:$tmp/vars.fd" \
		--add "$tmp/enroll:enroll" --add "$tmp/modules:modules" -- "${@:2}"
}

enroll() {
	cp "$tmp/debian/usr/share/OVMF/OVMF_VARS_4M.fd" "$tmp/vars.fd" &&
		boot "$image" build/secure_boot_guest.sh enroll
}

ktap_print_header
name=$(kernels "${1:-6.1}")
if ! (fetch) >"$tmp/fetch.log" 2>&1; then
	ktap_skip_all "firmware and its tools cannot be had: $(tail -n 1 "$tmp/fetch.log")"
	exit "$KSFT_SKIP"
elif ! kernel "${name%% *}"; then
	ktap_skip_all "$no_kernel"
	exit "$KSFT_SKIP"
elif ! grep -q '^CONFIG_LOAD_UEFI_KEYS=y' "$kdir/.config"; then
	ktap_skip_all "Linux $release takes no keys from the firmware"
	exit "$KSFT_SKIP"
fi
PATH=$tmp/debian/usr/bin:$PATH
ktap_set_plan 5
check "a key, and what tells the firmware of it" keys
check "the kernel is signed with it" signed_kernel
check "so is a module, by make sign" signed_modules
check "the firmware takes the key" enroll
check "Secure Boot: the module of that key traces, others are refused" \
	boot "$tmp/vmlinuz" build/secure_boot_guest.sh verify
ktap_finished
