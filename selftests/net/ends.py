# SPDX-License-Identifier: GPL-2.0
"""What became of packets, in "skbtrace --json" on standard input.

ends.py PROTO BYTES END [KEY=REGEX]...

The journeys of PROTO with so many bytes of payload, one at least, are intact and end END
(delivered, dropped, freed, open), each of them: - for any number, and for any end. KEY is
detail (more of the end), last (the last hop that looked at the packet, point@device),
reason (of the drop), csum (what was found of its checksum, at all hops), delivered, dropped
or taps (how many copies were), or journeys.
"""
import re
import sys

from journeys import describe, fail, hop_name, load, passed


def value(journey, key):
    if key == "detail":
        return journey["end_detail"] or ""
    if key == "last":
        return hop_name(passed(journey)[-1])
    if key == "reason":
        return " ".join(h["reason"] for h in journey["hops"] if h["reason"])
    if key == "csum":
        return " ".join(h["csum"] for h in journey["hops"] if h["csum"])
    return str(journey["copies"][key])


def main(proto, size, end, *wanted):
    journeys, _ = load()
    mine = [j for j in journeys
            if j["proto"] == proto and size in ("-", str(j["payload_len"]))]
    if not mine:
        fail(f"no {proto} journey with {size} bytes: " +
             ", ".join(f"{j['proto']} {j['payload_len']}" for j in journeys))
    keys = dict(text.split("=", 1) for text in wanted)
    number = keys.pop("journeys", str(len(mine)))
    for journey in mine:
        if journey["payload"] != "intact":
            fail("not intact: " + describe(journey))
        if end not in ("-", journey["end"]):
            fail(f"{journey['end']}, {journey['end_detail']}: " + describe(journey))
        for key, pattern in keys.items():
            if not re.search(pattern, value(journey, key)):
                fail(f"{key} is \"{value(journey, key)}\", not {pattern}; {journey['end']}, "
                     f"{journey['end_detail']}, {journey['copies']}: " + describe(journey))
    if number != str(len(mine)):
        fail(f"{len(mine)} journeys, not {number}:\n" + "\n".join(map(describe, mine)))
    print(f"{len(mine)} journeys")


if __name__ == "__main__":
    main(*sys.argv[1:])
