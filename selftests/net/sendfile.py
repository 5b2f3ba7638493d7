# SPDX-License-Identifier: GPL-2.0
"""A file that is overwritten while it is on its way: sendfile.py ADDRESS FILE

Sends FILE with sendfile() to the first who connects to port 8080, overwrites it, and
prints when that began and when it was done (ns of CLOCK_MONOTONIC).
"""
import os
import socket
import sys
import time


def main(address, path):
    server = socket.create_server((address, 8080), family=socket.AF_INET6, dualstack_ipv6=True)
    peer, _ = server.accept()
    file = os.open(path, os.O_RDWR)
    size = os.fstat(file).st_size
    if os.sendfile(peer.fileno(), file, 0, size) != size:
        sys.exit("not all sent at once")
    begin = time.monotonic_ns()
    os.pwrite(file, b"Z" * size, 0)
    print(begin, time.monotonic_ns())


if __name__ == "__main__":
    main(*sys.argv[1:])
