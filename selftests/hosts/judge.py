# SPDX-License-Identifier: GPL-2.0
"""Is what the reader says of two hosts right?  judge.py REPORT RELAY-LOG

REPORT is "skbtrace report --json" of both recordings. A line of KTAP for each case, and
in the end a table of them.
"""
import collections
import json
import sys

SENT = ("host-1", "dev_hard_start_xmit", "eth0")
CAME = ("host-2", "gro", "eth0")


class Packets:
    def __init__(self, path):
        self.by_port = collections.defaultdict(list)
        self.others = []
        journeys = {}
        for line in open(path):
            item = json.loads(line)
            if item["type"] == "journey":
                journeys[item["host"], item["id"]] = item
            elif item["type"] == "packet":
                parts = [journeys.pop((part["host"], part["id"])) for part in item["journeys"]]
                item["parts"] = parts
                first = parts[0]
                port = first["dport"]
                if (first["src"] or "").startswith("10.9.0.1") and port and port >= 7000:
                    self.by_port[port].append(item)
                else:
                    self.others.append(item)
            elif item["type"] == "hosts":
                self.hosts = item
            elif item["type"] == "summary":
                self.summary = item

    def with_payload(self, port):
        return [p for p in self.by_port[port] if p["parts"][0]["payload_len"]]


def place(hop):
    point = hop["point"] or ""
    return (hop["host"], "gro" if "gro_receive" in point else point, hop["dev"])


def is_between(packet):
    changed = packet["changed"]
    return changed and place(changed["after"]) == SENT and place(changed["before"]) == CAME


def is_on(packet, host):
    changed = packet["changed"]
    return changed and changed["after"]["host"] == changed["before"]["host"] == host


def results(packets):
    return collections.Counter(c["result"] for p in packets for c in p["crossings"])


def verdicts(packets):
    return collections.Counter(p["payload"] for p in packets)


def describe(packets):
    return f"{dict(verdicts(packets))}, between {dict(results(packets))}"


def main(report, relay):
    all_of = Packets(report)
    lost = sum(int(line.split()[1]) for line in open(relay) if line.startswith("lossy "))
    tests, table = [], []

    def case(name, expected, packets, right):
        tests.append((name, right))
        table.append((name, expected, describe(packets), right))
        if not right:
            for packet in packets[:6]:
                print("#", json.dumps({k: v for k, v in packet.items() if k != "parts"})[:1500])

    def of(port):
        return all_of.with_payload(port)

    def every(packets, count, payload, result, more=lambda packet: True):
        return (len(packets) == count and verdicts(packets) == {payload: count} and
                results(packets).keys() == {result} and all(more(p) for p in packets))

    # The first may have come before it was traced there.
    plain = of(7000)
    while plain and not plain[0]["crossings"]:
        plain.pop(0)
    answers = [p for p in all_of.others if p["parts"][0]["sport"] == 7000 and
               p["parts"][0]["src"] == "10.9.0.2"]
    for name, packets in ("datagrams", plain), ("their answers", answers):
        case(name, "intact", packets,
             len(packets) >= 30 and verdicts(packets).keys() == {"intact"} and
             results(packets) == {"same": len(packets)} and
             all(len(p["journeys"]) == 2 for p in packets))
    case("changed on the sending host", "changed on host-1", of(7001),
         every(of(7001), 3, "changed", "same", lambda p: is_on(p, "host-1")))
    case("changed on the receiving host", "changed on host-2", of(7002),
         every(of(7002), 3, "changed", "same", lambda p: is_on(p, "host-2")))
    case("changed on the wire", "changed between them", of(7003),
         every(of(7003), 3, "changed", "changed", is_between))
    case("lost on the wire", "lost between them", of(7004),
         len(of(7004)) == 5 and verdicts(of(7004)) == {"intact": 5} and
         results(of(7004)) == {"same": 2, "lost": 3})
    case("duplicated", "intact, twice", of(7005),
         len(of(7005)) == 3 and results(of(7005)) == {"same": 6} and
         verdicts(of(7005)) == {"intact": 3} and
         all(sum(c["duplicate"] for c in p["crossings"]) == 1 for p in of(7005)))
    case("reordered", "intact", of(7006), every(of(7006), 5, "intact", "same"))
    unnumbered = of(7007)
    case("changed on the wire, from sockets that are not connected", "changed between them, or unverified", unnumbered,
         2 <= len(unnumbered) <= 4 and
         all(is_between(p) for p in unnumbered if p["payload"] == "changed") and
         sum(p["payload"] != "intact" for p in unnumbered) + results(unnumbered)["lost"] >= 2)
    case("likewise, one alone",
         "changed between them", of(7008), every(of(7008), 1, "changed", "changed", is_between)
         or all_of.summary["missed"])
    stream = of(8000)
    case("TCP", "intact", stream,
         len(stream) > 5 and verdicts(stream).keys() == {"intact"} and
         results(stream).keys() == {"same"})
    stream = of(8001)
    wrong = [p for p in stream if p["payload"] == "changed"]
    case("TCP, one segment changed on the wire", "one changed between them", stream,
         len(wrong) == 1 and is_between(wrong[0]) and "unverified" not in verdicts(stream))
    stream = of(8002)
    case(f"TCP, {lost} segments lost on the wire", "intact, so many lost", stream,
         lost >= 3 and "changed" not in verdicts(stream) and
         results(stream)["lost"] == lost and verdicts(stream)["unverified"] == 0)
    others = all_of.others
    case("all else", "none changed", others,
         len(others) > 20 and "changed" not in verdicts(others))
    clocks = all_of.hosts["clocks"]
    ahead = clocks[0]["ahead_ns"] / 1e9 if clocks else 0
    uncertain = clocks[0]["uncertain_ns"] / 1e6 if clocks else 1e9
    # Both clocks were set by the second.
    tests.append((f"clocks: {ahead:.3f} s apart, known to {uncertain:.3f} ms",
                  7.9 < ahead < 11.1 and uncertain < 200))
    tests.append(("no records were lost", all_of.summary["lost"] == 0))

    print(f"1..{len(tests)}")
    for number, (name, right) in enumerate(tests, 1):
        print("ok" if right else "not ok", number, name)
    print("#\n# | case | expected | verdict | right |\n# |---|---|---|---|")
    for name, expected, got, right in table:
        print(f"# | {name} | {expected} | {got} | {'yes' if right else 'NO'} |")
    return 0 if all(right for _, right in tests) else 1


sys.exit(main(*sys.argv[1:]))
