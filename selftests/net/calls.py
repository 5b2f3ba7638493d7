# SPDX-License-Identifier: GPL-2.0
"""Who calls whom: the kernel's own function graph beside "report --tree".

symbols POINTS               the functions of the table of points that are probed, but frees,
                             as set_ftrace_filter takes them
listings GRAPH TREE PORT     GRAPH is a trace of function_graph, TREE what the reader says of
                             the same traffic another time: TCP to PORT with payload passed
                             three lists of calls, to send, on the bridge, to receive. Each
                             has the same functions in both, who called whom in the tree did
                             so in the graph, and the other way round. They are printed side
                             by side

In the graph a function that another ends with a jump to is called by it; a stack pointer
shows it beside the other.
"""
import collections
import re
import sys

# In the graph softirqs are within whatever they interrupted,
SOFTIRQ = {"net_rx_action", "process_backlog"}
# and what is sent within what was received: another packet.
TRANSMIT = {"tcp_transmit_skb", "__tcp_transmit_skb"}


class Call:
    """A function that was called, and what it has called. Where nobody is known to have called
    it, those that have the same "where" ran one behind the other."""
    def __init__(self, name, parent=None, where=None):
        self.name, self.calls, self.parent = name, [], parent
        self.where = where or self

    def all(self):
        yield self
        for call in self.calls:
            yield from call.all()

    def lines(self, depth=0):
        yield "  " * depth + self.name
        for call in self.calls:
            yield from call.lines(depth + 1)


def plain(name):
    """Without what a compiler adds."""
    return re.sub(r"\.(constprop|isra|part)\.\d+.*", "", name)


def symbols(path):
    found = set(SOFTIRQ)
    with open(path, encoding="utf-8") as table:
        for row in map(str.split, table):
            if row and row[0].isdigit() and row[8] == "active" and row[3] != "free":
                found.add(row[1])
    print("\n".join(sorted(found)))


def graph(path):
    """The lists of calls in a trace of function_graph, each with one that nobody called."""
    roots, open_calls = [], collections.defaultdict(list)
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            cpu = re.match(r" *(\d+)\)", line)
            if not cpu:
                continue
            stack = open_calls[cpu.group(1)]
            if "=>" in line:
                stack.clear()
                continue
            text = line.rstrip("\n").rpartition("|  ")[2]
            name = re.match(r"( *)([\w.]+)(?: \[\w+\])?\(\)( \{|;)", text)
            if not name:
                continue
            depth = len(name.group(1)) // 2
            del stack[depth:]
            parent = stack[-1] if depth and len(stack) == depth else None
            call = Call(plain(name.group(2)), parent)
            if parent and (parent.name in SOFTIRQ or call.name in TRANSMIT):
                # A list of its own.
                call.where = parent if parent.name in SOFTIRQ else call
                call.parent = parent = None
            if call.name not in SOFTIRQ:
                (parent.calls if parent else roots).append(call)
            stack += [None] * (depth - len(stack)) + [call]
    return roots


def trees(path, port):
    """Of each journey to that port with payload: the lists of its calls."""
    with open(path, encoding="utf-8") as file:
        journeys = re.findall(r"^#\S+ \S+ tcp (.*?)\n(.*?)\n\n", file.read(), re.M | re.S)
    found = []
    for head, block in journeys:
        to, size = re.search(r"> \S+:(\d+) .* (\d+) bytes", head).groups()
        if to != port or size == "0":
            continue
        roots, stack, where = [], [], None
        for line in block.split("\n"):
            if re.match("   cpu.*:$", line):
                where = line, len(roots)
            name = re.search(r"\| ( *)(\w+)\(\)( \{|;)", line)
            if not name:
                continue
            depth = len(name.group(1)) // 2
            del stack[depth:]
            call = Call(name.group(2), stack[-1] if depth else None, where)
            (stack[-1].calls if depth else roots).append(call)
            stack.append(call)
        found.append(roots)
    return found


# A list of each kind has this, and is of one packet. What stands beside each other in the
# last is so because functions have returned, or have ended with a jump.
LISTS = (("send", TRANSMIT), ("bridge", {"br_handle_frame"}), ("receive", {"tcp_v4_rcv"}))


def names(roots):
    return {call.name for root in roots for call in root.all()}


def lists(roots):
    """Those of each kind: lists of roots."""
    found = {name: [] for name, _ in LISTS}
    run = []
    for root in roots:
        # A packet that was received begins here, and ends where another begins.
        if root.name == "__netif_receive_skb_core" or root.name in TRANSMIT or \
                (run and run[0].where != root.where):
            run = []
        run.append(root)
        for name, wanted in LISTS:
            if names(run) & wanted:
                found[name].append(run)
                break
    # One that goes on is the same list.
    return {name: list({id(run): run for run in runs}.values()) for name, runs in found.items()}


def edges(roots):
    return {(call.parent.name, call.name) for root in roots for call in root.all()
            if call.parent}


def ancestors(roots):
    found = set()
    for root in roots:
        for call in root.all():
            above = call.parent
            while above:
                found.add((above.name, call.name))
                above = above.parent
    return found


def neighbours(roots):
    """Which stand beside each other, the earlier first."""
    found = set()

    def look(calls):
        for i, call in enumerate(calls):
            found.update((before.name, call.name) for before in calls[:i])
            look(call.calls)
    look(roots)
    return found


def beside(left, right):
    left = [line for root in left for line in root.lines()]
    right = [line for root in right for line in root.lines()]
    wide = max(map(len, left + ["the kernel's function graph"])) + 2
    print("  %-*s%s" % (wide, "the kernel's function graph", "report --tree"))
    for i in range(max(len(left), len(right))):
        print("  %-*s%s" % (wide, left[i] if i < len(left) else "",
                            right[i] if i < len(right) else ""))


def listings(graph_path, tree_path, port):
    theirs = graph(graph_path)
    journeys = trees(tree_path, port)
    if not journeys:
        sys.exit("no journey to port %s with payload" % port)
    ours = max(journeys, key=lambda roots: len(names(roots)))
    left, right = lists(theirs), lists(ours)
    wrong = []
    for name, _ in LISTS:
        if not right[name] or not left[name]:
            wrong.append("%s: no such list" % name)
            continue
        mine = max(right[name], key=lambda run: len(names(run)))
        # In the graph are other packets, too: not all have payload, or pass all.
        other = min(left[name], key=lambda run: len(names(run) ^ names(mine)))
        print("%s:" % name)
        beside(other, mine)
        for extra, where in ((names(other) - names(mine), "graph"),
                             (names(mine) - names(other), "tree")):
            if extra:
                wrong.append("%s: only in the %s: %s" % (name, where, sorted(extra)))
        for pair in sorted(edges(mine) - ancestors(other)):
            wrong.append("%s: %s did not call %s" % ((name,) + pair))
        jumps = (edges(other) - edges(mine)) & neighbours(mine)
        for pair in sorted(edges(other) - edges(mine) - jumps):
            wrong.append("%s: %s called %s" % ((name,) + pair))
        print("  %d functions; %d calls are the same, %d stand beside each other" %
              (len(names(mine)), len(edges(other) & edges(mine)), len(jumps)))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    {"symbols": symbols, "listings": listings}[sys.argv[1]](*sys.argv[2:])
