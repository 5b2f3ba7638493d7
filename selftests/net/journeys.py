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
"""
import json
import sys


def load():
    journeys, summary = [], None
    for number, line in enumerate(sys.stdin, 1):
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
    hops = " ".join(hop_name(h) + ("" if h["kind"] == "entry" else ":return")
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


def intact(journeys, _, proto, least="1"):
    mine = [j for j in of_proto(journeys, proto) if ours(j)]
    for journey in mine:
        if journey["payload"] != "intact":
            fail("not intact: " + describe(journey))
        # What came twice is dropped the second time.
        if journey["end"] != "delivered" and not journey["retransmission"]:
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


def none_changed(journeys, _):
    for journey in journeys:
        if journey["payload"] == "changed":
            fail("changed: " + describe(journey))


if __name__ == "__main__":
    command = {"intact": intact, "clean": clean, "path": path,
               "changed": changed, "none-changed": none_changed}[sys.argv[1]]
    command(*load(), *sys.argv[2:])
