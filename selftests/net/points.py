# SPDX-License-Identifier: GPL-2.0
"""The table of points against the kernel that runs.

count                  how many points are in which state
sound                  none is refused, waits for a module that is there, or saw
                       something else than skbs
absent                 what is absent has no text symbol of that name, and why; of
                       what is active there is just one function
covered                of each function of the path one name is active
prototypes WHERE TABLE of points in vmlinux, or in modules (WHERE), the column
                       skb is what BTF says, and where there is none, TABLE; exits
                       with 4 if there is neither

The table is read from standard input, remarks begin with "# ". What is expected
is said here once more, not taken from points.h: two hands see more than one.
"""
import collections
import os
import platform
import re
import subprocess
import sys

SKIP = 4
BTF = "/sys/kernel/btf"

# Also taken as symbol.constprop.0.
TWINS = {"tcp_queue_rcv", "ip_rcv_core", "ip6_rcv_core", "__netif_receive_skb_core"}

# A line a function: the names that kernels have for it, or for what is called at
# the same place, and which kernels have it, if not all.
PATH = """
__tcp_transmit_skb tcp_transmit_skb
tcp_v4_rcv
tcp_v6_rcv
tcp_queue_rcv
tcp_try_rmem_schedule
skb_copy_datagram_iovec                 before 3.19
udp_rcv
udpv6_rcv
__udp_enqueue_schedule_skb
ip_queue_xmit
inet6_csk_xmit
ip_send_skb
ip6_send_skb
ip_output
ip6_output
ip_finish_output2
ip6_finish_output2
ip_rcv ip_rcv_core
ipv6_rcv ip6_rcv_core
ip_local_deliver
ip6_input
ip_forward
ip6_forward
icmp_rcv
icmpv6_rcv
arp_rcv
xfrm_output
__dev_queue_xmit
dev_hard_start_xmit
loopback_xmit
netif_rx_internal enqueue_to_backlog
napi_gro_receive gro_receive_skb
__netif_receive_skb_core
packet_rcv
tpacket_rcv
veth_xmit
netkit_xmit                             since 6.7
br_handle_frame
br_handle_frame_finish
br_allowed_ingress
br_allowed_egress
br_forward
br_flood
br_multicast_flood
__br_forward
br_forward_finish
br_dev_queue_push_xmit
br_pass_frame_up
br_netif_receive_skb
br_dev_xmit
br_nf_pre_routing
br_nf_pre_routing_finish
br_nf_forward_ip br_nf_forward
br_nf_forward_finish
br_nf_post_routing
br_nf_dev_queue_xmit
nf_hook_slow
skb_clone
skb_copy
__pskb_copy __pskb_copy_fclone
skb_copy_expand
skb_copy_header                         since 4.19
skb_morph
skb_segment
skb_segment_list                        since 5.6
ip_copy_metadata
ip6_copy_metadata
skb_gro_receive
skb_gro_receive_list                    since 5.6
skb_try_coalesce
kfree_skb kfree_skb_reason sk_skb_reason_drop kfree_skb_list_reason
kfree_skbmem
kfree_skb_partial
napi_consume_skb
napi_skb_free_stolen_head
__kfree_skb_defer __napi_kfree_skb
skb_attempt_defer_free                  since 5.19
napi_reuse_skb                          since 5.0
"""

# What else handlers take from the arguments: the one before the skb, if there is
# one, and the one behind it.
BEFORE = {
    "__tcp_transmit_skb": "struct sock *", "tcp_transmit_skb": "struct sock *",
    "ip_queue_xmit": "struct sock *", "inet6_csk_xmit": "struct sock *",
    "__br_forward": "struct net_bridge_port *", "br_forward": "struct net_bridge_port *",
}
# Of two skbs it is the second.
SECOND = {"skb_copy_header", "skb_morph", "ip_copy_metadata", "ip6_copy_metadata",
          "skb_gro_receive", "skb_gro_receive_list", "skb_try_coalesce"}
BEHIND = {
    "nf_hook_slow": "struct nf_hook_state *",
    "kfree_skb_reason": "enum skb_drop_reason",
    "kfree_skb_list_reason": "enum skb_drop_reason",
    "sk_skb_reason_drop": "enum skb_drop_reason",
}
# And from what the points of kind "return" return.
RETURNS = {
    "veth_xmit": "netdev_tx_t", "br_handle_frame": "rx_handler_result_t",
    "nf_hook_slow": "int", "__udp_enqueue_schedule_skb": "int", "skb_clone": "struct sk_buff *", "skb_copy": "struct sk_buff *",
    "__pskb_copy": "struct sk_buff *", "__pskb_copy_fclone": "struct sk_buff *",
    "skb_copy_expand": "struct sk_buff *", "skb_morph": "struct sk_buff *",
    "skb_segment": "struct sk_buff *", "skb_segment_list": "struct sk_buff *",
    "skb_gro_receive": "int", "skb_gro_receive_list": "int", "skb_try_coalesce": "bool",
}

Point = collections.namedtuple("Point", "id symbol kind group module hits missed skb state")
failures = []


def fail(why):
    print("# " + why)
    failures.append(why)


def state_of(point):
    return re.match(r"\w*", point.state)[0]


def attached(point):
    """The name that an active point was found under."""
    found = re.match(r"active as (\S+?),?( |$)", point.state)
    return found[1] if found else point.symbol


def active(points):
    return [p for p in points if state_of(p) == "active"]


def count(points):
    states = collections.Counter(map(state_of, points))
    print("# points: " + ", ".join(f"{states[s]} {s}" for s in
                                   ("active", "absent", "waiting", "refused")))


def loaded(module):
    return module == "vmlinux" or os.path.isdir("/sys/module/" + module)


def sound(points):
    for point in points:
        state = state_of(point)
        if state == "waiting" and not loaded(point.module):
            print(f"# {point.symbol}: this kernel has no module {point.module}")
        elif state not in ("active", "absent") or "without an skb" in point.state:
            fail(f"{point.symbol}: {point.state}")


def functions():
    """Names of functions -> what has one: "" the kernel itself, or modules."""
    owners = collections.defaultdict(list)
    with open("/proc/kallsyms", encoding="ascii") as file:
        for line in file:
            _, kind, name, *module = line.split()
            if kind in "tTwW":
                owners[name].append(module[0].strip("[]") if module else "")
    return owners


def absent(points):
    owners = functions()
    variants = collections.defaultdict(list)
    for name in owners:
        if "." in name and not name.endswith(".cold"):
            variants[name.split(".")[0]].append(name)
    for point in points:
        symbol, state = point.symbol, state_of(point)
        here = {"", point.module}
        if state == "active":
            found = owners.get(attached(point), [])
            if len(found) != 1 or found[0] not in here:
                fail(f"{symbol}: active as {attached(point)}, of which there are {found}")
            if attached(point) != symbol and here & set(owners.get(symbol, [])):
                fail(f"{symbol}: active as {attached(point)}, though it has its own name")
        elif state == "absent":
            names = [symbol] + [symbol + ".constprop.0"] * (symbol in TWINS)
            there = [n for n in names if here & set(owners.get(n, []))]
            if there:
                fail(f"{symbol}: said to be absent, but there is {there[0]}")
            elif symbol in variants:
                print(f"# {symbol}: only as {', '.join(sorted(variants[symbol]))}")
            else:
                print(f"# {symbol}: not in this kernel")


def release():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups()))


def covered(points):
    running = {p.symbol for p in active(points)}
    running -= {p.symbol for p in points if state_of(p) != "active"}
    tables = {p.symbol for p in points}
    for line in PATH.strip().splitlines():
        line, bound, version = re.match("(.*?)(?: +(before|since) (.*))?$", line).groups()
        names = line.split()
        tables -= set(names)
        if bound and (bound == "since") == (release() < tuple(map(int, version.split(".")))):
            continue
        if not running & set(names):
            fail(f"none of these is active: {' '.join(names)}")
    for symbol in tables:
        fail(f"{symbol}: a new point? say in points.py which function of the path it is")


class Types:
    """The types of vmlinux, or of a module and vmlinux, out of BTF."""
    base = {}

    def __init__(self, name):
        command = ["bpftool"]
        if name != "vmlinux":
            command += ["-B", f"{BTF}/vmlinux"]
        # As text, of which little is looked at: to read its JSON takes twice as long.
        out = subprocess.run(command + ["btf", "dump", "file", f"{BTF}/{name}"],
                             check=True, stdout=subprocess.PIPE).stdout.decode()
        self.own = {t[:t.index("]")]: t for t in ("\n" + out).split("\n[")[1:]}
        if name == "vmlinux":
            Types.base = self.own
        # [5] FUNC 'veth_xmit' type_id=4 linkage=static
        self.functions = dict(re.findall(r"^\[\d+\] FUNC '(\w+)' type_id=(\d+)", out, re.M))

    def prototype(self, function):
        """What it returns and takes; None if nothing is known of it."""
        # [4] FUNC_PROTO '(anon)' ret_type_id=3 vlen=2, a line an argument: 'skb' type_id=2
        found = self.functions.get(function)
        return found and [self.spelled(t) for t in re.findall(r"type_id=(\d+)", self.type(found))]

    def type(self, number):
        return self.own.get(number) or Types.base[number]

    def spelled(self, number):
        """As C has it, without const and the like."""
        if number == "0":
            return "void"
        kind, name, _, rest = re.match(r"\S+ (\w+) '([^']*)'( \w+=(\w+))?",
                                       self.type(number)).groups()
        if kind == "PTR":
            inner = self.spelled(rest)
            return inner + ("*" if inner.endswith("*") else " *")
        if kind in ("CONST", "VOLATILE", "RESTRICT", "TYPE_TAG"):
            return self.spelled(rest)
        if kind == "FWD":
            return rest + " " + name
        if kind in ("STRUCT", "UNION", "ENUM", "ENUM64"):
            return kind.replace("64", "").lower() + " " + name
        return name


def compare(point, returned, arguments):
    """What the table says of a point with what its prototype does."""
    at = [i for i, a in enumerate(arguments) if re.match(r"struct sk_buff \*+$", a)]
    shown = f"{point.symbol}({', '.join(arguments)})"
    if not at:
        return fail(f"{shown}: no skb")
    at = at[point.symbol in SECOND]
    where = "*" * (arguments[at].count("*") - 1) + f"arg{at}"
    if where != point.skb:
        fail(f"{shown}: the skb is {where}, not {point.skb}")
    want = BEFORE.get(point.symbol)
    if want and at and arguments[at - 1] != want:
        fail(f"{shown}: no {want} before the skb")
    want = BEHIND.get(point.symbol)
    if want and arguments[at + 1:at + 2] != [want]:
        fail(f"{shown}: no {want} behind the skb")
    if point.kind == "return" and returned != RETURNS.get(point.symbol):
        fail(f"{shown}: returns {returned}, not {RETURNS.get(point.symbol)}")


def compare_btf(points, owner):
    types = {}
    without = []
    for point in points:
        name = owner(point) or "vmlinux"
        for needed in ("vmlinux", name):
            if needed not in types and os.path.exists(f"{BTF}/{needed}"):
                types[needed] = Types(needed)
        prototype = name in types and types[name].prototype(point.symbol)
        if prototype:
            compare(point, prototype[0], prototype[1:])
        else:
            without.append(point.symbol)
    return without, "BTF"


def compare_table(points, table):
    with open(table, encoding="ascii") as file:
        rows = dict(line.split() for line in file if line.strip() and line[0] != "#")
    for point in points:
        if rows.get(point.symbol, point.skb) != point.skb:
            fail(f"{point.symbol}: the skb is {rows[point.symbol]}, not {point.skb}")
    return [p.symbol for p in points if p.symbol not in rows], os.path.basename(table)


def prototypes(points, where, table):
    owners = functions()

    def owner(point):
        return owners[attached(point)][0]

    points = [p for p in active(points) if (owner(p) == "") == (where == "vmlinux")]
    if os.path.exists(f"{BTF}/vmlinux"):
        names = {owner(p) or "vmlinux" for p in points}
        if not any(os.path.exists(f"{BTF}/{name}") for name in names):
            print("this kernel has BTF of vmlinux only")
            sys.exit(SKIP)
        without, what = compare_btf(points, owner)
    elif platform.release().startswith("3.10.0") or ".el7" in platform.release():
        without, what = compare_table(points, table)
    else:
        print("this kernel has no BTF")
        sys.exit(SKIP)
    compared = len(points) - len(without)
    print(f"# {compared} of {len(points)} points compared with {what}" +
          (f", it does not have {', '.join(without)}" if without else ""))
    if compared * 4 < len(points) * 3 or not points:
        fail("too few to trust the result")


def main():
    rows = [line.split(None, 8) for line in sys.stdin.read().splitlines() if line[0] != "#"]
    command = {f.__name__: f for f in (count, sound, absent, covered, prototypes)}[sys.argv[1]]
    command([Point(*row) for row in rows], *sys.argv[2:])
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
