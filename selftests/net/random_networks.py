# SPDX-License-Identifier: GPL-2.0
"""
Random networks, random traffic, and what skbtrace says of it.

random_networks.py [--seeds 1-8+10] [--keep DIR]    a test each seed, KTAP
random_networks.py --case JSON                      one network again, from a description
random_networks.py --describe SEED                  print the description

A network's ends compare what arrives, and of half of the networks this script itself
changes packets at one place. That is the truth: where nothing was changed no journey is
called changed; what was changed is called so, between the two hops around the place. A
network of which something else is said is made smaller as long as that is so, and printed
for --case. The module is loaded already.
"""
import argparse
import collections
import json
import os
import sys
import time

import random_describe
from random_judge import is_complete
from random_probe import everything, probe
from random_trial import TRACE, show, try_network

# In all that is said of networks, one in so many may be unverified with nothing missing.
FEW = 1000
SHRINK_SECONDS = 240


def shrink(network, again):
    """The smallest network of which still something wrong is said."""
    end = time.monotonic() + SHRINK_SECONDS
    found = True
    while found and time.monotonic() < end:
        found = False
        for candidate in random_describe.smaller(network):
            if time.monotonic() > end:
                break
            verdict = try_network(candidate)
            if not isinstance(verdict, str) and verdict.wrong and again(verdict):
                network, found = candidate, True
                print(f"# smaller: {len(json.dumps(network))} bytes: {verdict.wrong[0]}",
                      flush=True)
                break
    return network


def short(network):
    text = "-".join(role[0] for role in network["nodes"])
    extras = [t["kind"] for t in network["tunnels"]]
    extras += [link["kind"] for link in network["links"] if link["kind"] != "veth"]
    extras += ["vlan" * len(s["vlans"]) for s in network["segments"] if s["vlans"]]
    extras += [s[side] for s in network["segments"] for side in ("left", "right") if s[side]]
    extras += [network["nat"]["kind"]] if network["nat"] else []
    extras += [how for _, how in network["netem"]] + ["xdp"] * len(network["xdp"])
    extras += [f"{key}={value}" for key, value in network["parameters"].items()
               if value not in ("", 0, "*") or key == "dev" and value]
    what = network["corruption"]
    return (f"{text} {' '.join(extras)}; " + " ".join(f["kind"] for f in network["flows"]) +
            (f"; {what['way']} {what['hook']} {what['dev']}" if what else ""))


class Counts:
    def __init__(self):
        self.totals = collections.Counter()
        self.why = collections.Counter()
        self.failed = 0

    def add(self, network, verdict):
        for key in ("journeys", "right", "false", "missed", "misplaced", "unnamed"):
            self.totals[key] += getattr(verdict, key)
        self.totals["unverified"] += sum(verdict.unverified.values())
        # The others have reasons to be unverified.
        if is_complete(network) and not network["corruption"] and \
                not verdict.summary["lost"] and not verdict.summary["missed"]:
            self.totals["healthy"] += verdict.journeys
            self.why += verdict.unverified

    def say(self):
        t = self.totals
        print(f"# random networks: {t['journeys']} journeys; {t['right']} changes named right, "
              f"{t['misplaced']} at another place, {t['missed']} missed, {t['unnamed']} not "
              f"named for want of hops; {t['false']} false")
        print(f"# unverified: {t['unverified']}; {sum(self.why.values())} of {t['healthy']} where "
              f"nothing was changed, every hop recorded, and no probe missed")
        for text, number in self.why.most_common():
            print(f"#   {number}: {text}")


def seed_test(number, seed, kernel, counts, options):
    network = random_describe.describe(seed, kernel)
    before = os.times()
    verdict = try_network(network)
    after = os.times()
    cost = sum(after[:4]) - sum(before[:4])
    if isinstance(verdict, str):
        print(f"# {json.dumps(network)}\n# " + verdict.replace("\n", "\n# "))
        print(f"not ok {number} seed {seed}: {short(network)}: not built", flush=True)
        counts.failed += 1
        return
    counts.add(network, verdict)
    said = (f"{verdict.journeys} journeys, {verdict.right} changed right, "
            + (f"{verdict.hits} hits, " if network["corruption"] else "") +
            f"{sum(verdict.unverified.values())} unverified, {verdict.summary['missed']} "
            f"probes missed, {cost:.1f} s")
    for flow in verdict.flows:
        if flow.error or flow.missing or flow.wrong:
            print(f"#   {flow.flow['kind']} {flow.flow['port']}: {flow.right} right, "
                  f"{flow.missing} missing, {len(flow.wrong)} wrong, {flow.error}")
    if verdict.unsure and is_complete(network) and not network["corruption"]:
        show(verdict.unsure[:1])
    if not verdict.wrong:
        print(f"ok {number} seed {seed}: {short(network)}: {said}", flush=True)
        return
    counts.failed += 1
    for text in verdict.wrong[:8]:
        print(f"# {text}")
    show(verdict.examples[:2])
    print(f"# {len(verdict.wrong)} in all; the network: {json.dumps(network)}", flush=True)
    if options.keep:
        os.replace(TRACE, f"{options.keep}/seed{seed}.skbtrace")
    if not options.no_shrink:
        network = shrink(network, lambda v: (bool(v.false), bool(v.missed)) ==
                         (bool(verdict.false), bool(verdict.missed)))
        print(f"# smallest: random_networks.py --case '{json.dumps(network)}'")
    print(f"not ok {number} seed {seed}: {short(network)}: {said}", flush=True)


def one_case(network):
    verdict = try_network(network)
    if isinstance(verdict, str):
        sys.exit(verdict)
    print(f"{verdict.journeys} journeys, {verdict.right} changed right, hits {verdict.hits}, "
          f"{dict(verdict.unverified)}, {verdict.summary}")
    for flow in verdict.flows:
        print(f"{flow.flow['kind']}: {flow.right} right, {flow.missing} missing, {flow.again} "
              f"again, {flow.wrong} wrong, {flow.error}")
    for text in verdict.wrong:
        print("WRONG", text)
    show((verdict.examples + verdict.unsure)[:4])
    sys.exit(bool(verdict.wrong))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1-10")
    parser.add_argument("--case")
    parser.add_argument("--describe", type=int)
    parser.add_argument("--keep")
    parser.add_argument("--no-shrink", action="store_true")
    options = parser.parse_args()
    if options.case:
        one_case(json.loads(options.case))
    kernel = probe()
    if options.describe is not None:
        print(json.dumps(random_describe.describe(options.describe, kernel)))
        return
    seeds = []
    for part in options.seeds.split("+"):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    print(f"TAP version 13\n1..{len(seeds) + 1}")
    print("# not in this kernel, and left out: " +
          (" ".join(sorted(everything() - kernel)) or "nothing"), flush=True)
    counts = Counts()
    for number, seed in enumerate(seeds, 1):
        seed_test(number, seed, kernel, counts, options)
    counts.say()
    unverified = sum(counts.why.values())
    few = unverified <= max(1, counts.totals["healthy"] // FEW)
    print(f"{'ok' if few else 'not ok'} {len(seeds) + 1} unverified: {unverified} of "
          f"{counts.totals['healthy']}")
    sys.exit(bool(counts.failed) or not few)


if __name__ == "__main__":
    main()
