# SPDX-License-Identifier: GPL-2.0
"""What goes from one host to the other: traffic.py send ADDRESS, traffic.py receive.

Each port is a case of judge.py's; what the relay between them is to do to a packet stands
in it, see relay.py.
"""
import random
import select
import socket
import sys
import time

ECHO, END = 7000, 7999
SO_NO_CHECK = 11    # the module has no name for it
SIZE = 600

# port, how many, what the relay does, connected (if not, no IP id numbers them)
DATAGRAMS = [
    (7001, 3, "", True),
    (7002, 3, "", True),
    (7003, 3, "relay:swap", True),
    (7004, 3, "relay:lose", True),
    (7005, 3, "relay:twice", True),
    (7006, 5, "relay:late", True),
    (7007, 2, "relay:swap", False),
    (7008, 1, "relay:swap", False),
]
# port, bytes, mark of the first packet, of each thousand bytes
STREAMS = [
    (8000, 150000, "", ""),
    (8001, 60000, "relay:swap", ""),
    (8002, 200000, "", "relay:lossy"),
]
letters = random.Random(7)


def bytes_of(size, mark=""):
    text = bytes(letters.choices(b"abcdefghijklmnopqrstuvwxyz0123456789", k=size))
    mark = (f"{mark} {letters.randrange(10000):04} " if mark else "").encode()
    return mark + text[len(mark):]


def udp(address=None, port=0, connected=True):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if address and connected:
        sock.connect((address, port))
    return sock


def chat(sock, count, data=None):
    """There and back, until so many have come back."""
    sock.settimeout(0.5)
    sent = 0
    while count > 0:
        sent += 1
        try:
            sock.send(data or bytes_of(SIZE))
            sock.recv(65536)
            count -= 1
        except OSError:
            # The other is not there yet, or its link address is not known.
            time.sleep(0.1)
        if sent > 600:
            sys.exit("nobody answers")


def send_datagrams(address, port, count, mark, connected):
    sock = udp(address, port, connected)
    # Or else what is damaged would be dropped there.
    sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, port == 7002)
    # What is lost is missed only where the rest of its flow comes.
    marks = [mark] * count if mark != "relay:lose" else [""] + [mark] * count + [""]
    for mark in marks:
        if connected:
            sock.send(bytes_of(SIZE, mark))
        else:
            sock.sendto(bytes_of(SIZE, mark), (address, port))
        time.sleep(0.02)


def send_stream(address, port, size, mark, each):
    sock = socket.create_connection((address, port), timeout=300)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if mark:
        sock.sendall(bytes_of(1000, mark))
        time.sleep(0.1)
    sock.sendall(b"".join(bytes_of(1000, each) for _ in range(size // 1000)))
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass


def send(address):
    echo = udp(address, ECHO)
    chat(echo, 10)
    for case in DATAGRAMS:
        send_datagrams(address, *case)
        chat(echo, 3)
    for stream in STREAMS:
        send_stream(address, *stream)
        chat(echo, 3)
    # Who records has to see that nothing comes any more.
    for _ in range(5):
        time.sleep(0.5)
        chat(echo, 1)
    chat(udp(address, END), 1, b"end")


def receive():
    socks = {}
    for port in [ECHO, END] + [case[0] for case in DATAGRAMS]:
        sock = udp()
        sock.bind(("0.0.0.0", port))
        socks[sock] = port
    for port, *_ in STREAMS:
        sock = socket.create_server(("0.0.0.0", port))
        socks[sock] = "listen"
    ended = None
    while not ended or time.monotonic() < ended:
        for sock in select.select(list(socks), [], [], 0.5)[0]:
            what = socks[sock]
            if what == "listen":
                socks[sock.accept()[0]] = "stream"
            elif what == "stream":
                try:
                    data = sock.recv(1 << 20)
                except OSError:
                    data = b""
                if not data:
                    del socks[sock]
                    sock.close()
            else:
                data, peer = sock.recvfrom(65536)
                if what in (ECHO, END):
                    sock.sendto(data, peer)
                if what == END and not ended:
                    ended = time.monotonic() + 2


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2])
    else:
        receive()
