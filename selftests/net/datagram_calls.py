# SPDX-License-Identifier: GPL-2.0
"""Datagrams, by calls that send and get them in parts, several at once, or just look:

    datagram_calls.py receive PORT
    datagram_calls.py send ADDRESS PORT
    datagram_calls.py judge FLOWS PORT

Both sides print how many came, and their digest. judge reads what "skbtrace messages --by
flow --json" has said: nothing may be called changed, and what was sent and got whole is
verified.
"""
import hashlib
import json
import socket
import sys
import time

import libc_calls as libc
from applications import SO_RCVBUFFORCE, content

NUMBER = 25
# How each is sent, one after the other; and got.
WAYS = ("plain", "more", "many", "pieces", "corked")
END = b"END"


def corked(peer, data):
    peer.setsockopt(socket.IPPROTO_UDP, 1, 1)       # UDP_CORK
    peer.send(data[:700])
    peer.send(data[700:])
    peer.setsockopt(socket.IPPROTO_UDP, 1, 0)


def more(peer, data):
    peer.send(data[:300], socket.MSG_MORE)
    peer.send(data[300:])


SENDERS = {
    "plain": lambda peer, data: peer.send(data),
    "more": more,
    "many": lambda peer, data: libc.sendmmsg(peer, [[data[:5], data[5:]]]),
    "pieces": lambda peer, data: peer.sendmsg([data[:1], b"", data[1:900], data[900:]]),
    "corked": corked,
}


def send(address, port):
    peer = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    peer.connect((address, port))
    total = hashlib.md5()
    for i in range(NUMBER):
        for way in WAYS:
            data = content(1000 + 37 * i, i)
            SENDERS[way](peer, data)
            total.update(data)
            time.sleep(0.01)
    time.sleep(0.3)
    peer.send(END)
    print(NUMBER * len(WAYS), total.hexdigest())


def receive(port):
    peer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    peer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    peer.bind(("::", port))
    total, number = hashlib.md5(), 0
    while True:
        how = number % 4
        if how == 0:
            peer.recv(100, socket.MSG_PEEK)
            data = peer.recv(65536)
        elif how == 1:
            # Part of it, and how long it was.
            size = len(peer.recv(65536, socket.MSG_PEEK))
            data = peer.recv(65536, socket.MSG_PEEK)
            peer.recv_into(bytearray(10), 10, socket.MSG_TRUNC)
            assert len(data) == size
        elif how == 2:
            data = b"".join(libc.recvmmsg(peer, 1, 9000))
        else:
            buffers = [bytearray(n) for n in (1, 500, 9000)]
            n = peer.recvmsg_into(buffers)[0]
            data = b"".join(buffers)[:n]
        if data == END:
            break
        total.update(data)
        number += 1
    print(number, total.hexdigest())


def judge(path, port):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    if any(line["type"] == "application_change" for line in lines):
        sys.exit("something is called changed")
    flows = [line for line in lines if line["type"] == "application_flow" and line["dport"] == port]
    total = {place: sum(flow[place]["same"] for flow in flows)
             for place in ("sent", "queued", "copied", "returned", "whole")}
    size = sum(1000 + 37 * i for i in range(NUMBER)) * len(WAYS)
    print(f"{size} bytes: " + ", ".join(
        f"{place} {100 * same / size:.1f} %" for place, same in total.items()) +
        f"; not verified, sent: {[flow['sent'] for flow in flows]}")
    # Three of the five ways send, and three of four get, a datagram with one call.
    if total["sent"] * 10 < size * 5 or total["copied"] * 10 < size * 7 or \
            total["queued"] * 10 < size * 7:
        sys.exit("too little is verified")


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "receive":
        receive(int(sys.argv[2]))
    else:
        judge(sys.argv[2], int(sys.argv[3]))
