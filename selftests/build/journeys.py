#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Many journeys of few, for database.sh.

journeys.py make HOST COUNT DAYS    lines that "skbtrace report --json" printed come in; COUNT
                                    of their journeys go out, of the last DAYS days, as if
                                    HOST had seen them
journeys.py expect HOST COUNT DAYS  what of these is to be found: for each pair of hops the
                                    host, the pair and how many of the last week
"""
import collections
import datetime
import json
import re
import sys

START = re.compile(r'"start":"[^"]*"')
ID = re.compile(r'"id":"[^"]*"')


def lines_of(host, count, days):
    """Each host has another share of what came in; a line and when it began, one by one."""
    lines = [line for line in sys.stdin if '"type":"journey"' in line]
    salt = sum(map(ord, host))
    now = datetime.datetime.now(datetime.timezone.utc)
    for n in range(count):
        # The longest ago first, none of them at the edge of the week.
        age = days * 86400 * (count - n - 0.5) / count
        yield n, lines[(n * 7 + salt) % len(lines)], now - datetime.timedelta(seconds=age), age


def make(host, count, days):
    for n, line, start, _ in lines_of(host, count, days):
        text = start.strftime('%Y-%m-%dT%H:%M:%S.%f') + '000Z'
        sys.stdout.write(ID.sub('"id":"%d.0"' % n, START.sub('"start":"%s"' % text, line), 1))


def expect(host, count, days):
    found = collections.Counter()
    for _, line, _, age in lines_of(host, count, days):
        if '"payload":"changed"' in line and age < 7 * 86400:
            change = json.loads(line)["changed"]
            after, before = change["after"], change["before"]
            found["|".join((host, "%s on %s" % (after["point"], after["dev"]),
                            "%s on %s" % (before["point"], before["dev"])))] += 1
    for pair, nr in sorted(found.items()):
        print("%s|%d" % (pair, nr))


{"make": make, "expect": expect}[sys.argv[1]](sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
