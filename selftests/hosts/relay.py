#!/usr/bin/python3 -ES
# SPDX-License-Identifier: GPL-2.0
"""The wire between two virtual machines: it may damage, lose, repeat and delay frames.

	relay.py PORT-OF-A PORT-TO-A PORT-OF-B PORT-TO-B

QEMU's socket network puts a frame into a UDP datagram: the machines send from the ports
OF them to the ports TO them, which are ours. What is to happen to a frame it says itself, in
its payload, however deep in tunnels:

	relay:swap	two words of 16 bits change places: no checksum of the Internet's
			notices, and the application gets other bytes
	relay:lose	it is lost
	relay:twice	it comes twice
	relay:late	it comes after the next five frames, or after 50 ms
	relay:lossy	one in 40 of these is lost

Of a stream that is marked by "relay:swap" the first packet alone is damaged; what is sent
again is right.
"""

import select
import signal
import socket
import sys
import time

LATE_FRAMES, LATE_SECONDS = 5, 0.05
LOSSY = 40


class Way:
    """From one machine to the other."""

    def __init__(self, source, to):
        self.source, self.to = source, to
        self.late = []
        self.lossy = 0
        self.lost = 0
        self.swapped = set()

    def send(self, frame):
        self.source.peer.sendto(frame, ("127.0.0.1", self.to))

    def swap(self, frame, at):
        """Behind the mark stands where: words that differ."""
        begin = (at + len(b"relay:swap 0000 ") + 1) & ~1
        for i in range(begin, len(frame) - 4, 2):
            if frame[i:i + 2] != frame[i + 2:i + 4]:
                return frame[:i] + frame[i + 2:i + 4] + frame[i:i + 2] + frame[i + 4:]
        return frame

    def relay(self, frame):
        at = frame.find(b"relay:")
        mark = frame[at + 6:at + 12].split(b" ")[0] if at >= 0 else b""
        if mark == b"swap":
            # Once: a number stands behind the mark.
            number = frame[at:at + 16]
            if number not in self.swapped:
                self.swapped.add(number)
                frame = self.swap(frame, at)
        if mark == b"lossy":
            self.lossy += 1
        if mark == b"lossy" and self.lossy % LOSSY == 0:
            self.lost += 1
        elif mark == b"lose":
            pass
        elif mark == b"late":
            self.late.append([LATE_FRAMES, time.monotonic() + LATE_SECONDS, frame])
            return
        else:
            self.send(frame)
        if mark == b"twice":
            self.send(frame)
        for entry in self.late:
            entry[0] -= 1
        self.flush()

    def flush(self):
        now = time.monotonic()
        while self.late and (self.late[0][0] <= 0 or self.late[0][1] <= now):
            self.send(self.late.pop(0)[2])


class Port:
    def __init__(self, number):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", number))

    def fileno(self):
        return self.socket.fileno()


def main():
    of_a, to_a, of_b, to_b = (int(word) for word in sys.argv[1:])
    a, b = Port(to_a), Port(to_b)
    ways = {a: Way(a, of_b), b: Way(b, of_a)}
    # A machine takes frames from the port that it sends to, and from no other.
    a.peer, b.peer = b.socket, a.socket
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        relay(a, b, ways)
    finally:
        print("lossy", sum(way.lost for way in ways.values()), flush=True)


def relay(a, b, ways):
    while True:
        ready, _, _ = select.select([a, b], [], [], 0.01)
        for port in ready:
            ways[port].relay(port.socket.recv(65536))
        for way in ways.values():
            way.flush()


main()
