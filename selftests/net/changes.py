# SPDX-License-Identifier: GPL-2.0
"""Where "skbtrace --json", on standard input, says that payload was changed.

only PLACES PACKETS...       the journeys of these packets are changed at PLACES,
                             each as often as it came there, and no other journey
                             is changed anywhere
during PLACES FROM TO PORT   TCP journeys from PORT are changed there if they were
                             there from FROM to TO (ns of CLOCK_MONOTONIC), and not
                             if they left before or came after; no others are
seen PLACES NUMBER           journeys whose digests differ there are changed there,
                             and none is elsewhere; NUMBER (- for any) of them are
                             delivered
stacks PLACES                so it is, and each change has the stacks of both hops

PLACES are AFTER..BEFORE with commas between them, or -; each end is a point@device, a
point that has several names is name|name. PACKETS are PROTO/4|6/PORT/BYTES/MIN: those to or
from PORT with so many bytes of payload or more, MIN of them at least.
"""
import sys
from collections import Counter

from journeys import describe, fail, hop_name, load, passed

# The reader names so many changes of one journey and counts the rest.
NAMED_MOST = 32


class Place:
    def __init__(self, text):
        self.text = text
        self.after, self.before = (self.names(end) for end in text.split(".."))

    @staticmethod
    def names(end):
        points, dev = end.split("@")
        return {f"{point}@{dev}" for point in points.split("|")}

    def is_at(self, change):
        return (hop_name(change["after"]) in self.after and
                hop_name(change["before"]) in self.before)


def places_of(text):
    return [] if text == "-" else [Place(place) for place in text.split(",")]


def changes(journey):
    first = journey["changed"]
    return [first] + first["further"] if first else []


def where(change, places):
    """The name of the place, or of the two hops if it is none of these."""
    for place in places:
        if place.is_at(change):
            return place.text
    return f'{hop_name(change["after"])}..{hop_name(change["before"])}'


def counts(journey, places):
    return Counter(where(change, places) for change in changes(journey))


def expected(journey, places, least):
    """How often it came to each place with as many bytes."""
    return Counter(place.text for place in places for hop in passed(journey)
                   if hop_name(hop) in place.after and hop["payload_len"] >= least)


def is_named(journey, packet):
    proto, family, port, _, _ = packet.split("/")
    return (journey["proto"] == proto and
            (":" in (journey["src"] or "")) == (family == "6") and
            int(port) in (journey["sport"], journey["dport"]))


def fail_if_elsewhere(journeys, allowed):
    for journey in journeys:
        if journey["payload"] == "changed" and journey["id"] not in allowed:
            fail(f"should not be changed: {dict(counts(journey, []))} in " +
                 describe(journey))


def only(journeys, _, places, *packets):
    places = places_of(places)
    affected = set()
    for packet in packets:
        least, minimum = map(int, packet.split("/")[3:])
        mine = [j for j in journeys
                if is_named(j, packet) and j["payload_len"] >= least]
        for journey in mine:
            affected.add(journey["id"])
            got, want = counts(journey, places), expected(journey, places, least)
            # What a hop has written may be in the socket's queue as well.
            if journey["retransmission"] and not got:
                continue
            if sum(want.values()) > NAMED_MOST:
                wrong = sum(got.values()) != NAMED_MOST or set(got) - set(want)
            else:
                wrong = got != want
            if wrong or not got:
                fail(f"changed {dict(got)}, wanted {dict(want)}: " + describe(journey))
        if len(mine) < minimum:
            fail(f"{len(mine)} of {packet}")
    fail_if_elsewhere(journeys, affected)
    print(f"{len(affected)} journeys changed")


def times(journey, place):
    """When it came to a place, and when it left it."""
    after = [h["ts_ns"] for h in passed(journey) if hop_name(h) in place.after]
    before = [h["ts_ns"] for h in passed(journey) if hop_name(h) in place.before]
    return (after[0], before[0]) if after and before else None


def during(journeys, _, places, begin, end, port):
    place, = places_of(places)
    begin, end = int(begin), int(end)
    affected = set()
    number = 0
    for journey in journeys:
        if (journey["proto"], journey["sport"]) != ("tcp", int(port)):
            continue
        if not journey["payload_len"] or not times(journey, place):
            continue
        came, left = times(journey, place)
        if came > end or left < begin:
            continue
        affected.add(journey["id"])
        if came > begin or left < end:
            continue
        number += 1
        if counts(journey, [place]) != {place.text: 1}:
            fail(f"changed {dict(counts(journey, [place]))}: " + describe(journey))
    fail_if_elsewhere(journeys, affected)
    print(f"{number} journeys were there")
    if not number:
        fail("none was there at that time")


def differs(journey, place):
    """Did as many bytes have another digest behind the place?"""
    ends = [next(((h["payload_len"], h["crc32c"]) for h in passed(journey)
                  if hop_name(h) in names), None) for names in (place.after, place.before)]
    return all(ends) and ends[0][0] == ends[1][0] and ends[0] != ends[1]


def seen(journeys, _, places, number):
    place, = places_of(places)
    affected = [j for j in journeys if differs(j, place)]
    for journey in journeys:
        got = counts(journey, [place])
        if set(got) - {place.text} or (journey in affected and not got):
            fail(f"changed {dict(got)}: " + describe(journey))
    delivered = sum(j["end"] == "delivered" for j in affected)
    print(f"{len(affected)} journeys changed, {delivered} of them delivered")
    if number != "-" and (delivered != int(number) or not affected):
        fail(f"delivered were {number}")


def stacks(journeys, _, places):
    found = 0
    for journey in journeys:
        for change in changes(journey):
            if where(change, places_of(places)) not in places.split(","):
                fail("elsewhere: " + describe(journey))
            for hop in change.values():
                if isinstance(hop, dict) and not hop["stack"]:
                    fail(f"no stack at {hop_name(hop)}")
            found += 1
    if not found:
        fail("no change")


if __name__ == "__main__":
    command = {"only": only, "during": during, "seen": seen, "stacks": stacks}[sys.argv[1]]
    command(*load(), *sys.argv[2:])
