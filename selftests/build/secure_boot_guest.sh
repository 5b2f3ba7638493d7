#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest of secure_boot.sh: what it is, and what it loads.
#
#	secure_boot_guest.sh enroll|verify

# shellcheck source=../net/lib.sh
. "$(dirname "$0")/../net/lib.sh"

vars=/sys/firmware/efi/efivars
fail() { echo "$*"; exit 1; }

see_variables() {
	[ -d /sys/firmware/efi ] || fail "this machine has no UEFI"
	insmod /enroll/efivarfs.ko || fail "efivarfs"
	mount -t efivarfs efivarfs $vars || fail "no variables"
}

# The last byte of a variable.
variable() { tail -c 1 "$vars/$1-8be4df61-93ca-11d2-aa0d-00e098032b8c" | od -A n -t u1 | tr -d ' '; }

# set_variable NAME GUID: in one write
set_variable() { dd if="/enroll/$1" of="$vars/$1-$2" bs=64k 2>/dev/null || fail "the firmware refuses $1"; }

enroll() {
	see_variables
	[ "$(variable SetupMode)" = 1 ] || fail "the firmware is not in setup mode"
	set_variable db d719b2cb-3d3a-4596-a3bc-dad00e67656f
	set_variable KEK 8be4df61-93ca-11d2-aa0d-00e098032b8c
	# With this one it is over.
	set_variable PK 8be4df61-93ca-11d2-aa0d-00e098032b8c
	[ "$(variable SetupMode)" = 0 ] || fail "the firmware is still in setup mode"
}

# refused FILE: and the kernel says why
refused() {
	dmesg -c >/dev/null
	! insmod "/modules/$1.ko" || fail "$1.ko was loaded"
	dmesg | grep -E 'Loading of (unsigned module|module with unavailable key) is rejected|Lockdown: insmod: unsigned module loading' ||
		fail "$1.ko was refused for another reason: $(dmesg | tail -n 3)"
}

verify() {
	see_variables
	[ "$(variable SecureBoot)" = 1 ] || fail "Secure Boot is off"
	[ -e /sys/kernel/security/lockdown ] || mount -t securityfs none /sys/kernel/security
	grep -F '[integrity]' /sys/kernel/security/lockdown || fail "not locked down"
	grep -i 'skbtrace' /proc/keys || fail "the kernel has no such key"
	scenario_up || fail "the topology does not come up"
	refused unsigned
	refused other
	insmod /modules/MOK.ko || fail "MOK.ko: $(dmesg | tail -n 3)"
	in2 ping -q -c 5 -i 0.05 78.78.0.10 >/dev/null
	quiet
	skbtrace check || fail "skbtrace check says $?"
}

"$1"
