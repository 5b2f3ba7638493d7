#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest of dkms.sh: a module that was installed, as a user has it.
#
#	modprobe.sh VERSION FILE

# shellcheck source=../net/lib.sh
. "$(dirname "$0")/../net/lib.sh"

load() { modprobe skbtrace "$@"; }
fail() { echo "$*"; exit 1; }

scenario_up && http_up || fail "the topology does not come up"
[ ! -e "$ko" ] || fail "the rig's own module is here too"
depmod -a || fail "depmod"
[ "$(modinfo -n skbtrace)" -ef "$2" ] || fail "modinfo finds $(modinfo -n skbtrace), not $2"
load || fail "modprobe skbtrace"
[ "$(cat /sys/module/skbtrace/version)" = "$1" ] ||
	fail "its version is $(cat /sys/module/skbtrace/version), not $1"
random_file page 20000 && fetch http://78.78.0.10/page && cmp "$work/www/page" "$work/fetched" ||
	fail "nothing was fetched"
sleep 1
journeys intact tcp 5 || fail "the journeys are not whole"
modprobe -r skbtrace || fail "modprobe -r skbtrace"
