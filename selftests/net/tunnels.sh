#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What tunnels, routers and offloads rightly rewrite in front of a payload is no change of
# it; a change of the payload at the same place is. TUNNELS=few or all, ONLY="NAME..."

. "$(dirname "$0")/lib.sh"

load ring_kb=16384
# shellcheck disable=SC2086
/usr/bin/python3 "$dir/tunnels.py" "${TUNNELS:-few}" ${ONLY-}
