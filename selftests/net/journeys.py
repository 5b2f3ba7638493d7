# SPDX-License-Identifier: GPL-2.0
"""What tests expect of "skbtrace --json", read from standard input.

intact PROTO [MIN]           all journeys of PROTO between the scenario's
                             addresses, at least MIN of them with payload, are
                             intact and delivered
clean                        no journey is changed or unverified, nothing lost
path PROTO SPORT|DPORT=N HOP...
                             a journey with payload passed these hops in this
                             order; HOP is point@device, others may lie between
changed PROTO AFTER BEFORE [MIN]
                             journeys are changed, at least MIN, and all of them
                             between the hops AFTER and BEFORE (point@device)
none-changed                 no journey is changed
checksums PROTO CSUM MIN     the checksums of all journeys of PROTO with payload are
                             CSUM at each hop that has one; at least MIN journeys
whole PROTO DPORT COUNT HOP...
                             COUNT journeys of PROTO to DPORT (- for any) have
                             payload; each begins where it is sent, passes these
                             hops in this order, is intact and delivered. None
                             may lack hops but those whose probes the kernel
                             has skipped
regrouped MIN                TCP journeys with payload, MIN at least, merged and
                             split or not, are whole in that sense; what TCP does
                             not queue has come twice or out of order
dropped PROTO DPORT MIN MAX AFTER [REASON]
                             of the journeys of PROTO to DPORT from MIN to MAX
                             are dropped, for REASON, AFTER being the last hop
                             they pass; the others are delivered
threads PROTO DPORT DEV...   what they pass at these devices is done by the
                             devices' NAPI threads
avoids PROTO DPORT HOP...    no journey of PROTO to DPORT passes one of these hops
batched POINT BEFORE         some packet came to POINT before the one in front of
                             it had come to BEFORE, POINT and BEFORE being at
                             one device (point@device)
benign MIN                   no journey is changed, MIN at least have payload, and
                             where no record was lost and no probe missed all but
                             few are intact; prints what they come to, and why
branches PROTO DPORT COUNT DEV...
                             COUNT journeys of PROTO to DPORT, each of which is
                             intact, delivered, and has been to all these devices
retransmitted MIN            that many TCP journeys with payload, at least, are
                             said to be retransmissions
"""
import collections
import json
import os
import re
import sys


def without_hops(line):
    """Hops take the most time to read; who only counts wants those of a changed one."""
    head, hops, _ = line.partition(',"hops":[{')
    return line if not hops or '"payload":"changed"' in head else head + ',"hops":[]}'


# What was read last, and of which file.
last_read = (None, None)


def load(counting=False, file=None):
    """Of standard input; where several ask for the same it is read once."""
    global last_read
    file = file or sys.stdin
    stat = os.fstat(file.fileno())
    key = (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size, counting)
    if last_read[0] != key:
        last_read = (None, None)
        last_read = key, read(file, counting)
    return last_read[1]


def read_ahead(path, command):
    """So that processes that are forked off need not."""
    try:
        with open(path) as file:
            load(command in COUNTING, file)
    except (OSError, SystemExit):
        pass        # they will say so


def read(lines, counting):
    journeys, summary = [], None
    for number, line in enumerate(lines, 1):
        if counting:
            line = without_hops(line)
        try:
            item = json.loads(line)
        except ValueError as error:
            fail(f"line {number} is not JSON: {error}: {line[:200]}")
        if item["type"] == "summary":
            summary = item
        else:
            journeys.append(item)
    if summary is None:
        fail("no summary line")
    if summary["journeys"] != len(journeys):
        fail(f"{len(journeys)} journeys, but the summary says {summary}")
    return journeys, summary


def fail(why):
    print(why)
    sys.exit(1)


def hop_name(hop):
    return f'{hop["point"]}@{hop["dev"]}' if hop else "nothing"


def describe(journey):
    hops = " ".join(hop_name(h) + ("" if h["kind"] == "entry" else ":return") +
                    (f'({h["reason"]})' if h["reason"] else "")
                    for h in journey["hops"])
    return (f'{journey["proto"]} {journey["src"]}:{journey["sport"]} > '
            f'{journey["dst"]}:{journey["dport"]} payload_len '
            f'{journey["payload_len"]}: {journey["payload"]} '
            f'({journey["why"]}), {journey["end"]}: {hops}')


def of_proto(journeys, proto):
    return [j for j in journeys if j["proto"] == proto]


def ours(journey):
    ends = [journey[end] for end in ("src", "dst") if journey[end]]
    return all(end.startswith(("78.78.0.", "fd78:")) for end in ends)


def came_again(journey):
    """
    What came twice is dropped the second time. It may have been cut otherwise then,
    so what TCP itself refuses counts too: that all data arrive others have checked.
    """
    return journey["retransmission"] or (
        journey["proto"] == "tcp" and journey["end"] != "delivered" and passed(journey) and
        passed(journey)[-1]["point"] in ("tcp_v4_rcv", "tcp_v6_rcv"))


def intact(journeys, _, proto, least="1"):
    mine = [j for j in of_proto(journeys, proto) if ours(j)]
    for journey in mine:
        if journey["payload"] != "intact":
            fail("not intact: " + describe(journey))
        # The last acknowledgement is dropped if the socket is gone.
        if (journey["end"] != "delivered" and journey["payload_len"] and
                not came_again(journey)):
            fail("not delivered: " + describe(journey))
    full = [j for j in mine if j["payload_len"] and j["end"] == "delivered"]
    if len(full) < int(least):
        fail(f"{len(full)} {proto} journeys with payload, wanted {least}")
    print(f"{len(mine)} {proto} journeys, {len(full)} with payload")


def clean(journeys, summary):
    for journey in journeys:
        if journey["payload"] != "intact":
            fail("not intact: " + describe(journey))
    if not journeys or summary["lost"]:
        fail(f"nothing seen, or records lost: {summary}")


def passes(journey, wanted):
    names = iter(hop_name(h) for h in journey["hops"] if h["kind"] == "entry")
    for want in wanted:
        if want not in names:       # goes on where the last one was found
            return want
    return None


def path(journeys, _, proto, port, *wanted):
    name, number = port.split("=")
    mine = [j for j in of_proto(journeys, proto)
            if j["payload_len"] and j[name.lower()] == int(number)]
    if not mine:
        fail(f"no {proto} journey with {port} and payload")
    missing = None
    for journey in mine:
        missing = passes(journey, wanted)
        if missing is None:
            return
    fail(f"no {missing} in its place: " + describe(mine[-1]))


def changed(journeys, _, proto, after, before, least="1"):
    found = [j for j in journeys if j["payload"] == "changed"]
    for journey in found:
        where = journey["changed"]
        got = (hop_name(where["after"]), hop_name(where["before"]))
        if journey["proto"] != proto or got != (after, before):
            fail(f"changed after {got[0]} before {got[1]}: " +
                 describe(journey))
    if len(found) < int(least):
        fail(f"{len(found)} changed journeys, wanted {least}:\n" +
             "\n".join(describe(j) for j in of_proto(journeys, proto)[:8]))


def checksums(journeys, _, proto, csum, least):
    """What is known of their checksums is CSUM at all hops, five at least."""
    found = 0
    for journey in [j for j in of_proto(journeys, proto) if ours(j) and j["payload_len"]]:
        said = [hop["csum"] for hop in journey["hops"] if hop["csum"]]
        # TCP leaves it to the device, or to the last who can before it.
        while proto == "tcp" and said and said[0] == "partial" != csum:
            said.pop(0)
        if [other for other in said if other != csum]:
            fail(f"checksums {said}: " + describe(journey))
        found += len(said) >= 5
    if found < int(least):
        fail(f"{found} {proto} journeys with checksums, wanted {least}")


def none_changed(journeys, _):
    for journey in journeys:
        if journey["payload"] == "changed":
            fail("changed: " + describe(journey))


BIRTHS = ("__tcp_transmit_skb", "tcp_transmit_skb", "ip_send_skb", "ip6_send_skb")
# Where the kernel has inlined what they are sent with.
ICMP_BIRTHS = ("ip_output", "ip6_output")


def excused_of(summary, number):
    """A probe that was missed leaves one journey without a hop, or in two."""
    return min(summary["missed"], max(1, number // 20))


def passed(journey):
    return [h for h in journey["hops"] if h["kind"] == "entry" and h["crc32c"]]


def sent_to(journeys, proto, dport):
    return [j for j in of_proto(journeys, proto)
            if ours(j) and j["payload_len"] and dport in ("-", str(j["dport"]))]


def sent(journey):
    """Does it begin where it is sent?"""
    first = (passed(journey) or [{"point": None}])[0]["point"]
    return first in BIRTHS or (first in ICMP_BIRTHS and journey["proto"].startswith("icmp"))


def flaw(journey, wanted=()):
    """Why a journey is not whole, None if it is."""
    missing = passes(journey, wanted)
    if journey["payload"] != "intact":
        return "not intact"
    if not sent(journey):
        return "does not begin where it is sent"
    if missing is not None:
        return f"no {missing} in its place"
    if journey["end"] != "delivered" and not came_again(journey):
        return "not delivered"
    return None


def fail_if_flawed(flawed, number):
    """Fail with an example of each flaw."""
    examples = {why: journey for why, journey in reversed(flawed) if why}
    if examples:
        fail(f"{sum(bool(why) for why, _ in flawed)} of {number}:\n" + "\n".join(
            f"{why}: {describe(journey)}" for why, journey in examples.items()))


def whole(journeys, summary, proto, dport, count, *wanted):
    mine = sent_to(journeys, proto, dport)
    flaws = [(why, j) for why, j in ((flaw(j, wanted), j) for j in mine) if why]
    excused = excused_of(summary, len(mine))
    wrong = [(why, j) for why, j in flaws
             if len(flaws) > excused or j["payload"] == "changed" or j["end"] == "dropped"]
    print(f'{summary["missed"]} probes missed, {len(flaws)} of {len(mine)} not whole')
    fail_if_flawed(wrong, len(mine))
    number = len(mine) - len(flaws)
    if not int(count) - excused <= number <= int(count):
        fail(f"{number} whole {proto} journeys with payload, wanted {count}")


def regrouped(journeys, summary, least):
    mine = sent_to(journeys, "tcp", "-")
    flaws = [(why, j) for why, j in ((flaw(j), j) for j in mine) if why]
    excused = excused_of(summary, len(mine))
    print(f'{summary["missed"]} probes missed, {len(flaws)} of {len(mine)} not whole')
    fail_if_flawed([(why, j) for why, j in flaws
                    if len(flaws) > excused or j["payload"] == "changed"], len(mine))
    if len(mine) - len(flaws) < int(least):
        fail(f"{len(mine) - len(flaws)} whole, wanted {least}")


def drop_flaw(journey, after, reason):
    reasons = [h["reason"] for h in journey["hops"] if h["reason"]]
    last = hop_name(passed(journey)[-1])
    if journey["payload"] != "intact":
        return "not intact"
    if journey["end"] != "dropped":
        return f'ends {journey["end"]}'
    if last != after:
        return f"dropped after {last}"
    if reason and reason not in reasons:
        return f"reasons {reasons}"
    return None


def dropped(journeys, summary, proto, dport, least, most, after, reason=None):
    mine = sent_to(journeys, proto, dport)
    ended = [j for j in mine if j["end"] != "delivered"]
    flaws = [(why, j) for why, j in ((drop_flaw(j, after, reason), j) for j in ended) if why]
    excused = excused_of(summary, len(mine))
    print(f'{summary["missed"]} probes missed, {len(ended)} of {len(mine)} not delivered')
    fail_if_flawed([(why, j) for why, j in flaws
                    if len(flaws) > excused or j["end"] == "dropped"], len(mine))
    number = len(ended) - len(flaws)
    if not int(least) - excused <= number <= int(most):
        fail(f"{number} dropped, wanted {least} to {most}")


def threads(journeys, _, proto, dport, *devices):
    mine = sent_to(journeys, proto, dport)
    flawed = []
    for journey in mine:
        for hop in passed(journey):
            # A name of a task has 15 bytes.
            if (hop["point"] == "__netif_receive_skb_core" and hop["dev"] in devices and
                    (hop["ctx"], hop["comm"]) != ("task", ("napi/" + hop["dev"] + "-")[:15])):
                flawed.append((f'{hop_name(hop)} in {hop["ctx"]} {hop["comm"]}', journey))
    fail_if_flawed(flawed, len(mine))
    if not mine:
        fail(f"no {proto} journey")


def avoids(journeys, _, proto, dport, *hops):
    mine = sent_to(journeys, proto, dport)
    fail_if_flawed([(f"passes {hop_name(h)}", j) for j in mine for h in passed(j)
                    if hop_name(h) in hops], len(mine))
    if not mine:
        fail(f"no {proto} journey")


def batched(journeys, _, point, before):
    seen = sorted((h["ts_ns"], hop_name(h)) for j in journeys for h in passed(j))
    waiting = most = 0
    for _, name in seen:
        waiting += (name == point) - (name == before)
        most = max(most, waiting)
    print(f"{most} at once")
    if most < 2:
        fail("never two")


# One in so many may be unverified although nothing is known to be missing.
FEW = 50


def reason(journey):
    """Why it is unverified, without what differs from one to the next."""
    return re.sub(r"\d+", "N", journey["why"] or "no reason given")


def benign(journeys, summary, least):
    full = sum(bool(j["payload_len"]) for j in journeys)
    why = collections.Counter(reason(j) for j in journeys if j["payload"] == "unverified")
    print(f'{len(journeys)} journeys, {full} with payload: {summary["intact"]} intact, '
          f'{summary["changed"]} changed, {summary["unverified"]} unverified; '
          f'{summary["dropped"]} dropped; {summary["lost"]} records lost, '
          f'{summary["missed"]} probes missed')
    for text, number in why.most_common():
        print(f"unverified {number}: {text}")
    none_changed(journeys, summary)
    if full < int(least):
        fail(f"{full} journeys with payload, wanted {least}")
    if "no reason given" in why:
        fail("unverified without a reason")
    # How many were overwritten before anybody read nobody knows: it is not in "lost".
    overwritten = any(text.startswith("older records") for text in why)
    if (not summary["lost"] and not summary["missed"] and not overwritten and
            summary["unverified"] * FEW > len(journeys)):
        fail(f"more than one in {FEW} unverified, and nothing lost or missed")


def branches(journeys, _, proto, dport, count, *devices):
    mine = [j for j in of_proto(journeys, proto) if str(j["dport"]) == dport]
    flawed = []
    for journey in mine:
        absent = set(devices) - {h["dev"] for h in journey["hops"]}
        flawed.append((f"not at {sorted(absent)}" if absent else flaw(journey), journey))
    fail_if_flawed(flawed, len(mine))
    if len(mine) != int(count):
        fail(f"{len(mine)} {proto} journeys, wanted {count}")


def retransmitted(journeys, _, least):
    number = sum(j["retransmission"] and bool(j["payload_len"])
                 for j in of_proto(journeys, "tcp"))
    if number < int(least):
        fail(f"{number} are said to be retransmissions, wanted {least}")


COUNTING = ("benign", "retransmitted")


def main(command, *arguments):
    {"intact": intact, "clean": clean, "path": path,
     "changed": changed, "checksums": checksums,
     "none-changed": none_changed,
     "whole": whole, "regrouped": regrouped, "dropped": dropped,
     "threads": threads, "avoids": avoids, "batched": batched,
     "benign": benign, "branches": branches,
     "retransmitted": retransmitted}[command](*load(command in COUNTING), *arguments)


if __name__ == "__main__":
    # Not this one: that which has read the file, in crew.py.
    import journeys
    journeys.main(*sys.argv[1:])
