# SPDX-License-Identifier: GPL-2.0
"""latency.py RECEIVER SENDER ADDRESS COUNT: datagrams to one who waits in epoll.

One each two milliseconds: the CPU is idle in between.
"""
import ctypes
import os
import select
import socket
import sys
import time

PORT = 7879
CLONE_NEWNET = 0x40000000


def socket_in(netns):
    """A socket stays in the namespace it was made in."""
    with open("/run/netns/" + netns) as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def main():
    receiver, sender, address, count = sys.argv[1:]
    incoming = socket_in(receiver)
    incoming.bind((address, PORT))
    outgoing = socket_in(sender)
    poll = select.epoll()
    poll.register(incoming, select.EPOLLIN)
    child = os.fork()
    if not child:
        for _ in range(int(count)):
            outgoing.sendto(b"x" * 64, (address, PORT))
            time.sleep(0.002)
        os._exit(0)
    for _ in range(int(count)):
        if not poll.poll(120):
            os.kill(child, 9)
            sys.exit("latency.py: no more datagrams come")
        incoming.recv(100)
    os.waitpid(child, 0)


main()
