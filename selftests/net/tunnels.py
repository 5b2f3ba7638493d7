# SPDX-License-Identifier: GPL-2.0
"""
Networks in which nothing is corrupted, though much is rewritten in front of the payload:
tunnels, late checksums, label swaps, NAT of errors. And a change of the payload at the same
places, which is to be named.

tunnels.py few|all|rare [NAME...]   a test for each step of each network, KTAP; the module
                                    is loaded. rare: those of rare_tunnels.py, the others
                                    otherwise
"""
import sys

import rare_tunnels
from random_build import BuildError
from random_describe import QUOTED, needs
from random_probe import probe
from random_trial import Trial, check, show

PLAIN = {"points": "*", "digest_max": 0, "dev": "", "filter": ""}
# Done in "few" too, or not.
FEW, ALL = True, False
# One journey in so many may be unverified.
FEW_UNVERIFIED = 1000


def datagrams(kind="udp", family=4, right=True, port=5001, sizes=(500, 99, 1203), **more):
    return dict({"kind": kind, "family": family, "right": right, "port": port,
                 "sizes": list(sizes)}, **more)


def stream(kind="tcp", family=4, right=True, port=5002, size=3000, back=300):
    return {"kind": kind, "family": family, "right": right, "port": port, "bytes": size,
            "back": back}


def errors(family=4, port=5003, **more):
    """Of a port that nobody listens at."""
    return datagrams("closed", family, port=port, sizes=(130, 131), **more)


def network(nodes="hh", tunnel=None, flows=(), **more):
    roles = {"h": "host", "r": "router", "b": "bridge"}
    nodes = [roles[node] for node in nodes]
    segments = len([n for n in nodes if n != "bridge"]) - 1
    return dict({
        "seed": 1, "nodes": nodes, "links": [{"kind": "veth"} for _ in nodes[1:]],
        "segments": [{"vlans": [], "left": "", "right": "", "mtu": 1500}
                     for _ in range(segments)],
        "bridges": {str(i): {"filtering": 0, "netfilter": 0, "side": 0}
                    for i, n in enumerate(nodes) if n == "bridge"},
        "tunnels": [tunnel] if tunnel else [], "nat": None, "offloads": [], "netem": [],
        "xdp": [], "parameters": dict(PLAIN), "flows": list(flows), "corruption": None}, **more)


def tunnel(kind, outer=4, begin=0, end=1, options=()):
    return {"kind": kind, "from": begin, "to": end, "outer": outer, "options": list(options)}


def changed(way, dev, hook, flow=0, at=7):
    return {"way": way, "dev": dev, "hook": hook, "flow": flow, "at": at}


# A step: is it done in "few", its name, devices whose checksum offload is switched off, the
# corruption, parameters of the module.
HEALTHY = (FEW, "nothing changed", (), None, {})

KINDS = {
    "VXLAN": (tunnel("vxlan", options=("dstport 8472", "noudpcsum")), (4, 6)),
    "VXLAN with udpcsum": (tunnel("vxlan", options=("dstport 4789", "udpcsum")), (4,)),
    "VXLAN over IPv6": (tunnel("vxlan", 6, options=("dstport 4789",)), (4,)),
    "Geneve": (tunnel("geneve"), (4,)),
    "GRE": (tunnel("gre"), (4, 6)),
    "GRE with key, checksum and sequence":
        (tunnel("gre", options=("key 7", "csum", "seq")), (4,)),
    "gretap": (tunnel("gretap"), (4,)),
    "IPIP": (tunnel("ipip"), (4,)),
    "SIT": (tunnel("sit"), (6,)),
    "ip6tnl": (tunnel("ip6tnl", 6), (4,)),
    "ESP": (tunnel("esp"), (4,)),
    "ESP with datagrams": (tunnel("esp"), (4,)),
}
RARE = ("VXLAN with udpcsum", "VXLAN over IPv6", "GRE", "ESP")


def tunnels():
    """Each kind on a pair of veths, with offloads and without."""
    for name, (spec, families) in KINDS.items():
        flows = []
        for family in families:
            flows += [datagrams(family=family, port=5001 + len(flows)),
                      stream(family=family, port=5011 + len(flows)),
                      errors(family, 5021 + len(flows))]
        if name == "ESP with datagrams":
            flows = flows[:1]
        few = name not in RARE
        steps = [(few, "nothing changed", (), None, {}),
                 # ESP is not encrypted yet at that place, if the device seems to do it.
                 (ALL, "a change behind encapsulation", (), changed("pedit", "l1", "ingress")
                  if spec["kind"] == "esp" else changed("pedit", "r0", "egress"), {}),
                 (few, "tx off, nothing changed", ("r0", "l1"), None, {}),
                 (few, "tx off, a change before decapsulation", ("r0", "l1"),
                  changed("pedit", "l1", "ingress"), {})]
        if name == "VXLAN":
            # Of what is in a tunnel already bpf_skb_change_tail() cuts nothing off.
            steps.append((ALL, "dev=*, a tail cut off at encapsulation", (),
                          changed("cut", "t0r", "egress"), {"dev": "*"}))
            steps.append((ALL, "XDP", ("r0",), changed("xdp", "l1", "xdp"), {}))
        if name == "VXLAN with udpcsum":
            steps.append((FEW, "tx off, the outer checksum wrong", ("r0", "l1"),
                          changed("outersum", "r0", "egress"), {}))
        if spec["kind"] != "esp":
            steps.append((few and name in ("VXLAN", "IPIP"), "dev=*, a change at encapsulation",
                          (), changed("pedit", "t0r", "egress"), {"dev": "*"}))
        yield name, network(tunnel=spec, flows=flows), steps


def overlays():
    flows = [datagrams(), stream(), errors()]
    # The node's address on a bridge, which has no feature for tunnels; a pod at each node.
    node = network("hrrh", tunnel("vxlan", 4, 1, 2, ("dstport 8472", "noudpcsum")), flows)
    node["segments"][1].update(left="bridge", right="bridge")
    yield "VXLAN, the nodes' addresses on bridges", node, [
        HEALTHY, (FEW, "a change behind encapsulation", (), changed("pedit", "r1", "egress"), {}),
        (ALL, "the tunnel's own tx off, nothing changed", ("t0r", "t0l"), None, {})]
    off = ("r1",)
    yield "VXLAN through a router", network(
        "hrh", tunnel("vxlan", 4, 0, 2, ("dstport 8472", "noudpcsum")), flows), [
            (ALL, "the router's tx off, nothing changed", off, None, {}),
            (ALL, "the router's tx off, a change", off, changed("pedit", "r1", "egress"), {})]
    yield "MPLS, labels swapped twice", network(
        "hrrh", tunnel("mpls", 4, 0, 3), flows + [datagrams(family=6, port=5004)]), [
            HEALTHY, (FEW, "a change behind a label", (), changed("pedit", "r1", "egress"), {})]


def nat():
    for kind in ("masquerade", "dnat"):
        for family in (4, 6):
            few = (kind, family) in (("masquerade", 4), ("dnat", 6))
            flows = [errors(family, dnat=kind == "dnat")]
            if kind == "dnat":
                flows += [datagrams(family=family, dnat=True)]
            steps = [(few, "nothing changed", (), None, {}),
                     (few, "a change in what is quoted", (), changed("pedit", "l1", "egress"), {})]
            if kind == "dnat":
                steps.append((FEW, "a change of the payload at that hop", (),
                              changed("nft", "l1", "prerouting", 1), {}))
            yield f"ICMP errors through {kind}, IPv{family}", network(
                "hrh", flows=flows, nat={"node": 1, "kind": kind}), steps
    for family in (4, 6):
        # Of a router behind the one that translates.
        flows = [datagrams("expired", family, port=5003, sizes=(130, 131)),
                 datagrams("toobig", family, port=5004, sizes=(1300, 1301)),
                 datagrams("icmp", family, port=5005)]
        far = network("hrrh", flows=flows, nat={"node": 1, "kind": "masquerade"})
        far["segments"][2]["mtu"] = 1280
        for number, what in enumerate(("expired", "too big")):
            few = (family, number) == (4, 0)
            yield f"{what}, and an echo, through masquerade, IPv{family}", far, [
                (few, "nothing changed", (), None, {}),
                (few, "a change in what is quoted", (),
                 changed("pedit", "l1", "egress", number), {})]
    kinds = [datagrams("udplite", port=5005), datagrams("dccp", port=5006, sizes=(700, 701)),
             datagrams("raw", port=0x7788, sizes=(800, 801)), stream("sctp", port=5008)]
    for flow in kinds:
        name = {"raw": "protocol 253"}.get(flow["kind"], flow["kind"].upper())
        # A connection of DCCP's is refused there.
        nat = None if flow["kind"] == "dccp" else {"node": 1, "kind": "masquerade"}
        yield f"{name} through {'masquerade' if nat else 'a router'}", network(
            "hrh", flows=[flow], nat=nat), [
                (flow["kind"] != "dccp", "nothing changed", (), None, {}),
                (flow["kind"] == "udplite", "a change", (), changed("pedit", "r1", "egress"), {})]


def points():
    """IPv6 has no id that says which packet it is."""
    flows = [datagrams(family=6), stream(family=6), datagrams(family=4, port=5007)]
    steps = []
    for some in ("veth,bridge", "veth", "bridge", "*,-free"):
        few = some != "*,-free"
        # Of the bridge's points there are some before it and some behind it.
        change = changed("nft", "l1", "prerouting") if some == "bridge" else \
            changed("pedit", "r1", "egress")
        steps += [(few, f"points={some}, nothing changed", (), None, {"points": some}),
                  (few, f"points={some}, a change", (), change, {"points": some})]
    yield "IPv6", network("hbh", flows=flows), steps
    yield "a router", network("hrh", flows=[datagrams()]), [
        (FEW, "a tail cut off where it is sent", (), changed("cut", "r0", "egress"), {}),
        (ALL, "a tail cut off where it arrives", (), changed("cut", "l1", "ingress"), {})]


def rare():
    """What few networks have, or no others than those of providers."""
    flows = [datagrams(), datagrams(family=6, port=5004), stream(), errors()]
    behind = (ALL, "a change behind encapsulation", (), changed("pedit", "r0", "egress"), {})
    before = (ALL, "tx off, a change before decapsulation", ("r0", "l1"),
              changed("pedit", "l1", "ingress"), {})
    inside = (ALL, "a change on the way", (), changed("pedit", "r1", "egress"), {})
    at_it = (ALL, "dev=*, a change at encapsulation", (), changed("pedit", "t0r", "egress"),
             {"dev": "*"})
    yield "AH", network(tunnel=tunnel("ah"), flows=flows), [HEALTHY, behind, before]
    # What is broken there is dropped where it comes out.
    yield "MACsec, not encrypted", network(
        "hbh", tunnel("macsec", 4, 0, 2, ("encrypt off",)), flows), [HEALTHY, inside, at_it]
    yield "MACsec", network(tunnel=tunnel("macsec", options=("encrypt on",)), flows=flows), [
        HEALTHY, at_it]
    yield "VXLAN-GPE", network(tunnel=tunnel("gpe"), flows=flows), [
        HEALTHY, behind, before, at_it]
    yield "GTP-U", network("hrh", tunnel("gtp", 4, 0, 2), flows), [HEALTHY, inside]
    yield "PPTP through masquerade", network(
        "hrh", tunnel("pptp", 4, 0, 2), flows, nat={"node": 1, "kind": "masquerade"}), [
            HEALTHY, inside]
    yield "PPPoE, bridged", network("hbh", tunnel("pppoe", 4, 0, 2), flows), [HEALTHY, inside]
    flows = [datagrams(), stream(), errors()]
    yield "the kernel's GTP-U", network("hrh", tunnel("kernel-gtp", 4, 0, 2), flows), [
        HEALTHY, inside, at_it]
    yield "the kernel's PPTP", network("hrh", tunnel("kernel-pptp", 4, 0, 2), flows), [
        HEALTHY, inside, at_it]
    yield "the kernel's PPPoE", network("hbh", tunnel("kernel-pppoe", 4, 0, 2), flows), [
        HEALTHY, inside, at_it]


def flaws(network, step, verdict):
    """Why a step is not as it should be."""
    found = list(verdict.wrong)
    corruption = step[3]
    if corruption and corruption["way"] != "outersum":
        if not verdict.right:
            found.append(f"no change is named, there were {verdict.hits}")
        return found
    for flow in verdict.flows:
        # GRE with sequence numbers drops what comes out of order.
        lost = flow.missing and "seq" not in str(network)
        if not corruption and (flow.error or lost or flow.wrong):
            found.append(f"{flow.flow['kind']} {flow.flow['port']}: {flow.missing} missing, "
                         f"{len(flow.wrong)} wrong, {flow.error}")
    return found


def do(trial, step):
    """Once more if the kernel has skipped probes meanwhile."""
    for _ in range(4):
        verdict = trial.judge(step[3], dict(PLAIN, **step[4]))
        check(verdict)
        if not verdict.summary["missed"]:
            break
    return verdict


class Tests:
    def __init__(self, number):
        print(f"TAP version 13\n1..{number}", flush=True)
        self.done = self.failed = 0
        self.journeys, self.unverified = 0, 0

    def say(self, what, wrong, skip=""):
        self.done += 1
        self.failed += bool(wrong)
        for text in wrong[:6]:
            print("# " + text.replace("\n", "\n# "))
        print(f"{'not ok' if wrong else 'ok'} {self.done} {what}{skip}", flush=True)

    def count(self, step, verdict):
        """Of healthy networks hardly a journey is unverified."""
        if not step[3] and not verdict.summary["missed"]:
            self.journeys += verdict.journeys
            self.unverified += len(verdict.unsure)

    def network(self, name, description, steps, kernel):
        lacks = set().union(*(needs(dict(description, corruption=step[3])) for step in steps))
        lacks -= kernel | {"bridge", "outersum"}
        try:
            with Trial(description, rare_tunnels.Network) if not lacks else NoTrial() as trial:
                off = ()
                for step in steps:
                    if lacks:
                        self.say(f"{name}: {step[1]}", [], " # SKIP this kernel has no " +
                                 " ".join(sorted(lacks)))
                        continue
                    for dev in set(step[2]) ^ set(off):
                        trial.offload(dev, "tx", int(dev in off))
                    off = step[2]
                    verdict = do(trial, step)
                    wrong = flaws(description, step, verdict)
                    self.count(step, verdict)
                    show((verdict.examples or (verdict.unsure if not step[3] else []))[:1])
                    self.say(f"{name}: {step[1]}: {verdict.journeys} journeys, {verdict.right} "
                             "changed", wrong)
                    steps = steps[1:]
        except (BuildError, OSError) as error:
            for step in steps:
                self.say(f"{name}: {step[1]}", [f"{type(error).__name__}: {error}"])


class NoTrial:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        pass


def main():
    wanted = []
    networks = rare() if sys.argv[1] == "rare" else [*tunnels(), *overlays(), *nat(), *points()]
    for name, description, steps in networks:
        steps = [step for step in steps if step[0] or sys.argv[1] != "few"]
        if steps and (not sys.argv[2:] or any(part in name for part in sys.argv[2:])):
            wanted.append((name, description, steps))
    kernel = probe() | rare_tunnels.probe() | set(QUOTED)
    tests = Tests(sum(len(steps) for _, _, steps in wanted) + 1)
    for each in wanted:
        tests.network(*each, kernel)
    many = tests.unverified > max(1, tests.journeys // FEW_UNVERIFIED)
    tests.say(f"{tests.unverified} of {tests.journeys} journeys are unverified where nothing "
              "was changed", ["too many"] if many else [])
    print(f"# tunnels: {tests.done - tests.failed} right, {tests.failed} wrong")
    sys.exit(bool(tests.failed))


if __name__ == "__main__":
    main()
