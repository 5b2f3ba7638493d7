# SPDX-License-Identifier: GPL-2.0
"""What skbtrace said of a random network, beside what is true of it."""
import collections
import json
import re

from random_describe import QUOTED, to_the_right, veths, way

# A device receives: what comes before tc's hook there. It sends: what comes behind it.
EARLY = re.compile(r"netif_rx|enqueue_to_backlog|gro_receive|netif_receive_skb|veth_xdp")
LATE = re.compile(r"dev_hard_start_xmit|validate_xmit|direct_xmit|"
                  r"^(veth|loopback|vxlan|geneve|bond|macvlan|ipvlan|vlan_dev|ipgre|gre|sit|ipip|"
                  r"ip6_tnl|ip6gre|team).*_xmit$|^br_dev_xmit$")
# Behind what of these the hooks of netfilter are.
HOOKS = {
    ("bridge", "prerouting"): re.compile(EARLY.pattern + r"|^br_handle_frame$"),
    ("router", "prerouting"): re.compile(EARLY.pattern + r"|^(ip|ipv6|ip6)_rcv(_core)?$"),
}
POSTROUTING = {
    "bridge": re.compile(r"^(br_nf_post_routing|br_nf_dev_queue_xmit|br_dev_queue_push_xmit|"
                         r"__dev_queue_xmit)$|" + LATE.pattern),
    "router": re.compile(r"^(ip6?_finish_output2?|__dev_queue_xmit)$|" + LATE.pattern),
}
UNCONCERNED = ("arp", "icmpv6")


def read(text):
    """Journeys and summary. Hops are read later, of those that matter: they are many."""
    journeys, summary = [], None
    for line in text.splitlines():
        head, hops, _ = line.partition(',"hops":[')
        if not hops:
            summary = {**json.loads(line), "applications": (summary or {}).get("applications", [])}
            if summary["type"] == "application_change":
                summary["applications"].append(line)
            continue
        journey = json.loads(head + "}")
        journey["line"] = line
        journeys.append(journey)
    return journeys, summary


def hops_of(journey):
    if "hops" not in journey:
        journey["hops"] = json.loads(journey["line"])["hops"]
    return [h for h in journey["hops"] if h["kind"] == "entry" and h["crc32c"]]


class Place:
    """Where the script's corruption is, in the order of the devices on the way."""

    def __init__(self, network):
        what = network["corruption"]
        self.hook, self.dev = what["hook"], what["dev"]
        self.flow = network["flows"][what["flow"]]
        self.role = {}
        self.order, self.receives = {}, {}
        for number, (dev, receives) in enumerate(way(network, to_the_right(self.flow))):
            self.order[dev], self.receives[dev] = number, receives
        self.number = self.order[self.dev]
        self.side = {"xdp": -0.5, "forward": 1.5}.get(self.hook, 0.5)
        self.node = network["nodes"][int(re.search(r"\d", self.dev)[0])]

    def position(self, hop):
        """A number below, or above, that of the place; None of a hop that is neither."""
        dev = hop["dev"]
        if dev not in self.order and dev.endswith("b"):
            dev = dev[:-1] + "a"
        if dev not in self.order:
            return None
        number = self.order[dev]
        here, point = number == self.number, hop["point"]
        if self.receives[dev]:
            early = HOOKS.get((self.node, self.hook), EARLY) if here else EARLY
            side = 0 if early.search(point) else 1
        else:
            late = POSTROUTING[self.node] if here and self.hook == "postrouting" else LATE
            side = 1 if late.search(point) else 0
        return number * 10 + side

    def at(self):
        return self.number * 10 + self.side

    def is_past(self, hop):
        position = self.position(hop)
        return None if position is None else position > self.at()

    def passed(self, hops):
        """Has it hops on both sides of the place, in this direction?"""
        sides = [(self.position(h), h) for h in hops]
        sides = [(p, h) for p, h in sides if p is not None]
        before = [h for p, h in sides if p < self.at()]
        after = [h for p, h in sides if p > self.at()]
        # The other half of a bond's packets does not come to it.
        if self.dev.endswith(("a", "b")) and not any(
                self.dev in (h["dev"], h["peer"]) for h in hops):
            return [], []
        return before, after

    def flaw(self, journey, change):
        """Why these are not the two hops around the place; None if they are."""
        ends = change["after"], change["before"]
        past = [self.is_past(end) for end in ends]
        if past[0] is True or past[1] is False or past == [None, None]:
            return "elsewhere"
        for hop in hops_of(journey):
            inside = ends[0]["ts_ns"] < hop["ts_ns"] < ends[1]["ts_ns"]
            if inside and hop["skb"] == ends[0]["skb"] and self.is_past(hop) is False:
                return f"{name(hop)} was right later"
            if inside and hop["skb"] == ends[1]["skb"] and self.is_past(hop) is True:
                return f"{name(hop)} was wrong earlier"
        return None


def name(hop):
    return f'{hop["point"]}@{hop["dev"]}'


def describe(journey):
    text = (f'{journey["proto"]} {journey["src"]}:{journey["sport"]} > {journey["dst"]}:'
            f'{journey["dport"]} {journey["payload_len"]} bytes: {journey["payload"]} '
            f'({journey["why"]}), {journey["end"]}')
    first = journey["changed"]
    for change in [first] + first["further"] if first else []:
        text += f'; between {name(change["after"])} and {name(change["before"])}'
    return text


def changes(journey):
    first = journey["changed"]
    return [first] + first["further"] if first else []


class Verdict:
    """
    What came of one network.

    wrong      sentences, each of which fails the seed: false changes, missed ones, wrong places
    right      changes named at their two hops
    false      journeys that are called changed and are not
    missed     corrupted packets that no journey is called changed for
    unverified by reason
    """

    def __init__(self):
        self.wrong, self.unverified = [], collections.Counter()
        self.right = self.false = self.missed = self.unnamed = 0
        self.journeys = self.misplaced = 0
        self.examples, self.unsure = [], []     # ids of journeys

    def fail(self, what, journey=None):
        self.wrong.append(what + (": " + describe(journey) if journey else ""))
        if journey:
            self.examples.append(journey["id"])


def lengths_of(flow):
    """Those of its datagrams' payloads."""
    # What an ICMP socket's datagrams begin with is header for us.
    lengths = set(flow["sizes"]) | {size + 4 for size in flow["sizes"]}
    if flow["kind"] == "toobig":
        # As much as is quoted.
        lengths.add(520 if flow["family"] == 4 else 1184)
    if flow.get("option") == "gso":
        lengths.add(max(flow["sizes"]) * flow["segments"] + min(flow["sizes"]))
    return lengths


def is_of(journey, flow):
    """May it be of this flow?"""
    if journey["dport"] is not None and flow["kind"] not in ("icmp", "raw", *QUOTED):
        return journey["dport"] == flow["port"]
    # One that is first seen as a fragment has its length later.
    return "sizes" in flow and bool(lengths_of(flow) & {
        hop["payload_len"] for hop in hops_of(journey)})


def is_complete(network):
    """Are all hops of a followed packet recorded, with all bytes?"""
    return network["parameters"]["points"] == "*" and not network["parameters"]["digest_max"]


def judge(network, flows, hits, journeys, summary):
    verdict = Verdict()
    verdict.journeys = len(journeys)
    # Corruptions are all between hops, and what they make wrong TCP throws away.
    for line in summary["applications"]:
        verdict.false += 1
        verdict.fail(f"nothing was changed outside of hops: {line}")
    for journey in journeys:
        if journey["payload"] == "unverified":
            # A device that is not up yet drops what it is given first: there is nothing that
            # its bytes could be compared with.
            if journey["end"] != "dropped" or journey["why"] != "seen at one point only":
                verdict.unsure.append(journey["id"])
            verdict.unverified[re.sub(r"0x[0-9a-f]+|\d+", "N",
                                      journey["why"] or "no reason given")] += 1
            if not journey["why"]:
                verdict.fail("unverified without a reason", journey)
    # It need not have come to the place at all.
    if not network["corruption"] or network["corruption"]["way"] == "outersum" or not hits:
        for journey in journeys:
            if journey["payload"] == "changed":
                verdict.false += 1
                verdict.fail("nothing was changed", journey)
        return verdict
    judge_corruption(network, flows, hits, journeys, summary, verdict)
    return verdict


def judge_corruption(network, flows, hits, journeys, summary, verdict):
    place, what = Place(network), network["corruption"]
    flow = network["flows"][what["flow"]]
    opaque = any(t["kind"] in ("esp", "macsec") for t in network["tunnels"])
    complete = is_complete(network) and not summary["lost"] and not summary["missed"]
    named = 0
    for journey in journeys:
        if journey["payload"] != "changed":
            continue
        mine = is_of(journey, flow) or (opaque and journey["proto"] not in UNCONCERNED)
        for change in changes(journey):
            flaw = place.flaw(journey, change)
            if flaw is None and mine:
                named += 1
                continue
            # Pages that are sent in place, and those of what is sent again, have several
            # owners: who overwrites them in one packet does so in the others.
            # Where the place is in front of the first hop that change itself is not seen.
            if mine and "bytes" in flow and (
                    any(place.flaw(journey, other) is None for other in changes(journey)) or
                    (what["way"] == "pedit" and not place.passed(hops_of(journey))[0])):
                continue
            verdict.misplaced += mine
            verdict.false += not mine
            verdict.fail(f"changed at {what['way']} {what['hook']} of {what['dev']}, not there "
                         f"({flaw})" if mine else "that one was not changed", journey)
    verdict.right = named
    # Of what came to the place on both sides of it, nothing is intact.
    if "sizes" in flow:
        count_missed(place, flow, journeys, verdict, complete)
    if not complete:
        return
    if named > hits:
        verdict.fail(f"{hits} packets were changed, {named} are said to be")
    if not named and "bytes" in flow and crossing(place, flow, journeys):
        verdict.missed += hits
        verdict.fail(f"{hits} packets were changed, none is said to be")


def crossing(place, flow, journeys):
    """Streams' journeys that come from one side of the place to the other."""
    return sum(all(place.passed(hops_of(j))) for j in journeys if is_of(j, flow))


def count_missed(place, flow, journeys, verdict, complete):
    lengths = collections.defaultdict(list)
    for journey in journeys:
        if journey["payload_len"] in lengths_of(flow) and is_of(journey, flow):
            lengths[journey["payload_len"]].append(journey)
    for length, mine in lengths.items():
        before, after = [], []
        for journey in mine:
            one, other = place.passed(hops_of(journey))
            # Sent the other way: an answer.
            if one and other and min(h["ts_ns"] for h in one) > min(h["ts_ns"] for h in other):
                continue
            before += one
            after += other
        if not before or not after:
            continue
        if any(j["payload"] == "changed" for j in mine):
            continue
        unsure = [j for j in mine if j["payload"] == "unverified"]
        if unsure and not complete:
            verdict.unnamed += 1
            continue
        verdict.missed += 1
        verdict.fail("it was changed, which is not said", (unsure or mine)[0])


def compare_ends(network, verdict, flows):
    """What came wrong is what the script changed, and is said to be changed."""
    what = network["corruption"]
    for number, flow in enumerate(flows):
        if flow.wrong and not (what and what["flow"] == number):
            verdict.fail(f"flow {number}: other data came than were sent, {flow.wrong}")
    if not what or what["way"] == "outersum":
        return
    changed = flows[what["flow"]]
    verdict.arrived = len(changed.wrong)
    if is_complete(network) and changed.wrong and not verdict.right and not verdict.misplaced and \
            not verdict.wrong and not before_first_hop(network):
        verdict.fail(f"{len(changed.wrong)} came wrong, and none is said to be changed")


def before_first_hop(network):
    """Is the place where nothing is followed yet, or no more?"""
    dev = network["corruption"]["dev"]
    followed = veths(network)
    return network["parameters"]["dev"] != "*" and dev not in followed
