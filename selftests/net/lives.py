# SPDX-License-Identifier: GPL-2.0
"""Reads the trace as text: is each life of one skb, and over when that is freed?"""
import collections
import re
import sys

ENDS = {"kfree_skbmem", "kfree_skb_partial", "napi_skb_free_stolen_head",
        "__napi_kfree_skb", "__kfree_skb_defer", "skb_attempt_defer_free"}
LINE = re.compile(r"\s*[\d.]+\s+\d+ \w+\s+\d+ \S+\s+(\S+)\s+([0-9a-f]+) .*\blife=(\d+)")
TIME_MAX_NS = 4 * 10 ** 9


def main():
    address = {}                            # of a life
    over = {}                               # lives, and what ended them
    returns = collections.Counter()
    wrong = []
    for line in sys.stdin:
        found = LINE.match(line)
        if not found:
            continue
        point, skb, life = found.groups()
        if address.setdefault(life, skb) != skb:
            wrong.append(f"life {life} is at {address[life]} and at {skb}")
        # A function may return after it has had the skb freed.
        if ":return" in point:
            took = int(re.search(r"took=(\d+)ns", line).group(1))
            if took > TIME_MAX_NS:
                wrong.append(f"{point} took {took} ns")
            returns[point] += 1
        elif life in over and point not in ENDS:
            wrong.append(f"life {life} goes on at {point} after {over[life]}")
        if point in ENDS:
            over[life] = point
    print(f"{len(address)} lives, {len(over)} of them over, {sum(returns.values())} returns")
    for line in wrong[:10]:
        print(line)
    sys.exit(bool(wrong) or len(over) < 100)


main()
