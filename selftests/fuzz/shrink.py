# SPDX-License-Identifier: GPL-2.0
"""
Networks of net/random_networks.py that fail for a reason that is known are made smaller:
what comes out fails still, can be built, and has little beside the reason.
"""
import collections
import contextlib
import io
import os
import sys
import types

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))

# pylint: disable=wrong-import-position
import random_build
import random_corrupt
import random_describe
import random_judge
import random_networks
import random_probe

SEEDS = range(1, 61)
# Why it fails, and what the smallest may have at most: nodes, flows, tunnels.
REASONS = {
    "always": (lambda n: True, (4, 2, 1)),
    "a tunnel": (lambda n: bool(n["tunnels"]), (5, 2, 2)),
    "NAT": (lambda n: bool(n["nat"]), (5, 2, 2)),
    "VLANs": (lambda n: any(s["vlans"] for s in n["segments"]), (5, 2, 2)),
    "XDP": (lambda n: bool(n["xdp"]), (5, 2, 2)),
    "a stream": (lambda n: any("bytes" in f for f in n["flows"]), (5, 2, 2)),
}


def is_buildable(network):
    """What is said of it is there: whoever names something else raises KeyError."""
    built = random_build.Network(network)
    built.switches, built.late = [], collections.defaultdict(list)
    for node, bridge in network["bridges"].items():
        built.bridge(int(node), bridge)
    for number in range(len(network["segments"])):
        built.ends_of_segment(number)
    for number in range(len(network["tunnels"])):
        built.tunnel(number)
    for node in built.routing:
        built.routes(node)
    if network["corruption"]:
        random_corrupt.Corruption(network)
        random_judge.Place(network)


def shrunk(network, fails):
    def try_network(candidate):
        is_buildable(candidate)
        return types.SimpleNamespace(wrong=["it fails"] if fails(candidate) else [])

    random_networks.try_network = try_network
    with contextlib.redirect_stdout(io.StringIO()):
        return random_networks.shrink(network, lambda verdict: True)


def flaw(fails, most):
    """What is wrong with what becomes of the seeds, or None."""
    for seed in SEEDS:
        network = random_describe.describe(seed, random_probe.everything())
        if not fails(network):
            continue
        try:
            small = shrunk(network, fails)
        except (KeyError, IndexError, ValueError) as error:
            return f"seed {seed}: {error!r}"
        size = len(small["nodes"]), len(small["flows"]), len(small["tunnels"])
        # What is corrupted stays, and what stands at its place.
        if not fails(small) or not small["corruption"] and any(
                a > b for a, b in zip(size, most)):
            return f"seed {seed}: {small}"
    return None


print(f"TAP version 13\n1..{len(REASONS)}")
failed = 0
for number, (name, (fails, most)) in enumerate(REASONS.items(), 1):
    found = flaw(fails, most)
    failed += found is not None
    print((f"# {found}\nnot " if found else "") + f"ok {number} shrunk to {name}")
sys.exit(bool(failed))
