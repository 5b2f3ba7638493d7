# SPDX-License-Identifier: GPL-2.0
"""Random networks as plain data: what a seed stands for, and smaller ones like it.

A network is a chain of namespaces n0, n1, ... Its ends are hosts; between them stand
routers and bridges. Between two that route, with bridges between them or not, lies a
segment: one subnet. A description is a dict of

nodes       a role each: host, router, bridge
links       one between a node and the next: kind (veth, bond, team)
segments    vlans (tags, the outer first), left and right (macvlan, ipvlan, a bridge or
            nothing on top of the device at that end), mtu
bridges     by node: filtering, netfilter (that of bridges), side (a host more at it)
tunnels     from the node "from" to the node "to": kind, outer (4 or 6), options
nat         node and kind (masquerade, dnat), or null
offloads    device, feature, 0 or 1
netem       device and what tc is to do there
xdp         devices that have a program which passes everything: device, mode, frags
parameters  of the module
flows       the traffic: kind, family, right (from n0 on), and more by kind
corruption  way, dev, hook, flow (its number), at (byte of the payload); or null

Devices have the name of their node's side and number: r0 at n0 leads to l1 at n1.
"""
import copy
import random

TUNNELS = {
    # inner families, the bytes it puts in front of the inner packet without outer IP
    "vxlan": ((4, 6), 30), "geneve": ((4, 6), 30), "gre": ((4, 6), 4), "gretap": ((4, 6), 18),
    "ipip": ((4,), 0), "sit": ((6,), 0), "ip6tnl": ((4, 6), 0), "mpls": ((4, 6), 4),
    "esp": ((4, 6), 24),
}
# Others that networks may have; no seed stands for one. See rare_tunnels.py.
RARE = {"ah": ((4, 6), 24), "macsec": ((4, 6), 16), "gpe": ((4, 6), 16), "gtp": ((4, 6), 16),
        "pptp": ((4, 6), 16), "pppoe": ((4, 6), 8),
        "kernel-gtp": ((4,), 16), "kernel-pptp": ((4,), 16), "kernel-pppoe": ((4,), 8)}
DRAWN = tuple(TUNNELS)
TUNNELS.update(RARE)
# Routes and policies of the network's own addresses: they have no device.
BARE = ("mpls", "esp", "ah")
# Without an IP header around.
UNADDRESSED = ("mpls", "macsec", "pppoe", "kernel-pppoe")
# Those that the outer protocol leaves no choice.
OUTER = {"ipip": 4, "sit": 4, "ip6tnl": 6}

# What a kernel may lack, and how an element says that it needs it: see needs().
# They begin with a marker.
DATAGRAMS = ("udp", "udplite", "icmp", "raw", "dccp")
# What is answered by an error that quotes it; the latter two no seed has.
QUOTED = ("closed", "expired", "toobig")
STREAMS = ("tcp", "sendfile", "splice", "zerocopy", "mptcp", "sctp")

POINTS = ("veth,bridge", "veth", "bridge", "core", "ip,veth", "*,-free", "*,-clone",
          "*,-netfilter", "veth_xmit", "tcp,udp,veth", "__netif_receive_skb_core,veth_xmit")


def chain(rng, kernel):
    """Roles of the nodes, and their links."""
    number = rng.choice((2, 2, 3, 3, 3, 4, 4, 5))
    nodes = ["host"] + [rng.choice(("router", "router", "bridge"))
                        for _ in range(number - 2)] + ["host"]
    kinds = ["veth"] * 8 + [kind for kind in ("bond", "team") if kind in kernel]
    links = [{"kind": rng.choice(kinds)} for _ in range(number - 1)]
    for link in links:
        if link["kind"] == "bond":
            link["mode"] = rng.choice(("balance-rr", "active-backup", "broadcast"))
        elif link["kind"] == "team":
            link["mode"] = rng.choice(("roundrobin", "broadcast"))
    return nodes, links


def routing(network):
    """The nodes that route, or send and receive, in order."""
    return [i for i, role in enumerate(network["nodes"]) if role != "bridge"]


def segment(rng, kernel):
    new = {"vlans": [], "left": "", "right": "",
           "mtu": rng.choice((1500, 1500, 1500, 1500, 1600, 4000, 9000))}
    kind = rng.random()
    if kind < 0.2:
        new["vlans"] = [5]
    elif kind < 0.3:
        new["vlans"] = [6, 7]
    elif kind < 0.5:
        for side in ("left", "right"):
            new[side] = rng.choice(("", rng.choice(("macvlan", "ipvlan", "bridge"))))
            if new[side] not in kernel | {"bridge"}:
                new[side] = ""
    return new


def tunnel(rng, kind, first, last):
    new = {"kind": kind, "from": first, "to": last,
           "outer": OUTER.get(kind) or rng.choice((4, 4, 6)), "options": []}
    if kind == "vxlan":
        new["options"] = [rng.choice(("dstport 4789", "dstport 8472")),
                          rng.choice(("udpcsum", "noudpcsum"))]
    elif kind == "gre":
        new["options"] = rng.sample(("key 7", "csum", "seq"), rng.randint(0, 2))
    elif kind == "geneve" and rng.random() < 0.5:
        new["options"] = ["udpcsum"]
    return new


def tunnels(rng, network, kernel):
    """Up to two, the second within the first or behind it."""
    nodes = routing(network)
    kinds = [kind for kind in DRAWN if kind in kernel]
    if rng.random() < 0.35 or not kinds:
        return []
    first = rng.randint(0, len(nodes) - 2)
    last = rng.randint(first + 1, len(nodes) - 1)
    found = [tunnel(rng, rng.choice(kinds), nodes[first], nodes[last])]
    kinds = [kind for kind in kinds if kind not in BARE]
    if found[0]["kind"] not in BARE and kinds and rng.random() < 0.3:
        if last + 1 < len(nodes) and rng.random() < 0.6:
            first, last = last, rng.randint(last + 1, len(nodes) - 1)
        found.append(tunnel(rng, rng.choice(kinds), nodes[first], nodes[last]))
    # One that carries IPv4 only, and one that carries IPv6 only, are good for nothing; nor
    # has one an outer protocol that the other does not carry.
    if len(found) == 2 and (not families({"tunnels": found}) or
                            found[1]["outer"] not in TUNNELS[found[0]["kind"]][0]):
        found.pop()
    return found


def nested(network, number):
    """Is it the second of two with the same ends?"""
    first, *_ = network["tunnels"]
    return number == 1 and first["from"] == network["tunnels"][1]["from"]


def families(network):
    """Those that all tunnels carry."""
    found = {4, 6}
    for tunnel in network["tunnels"]:
        found &= set(TUNNELS[tunnel["kind"]][0])
    return sorted(found)


def ports(network):
    """The devices that are no tunnels', by link: left end, right end."""
    return [f"{side}{i + (side == 'l')}" for i in range(len(network["links"])) for side in "rl"]


def veths(network):
    found = []
    for i, link in enumerate(network["links"]):
        for name in (f"r{i}", f"l{i + 1}"):
            found += [name] if link["kind"] == "veth" else [name + "a", name + "b"]
    return found


def features(rng, network, kernel):
    network["offloads"] = []
    for dev in veths(network):
        if rng.random() < 0.3:
            network["offloads"] += [[dev, feature, rng.randint(0, 1)]
                                    for feature in rng.sample(("tx", "tso", "gso", "gro", "sg"),
                                                              rng.randint(1, 3))]
    network["netem"] = []
    if "netem" in kernel and rng.random() < 0.25:
        network["netem"].append([rng.choice(ports(network)), rng.choice((
            "loss 3%", "delay 2ms", "delay 2ms reorder 25%", "duplicate 5%", "delay 1ms 1ms",
            "loss 2% delay 2ms reorder 25% duplicate 2%"))])
    network["xdp"] = []
    if "xdp" in kernel and rng.random() < 0.2:
        network["xdp"].append([rng.choice(veths(network)), rng.choice(("xdp", "xdpgeneric")), 0])
    middle = [i for i, role in enumerate(network["nodes"]) if role == "router"]
    network["nat"] = None
    # ESP's policies are for the ends' own addresses.
    if "nat" in kernel and middle and rng.random() < 0.35 and \
            not any(t["kind"] in BARE for t in network["tunnels"]):
        outside = [i for i in middle
                   if not any(t["from"] < i < t["to"] for t in network["tunnels"])]
        if outside:
            network["nat"] = {"node": rng.choice(outside),
                              "kind": rng.choice(("masquerade", "dnat"))}


def parameters(rng):
    found = {"points": "*", "digest_max": 0, "dev": "", "filter": ""}
    if rng.random() < 0.2:
        found["points"] = rng.choice(POINTS)
    if rng.random() < 0.1:
        found["digest_max"] = rng.choice((16, 100, 1000))
    if rng.random() < 0.2:
        found["dev"] = "*"
    return found


def sizes(rng, number, most, taken):
    """So many lengths that no other datagram of the network has."""
    found = []
    while len(found) < number:
        size = rng.randint(70, most)
        if size not in taken:
            taken.add(size)
            found.append(size)
    return found


def flow(rng, network, kernel, port, taken):
    kinds = [k for k in ("udp",) * 4 + ("tcp",) * 3 + DATAGRAMS + STREAMS + (
        "closed", "multicast") if k in kernel]
    new = {"kind": rng.choice(kinds), "family": rng.choice(families(network)),
           "right": rng.random() < 0.7, "port": port}
    if new["kind"] == "multicast":
        new["right"] = True
    if new["kind"] in STREAMS:
        new["bytes"] = rng.choice((300, 3000, 20000, 60000))
        new["back"] = rng.choice((0, 300, 20000))
    else:
        most = 1300 if rng.random() < 0.8 or new["kind"] == "dccp" else 6000
        # All of it is quoted.
        most = 400 if new["kind"] == "closed" else most
        new["sizes"] = sizes(rng, rng.randint(2, 8), most, taken)
    if new["kind"] == "udp":
        new["option"] = rng.choice(("", "", "", "connected", "nocheck", "gso", "zerocopy"))
        if new["option"] in ("gso", "zerocopy") and "udp" + new["option"] not in kernel:
            new["option"] = ""
        if new["option"] == "gso":
            # Datagrams of one length but for the last, cut by the kernel or a device.
            new["sizes"] = sizes(rng, 2, 1100, taken)
            new["segments"] = rng.randint(2, 6)
    return new


def describe(seed, kernel):
    """The network of a seed, of the elements that this kernel has."""
    rng = random.Random(seed)
    network = {"seed": seed}
    network["nodes"], network["links"] = chain(rng, kernel)
    network["segments"] = [segment(rng, kernel) for _ in range(len(routing(network)) - 1)]
    network["bridges"] = {
        str(i): {"filtering": int(rng.random() < 0.4), "netfilter": rng.choice((0, 0, 1, 2)),
                 "side": int(rng.random() < 0.4)}
        for i, role in enumerate(network["nodes"]) if role == "bridge"}
    network["tunnels"] = tunnels(rng, network, kernel)
    features(rng, network, kernel)
    network["parameters"] = parameters(rng)
    taken = set()
    network["flows"] = [flow(rng, network, kernel, 5001 + i, taken)
                        for i in range(rng.randint(2, 6))]
    if network["nat"] and network["nat"]["kind"] == "dnat":
        for each in network["flows"]:
            each["dnat"] = each["right"] and each["kind"] != "multicast" and rng.random() < 0.7
    network["corruption"] = None
    if rng.random() < 0.5:
        corrupt(rng, network, kernel)
    elif rng.random() < 0.2:
        network["parameters"]["filter"] = rng.choice(("udp", "tcp", "ip6", "icmp or icmp6"))
    # Of a draw of its own: networks stay those of their seeds.
    network["parameters"]["socket"] = int(random.Random(f"socket {seed}").random() < 0.3)
    return network


def corrupt(rng, network, kernel):
    """One corruption, of one flow, somewhere on its way."""
    candidates = [i for i, f in enumerate(network["flows"])
                  if f["kind"] in ("udp", "udplite", "icmp", "raw", "tcp", "sendfile", "zerocopy",
                                   "mptcp", "sctp", "splice", "closed") and f.get("bytes", 3000) >= 3000]
    if not candidates:
        network["flows"].append({"kind": "udp", "family": families(network)[0], "right": True,
                                 "port": 5000, "sizes": [1301, 1302, 1303], "option": ""})
        candidates = [len(network["flows"]) - 1]
    number = rng.choice(candidates)
    chosen = network["flows"][number]
    places = list(corruptible(network, chosen, kernel))
    way, dev, hook = rng.choice(places)
    # The kernel lets no program cut what is in a tunnel of its own.
    if way == "cut" and any(t["kind"] not in BARE for t in within(network, dev)):
        way = "bpf"
    network["corruption"] = {"way": way, "dev": dev, "hook": hook, "flow": number,
                             "at": rng.randint(4, 40)}


def to_the_right(chosen):
    """Where go those of its packets that are corrupted? It is the errors that are."""
    return chosen["right"] != (chosen["kind"] in QUOTED)


def corruptible(network, chosen, kernel):
    """Each way, device and hook where packets of the flow can be changed."""
    marked = "sizes" in chosen
    opaque = [t for t in network["tunnels"] if t["kind"] == "esp"]
    right = to_the_right(chosen)
    for dev, receives in way(network, right):
        hook = "ingress" if receives else "egress"
        if "pedit" in kernel and (receives or "clsact" in kernel):
            yield "pedit", dev, hook
        if not marked or opaque:
            continue
        if "bpf" in kernel:
            yield "bpf", dev, hook
            yield "cut", dev, hook
        if "xdp" in kernel and receives and dev in veths(network):
            yield "xdp", dev, "xdp"
            yield "xdp", dev, "xdpgeneric"
    tagged = any(s["vlans"] for s in network["segments"])
    labels = any(t["kind"] == "mpls" for t in network["tunnels"])
    if not marked or opaque or tagged or labels or "nft" not in kernel:
        return
    for i, role in enumerate(network["nodes"]):
        if role == "router" and "nft" in kernel or role == "bridge" and "nftbridge" in kernel:
            into, out = (f"l{i}", f"r{i}") if right else (f"r{i}", f"l{i}")
            for hook, dev in (("prerouting", into), ("forward", into), ("postrouting", out)):
                yield "nft", dev, hook


def stack(network, node, side):
    """The devices at a node's side, the outermost (a tunnel's) first."""
    base = f"{side}{node}"
    found = []
    for number, tunnel in enumerate(network["tunnels"]):
        # The inner tunnel's packets are routed into the outer one.
        if tunnel["kind"] not in BARE and node == tunnel["from" if side == "r" else "to"]:
            found.insert(0, f"t{number}{side}")
    if network["nodes"][node] != "bridge":
        index = routing(network).index(node) - (side == "l")
        seg = network["segments"][index]
        names = [base + "".join(f".{tag}" for tag in seg["vlans"][:depth])
                 for depth in range(len(seg["vlans"]), 0, -1)]
        top = seg["left" if side == "r" else "right"]
        found += names or ([f"m{base}"] if top else [])
    found.append(base)
    link = network["links"][node - (side == "l")]
    if link["kind"] != "veth":
        found.append(base + "a")
    return found


def way(network, right=True):
    """The devices on the way in order, each with whether it receives there."""
    found = []
    for i in range(len(network["links"])):
        found += [(dev, not right) for dev in stack(network, i, "r")]
        found += [(dev, right) for dev in reversed(stack(network, i + 1, "l"))]
    return found if right else found[::-1]


def within(network, dev):
    """Tunnels that a device's packets are in, the outermost first."""
    order = [name for name, _ in way(network)]
    found = []
    for number, tunnel in enumerate(network["tunnels"]):
        if tunnel["kind"] in BARE:
            nodes = range(tunnel["from"], tunnel["to"] + 1)
            inside = int(dev.lstrip("m")[1]) in nodes and not (
                dev.lstrip("m").startswith(f"l{tunnel['from']}") or
                dev.lstrip("m").startswith(f"r{tunnel['to']}"))
            if dev.startswith("t"):
                inside = False
        else:
            begin, end = order.index(f"t{number}r"), order.index(f"t{number}l")
            inside = begin < order.index(dev) < end
        if inside:
            found.append(tunnel)
    return found


def needs(network):
    """What it takes of a kernel."""
    found = {link["kind"] for link in network["links"]} | {t["kind"] for t in network["tunnels"]}
    found |= {s[side] for s in network["segments"] for side in ("left", "right")}
    found |= {f["kind"] for f in network["flows"]}
    if network["nat"]:
        found.add("nat")
    if network["netem"]:
        found.add("netem")
    if network["xdp"]:
        found.add("xdp")
    if network["corruption"]:
        found.add({"cut": "bpf"}.get(network["corruption"]["way"], network["corruption"]["way"]))
    return found - {"", "veth"}


def without(network, key, index):
    new = copy.deepcopy(network)
    del new[key][index]
    return new


def has_devices(network):
    """Are all devices there that it names?"""
    names = [entry[0] for key in ("offloads", "netem", "xdp") for entry in network[key]]
    if network["corruption"]:
        names.append(network["corruption"]["dev"])
    return set(names) <= {dev for dev, _ in way(network)} | set(veths(network))


def smaller(network):
    """Networks with one thing less, the greatest steps first."""
    return filter(has_devices, with_less(network))


def with_less(network):
    corruption = network["corruption"]
    for i in reversed(range(len(network["flows"]))):
        if len(network["flows"]) > 1 and not (corruption and corruption["flow"] == i):
            new = without(network, "flows", i)
            if corruption and corruption["flow"] > i:
                new["corruption"]["flow"] -= 1
            yield new
    for key in ("tunnels", "netem", "xdp", "offloads"):
        for i in reversed(range(len(network[key]))):
            if key != "tunnels" or corruption is None or not corruption["dev"].startswith("t"):
                yield without(network, key, i)
    if network["nat"] and not any(f.get("dnat") for f in network["flows"]):
        yield dict(copy.deepcopy(network), nat=None)
    for i, flow_ in enumerate(network["flows"]):
        new = copy.deepcopy(network)
        if flow_.get("dnat"):
            new["flows"][i]["dnat"] = False
            yield new
        elif len(flow_.get("sizes", [])) > 1 and flow_.get("option") != "gso":
            new["flows"][i]["sizes"] = flow_["sizes"][:len(flow_["sizes"]) // 2]
            yield new
        elif flow_.get("option"):
            new["flows"][i]["option"] = ""
            yield new
        elif flow_.get("back"):
            new["flows"][i]["back"] = 0
            yield new
        elif flow_.get("bytes", 0) > 3000:
            new["flows"][i]["bytes"] = 3000
            yield new
    for name, plain in (("points", "*"), ("digest_max", 0), ("dev", ""), ("filter", ""),
                        ("socket", 0)):
        if network["parameters"].get(name, plain) != plain:
            new = copy.deepcopy(network)
            new["parameters"][name] = plain
            yield new
    yield from plainer(network)


def plainer(network):
    """The same nodes, with less to them."""
    for i, link in enumerate(network["links"]):
        if link["kind"] != "veth":
            new = copy.deepcopy(network)
            new["links"][i]["kind"] = "veth"
            yield new
    for i, seg in enumerate(network["segments"]):
        for key, plain in (("vlans", []), ("left", ""), ("right", ""), ("mtu", 1500)):
            if seg[key] != plain:
                new = copy.deepcopy(network)
                new["segments"][i][key] = plain
                yield new
    for node, bridge in network["bridges"].items():
        for key in ("filtering", "netfilter", "side"):
            if bridge[key]:
                new = copy.deepcopy(network)
                new["bridges"][node][key] = 0
                yield new
    for i, role in enumerate(network["nodes"]):
        shorter = without_node(network, i) if role in ("bridge", "router") else None
        if shorter:
            yield shorter


def without_node(network, node):
    """Without a node in the middle that nothing else is said of; None if there is."""
    corruption = network["corruption"]
    if any(node in (t["from"], t["to"]) for t in network["tunnels"]) or \
            (network["nat"] and network["nat"]["node"] == node):
        return None
    new = copy.deepcopy(network)
    named = [corruption["dev"]] if corruption else []
    named += [entry[0] for key in ("offloads", "netem", "xdp") for entry in network[key]]
    if any(name[:2] in (f"r{node}", f"l{node}", f"l{node + 1}") for name in named):
        return None
    if network["nodes"][node] == "router":
        del new["segments"][routing(network).index(node)]
    del new["nodes"][node], new["links"][node]
    new["bridges"].pop(str(node), None)
    new["bridges"] = {str(int(i) - (int(i) > node)): b for i, b in new["bridges"].items()}
    for tunnel in new["tunnels"]:
        for end in ("from", "to"):
            tunnel[end] -= tunnel[end] > node
    if new["nat"]:
        new["nat"]["node"] -= new["nat"]["node"] > node
    for entry in [e for key in ("offloads", "netem", "xdp") for e in new[key]]:
        entry[0] = renamed(entry[0], node)
    if corruption:
        new["corruption"]["dev"] = renamed(corruption["dev"], node)
    return new


def renamed(dev, node):
    prefix = dev[:2] if dev.startswith("m") else dev[:1]
    if dev.startswith("t"):
        return dev
    number, rest = int(dev[len(prefix)]), dev[len(prefix) + 1:]
    return f"{prefix}{number - (number > node)}{rest}"
