#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As tunnels.sh, of encapsulations that few networks have. ONLY="NAME..."

. "$(dirname "$0")/lib.sh"

load ring_kb=16384
# shellcheck disable=SC2086
/usr/bin/python3 "$dir/tunnels.py" rare ${ONLY-}
