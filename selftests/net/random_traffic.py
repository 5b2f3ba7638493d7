# SPDX-License-Identifier: GPL-2.0
"""The traffic of random_describe.py's networks, between whose ends bytes are compared."""
import errno
import os
import random
import select
import socket
import struct
import threading
import time

from benign import join, netns, send_through
from random_build import LEFT, RIGHT, SERVICE
from random_describe import QUOTED, families

UDP_SEGMENT = 103
SO_NO_CHECK, SO_ZEROCOPY, MSG_ZEROCOPY = 11, 60, 0x4000000
SO_RCVBUFFORCE = 33
IP_RECVERR, IPV6_RECVERR, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 11, 25, 10, 23
PMTUDISC_PROBE = 3
IPPROTO_MPTCP, IPPROTO_SCTP, IPPROTO_UDPLITE, IPPROTO_DCCP = 262, 132, 136, 33
SOCK_DCCP, SOL_DCCP, DCCP_SOCKOPT_SERVICE = 6, 269, 2
RAW = 253
GROUP = {4: "239.7.8.9", 6: "ff15::7878"}
# The end of a datagram socket's waiting, and that of a stream's.
QUIET, PATIENCE = 0.4, 20


def marker(flow):
    """What each datagram of a flow begins with."""
    return struct.pack("!HH", 0x5a7b, flow["port"])


def payload(network, flow, number, size):
    rng = random.Random(f"{network['seed']} {flow['port']} {number}")
    return marker(flow) + rng.randbytes(size - 4)


class Flow(threading.Thread):
    """
    One flow of a network, and what became of it.

    wrong     lengths of those that came otherwise than they were sent
    missing   how many never came
    again     how many came once more
    error     why it could not be sent, or ended early
    """

    def __init__(self, network, flow, patience):
        super().__init__(daemon=True)
        self.network, self.flow = network, flow
        self.patience = patience
        self.wrong, self.missing, self.again, self.right = [], 0, 0, 0
        self.error = None
        last = f"n{len(network['nodes']) - 1}"
        family = flow["family"]
        self.client_space, self.server_space = ("n0", last) if flow["right"] else (last, "n0")
        self.source, self.target = (LEFT, RIGHT) if flow["right"] else (RIGHT, LEFT)
        self.source, self.target = self.source[family], self.target[family]
        self.seen_as = SERVICE[family] if flow.get("dnat") else self.target
        self.family = socket.AF_INET if family == 4 else socket.AF_INET6
        self.sockets, self.data = [], None

    def run(self):
        try:
            {**dict.fromkeys(QUOTED, self.quoted), "multicast": self.multicast,
             "icmp": self.echo}.get(
                 self.flow["kind"], self.stream if "bytes" in self.flow else self.datagrams)()
        except (OSError, RuntimeError) as error:
            self.error = f"{type(error).__name__}: {error}"
        for sock in self.sockets:
            # Nothing shall be sent any more that nobody has asked for.
            if sock.type == socket.SOCK_STREAM and self.error:
                try:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    pass
            sock.close()

    def socket(self, space, *kind):
        with netns(space):
            sock = socket.socket(self.family, *kind)
        sock.settimeout(self.patience)
        self.sockets.append(sock)
        return sock

    def kind(self):
        return {"udp": (socket.SOCK_DGRAM,), "udplite": (socket.SOCK_DGRAM, IPPROTO_UDPLITE),
                "raw": (socket.SOCK_RAW, RAW), "dccp": (SOCK_DCCP, IPPROTO_DCCP),
                "mptcp": (socket.SOCK_STREAM, IPPROTO_MPTCP),
                "sctp": (socket.SOCK_STREAM, IPPROTO_SCTP)}.get(
                    self.flow["kind"], (socket.SOCK_STREAM,))

    # Datagrams.

    def messages(self):
        if self.flow.get("option") == "gso":
            first, last = sorted(self.flow["sizes"], reverse=True)
            lengths = [first] * self.flow["segments"] + [last]
        else:
            lengths = self.flow["sizes"]
        # Kept: of a zero-copy send they are what is on the way.
        self.data = [payload(self.network, self.flow, i, n) for i, n in enumerate(lengths)]
        return self.data

    def send(self, sock, messages, address):
        option = self.flow.get("option")
        if option == "nocheck" and self.flow["family"] == 4:
            sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        if option == "zerocopy":
            sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        if option == "gso":
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(messages[0]))
            sock.sendto(b"".join(messages), address)
            return
        if option == "connected":
            sock.connect(address)
        for message in messages:
            if option == "connected":
                sock.send(message)
            else:
                sock.sendto(message, MSG_ZEROCOPY if option == "zerocopy" else 0, address)

    def receive(self, sock, messages, skip=0):
        """Until all have come, or none comes any more."""
        waiting = list(messages)
        by_length = {len(m) for m in messages}
        end = time.monotonic() + self.patience
        # DCCP waits for acknowledgements.
        quiet = QUIET if self.flow["kind"] != "dccp" else 2
        while waiting and time.monotonic() < end:
            ready, _, _ = select.select([sock], [], [], quiet if self.right or self.wrong else
                                        min(self.patience, 2))
            if not ready:
                break
            try:
                data = sock.recv(65536, socket.MSG_DONTWAIT)[skip:]
            except BlockingIOError:     # its checksum was wrong
                continue
            if data in waiting:
                waiting.remove(data)
                self.right += 1
            elif data in messages:
                self.again += 1
            else:
                self.wrong.append(len(data) if len(data) in by_length else -len(data))
        self.missing = max(0, len(waiting) - len(self.wrong))

    def datagrams(self):
        flow = self.flow
        server = self.socket(self.server_space, *self.kind())
        client = self.socket(self.client_space, *self.kind())
        port = 0 if flow["kind"] == "raw" else flow["port"]
        messages = self.messages()
        client.bind((self.source, 0))
        server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
        server.bind((self.target, port))
        if flow["kind"] == "dccp":
            for sock in (server, client):
                sock.setsockopt(SOL_DCCP, DCCP_SOCKOPT_SERVICE, struct.pack("!I", 7))
            server.listen(1)
            client.connect((self.seen_as, port))
            server, _ = server.accept()
            self.sockets.append(server)
            for message in messages:
                client.send(message)
        else:
            self.send(client, messages, (self.seen_as, port))
        self.receive(server, messages, 20 if flow["kind"] == "raw" and flow["family"] == 4 else 0)

    def echo(self):
        """The other end's kernel sends it back."""
        six = self.flow["family"] == 6
        sock = self.socket(self.client_space, socket.SOCK_RAW, 58 if six else 1)
        sock.bind((self.source, 0))
        messages = [struct.pack("!HH", self.flow["port"], i) + data
                    for i, data in enumerate(self.messages())]
        for message in messages:
            head = struct.pack("!BBH", 128 if six else 8, 0, 0)
            total = sum(struct.unpack(f"!{len(message) // 2}H", message[:len(message) & ~1]))
            total += (message[-1] << 8 if len(message) & 1 else 0) + (0 if six else 0x800)
            total = (total & 0xffff) + (total >> 16)
            total = (total & 0xffff) + (total >> 16)
            sock.sendto(head[:2] + struct.pack("!H", 0 if six else ~total & 0xffff) + message,
                        (self.seen_as, 0))
        answers = Answers(sock, 0 if six else 20, 129 if six else 0, self.flow["port"])
        self.receive(answers, messages)

    def quoted(self):
        """
        A port that nobody listens at, two routers at most, or more than fits into the
        network's smallest: what comes is an error.
        """
        kind, four = self.flow["kind"], self.flow["family"] == 4
        sock = self.socket(self.client_space, socket.SOCK_DGRAM)
        level = socket.IPPROTO_IP if four else socket.IPPROTO_IPV6
        if kind != "closed":
            sock.setsockopt(level, IP_RECVERR if four else IPV6_RECVERR, 1)
        if kind == "expired":
            sock.setsockopt(level, socket.IP_TTL if four else socket.IPV6_UNICAST_HOPS, 2)
        if kind == "toobig":
            sock.setsockopt(level, IP_MTU_DISCOVER if four else IPV6_MTU_DISCOVER, PMTUDISC_PROBE)
        expected = {"closed": errno.ECONNREFUSED, "expired": errno.EHOSTUNREACH,
                    "toobig": errno.EMSGSIZE}[kind]
        sock.bind((self.source, 0))
        sock.settimeout(min(self.patience, 2))
        sock.connect((self.seen_as, self.flow["port"]))
        for message in self.messages():
            try:
                sock.send(message)
                sock.recv(10)
            except OSError as error:
                self.right += error.errno == expected
                self.missing += error.errno != expected

    def multicast(self):
        """On the left end's segment: to all hosts there."""
        network, address = self.network, GROUP[self.flow["family"]]
        neighbour = next(i for i, role in enumerate(network["nodes"]) if i and role != "bridge")
        places = [(f"n{neighbour}", device(network, 0, neighbour, "l"))]
        places += [(f"s{i}", f"e{i}") for i, b in network["bridges"].items()
                   if b["side"] and int(i) < neighbour and not network["segments"][0]["vlans"]]
        servers = []
        for space, dev in places:
            server = self.socket(space, socket.SOCK_DGRAM)
            with netns(space):
                index = socket.if_nametoindex(dev)
            server.bind(("", self.flow["port"]))
            join(server, address, index)
            servers.append(server)
        client = self.socket("n0", socket.SOCK_DGRAM)
        with netns("n0"):
            send_through(client, address, socket.if_nametoindex(device(network, 0, 0, "r")))
        messages = self.messages()
        for message in messages:
            client.sendto(message, (address, self.flow["port"]))
        missing = 0
        for server in servers:
            self.receive(server, messages)
            missing += self.missing
        self.missing = missing

    # Streams.

    def stream(self):
        flow = self.flow
        server = self.socket(self.server_space, *self.kind())
        client = self.socket(self.client_space, *self.kind())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((self.target, flow["port"]))
        server.listen(1)
        client.bind((self.source, 0))
        client.connect((self.seen_as, flow["port"]))
        connection, _ = server.accept()
        connection.settimeout(self.patience)
        self.sockets.append(connection)
        data = self.data = payload(self.network, flow, 0, flow["bytes"])
        self.transfer(client, connection, data, flow["kind"])
        if flow["back"]:
            self.transfer(connection, client, payload(self.network, flow, 1, flow["back"]), "tcp")

    def transfer(self, sender, receiver, data, kind):
        failed = []

        def send():
            try:
                self.send_stream(sender, data, kind)
            except OSError as error:
                failed.append(error)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        got = bytearray()
        try:
            while len(got) < len(data):
                part = receiver.recv(65536)
                if not part:
                    break
                got += part
        finally:
            # A prefix of it may have come, and that may be wrong already.
            if got != data[:len(got)]:
                self.wrong.append(len(got))
        thread.join(self.patience)
        if len(got) < len(data) or failed:
            raise OSError(f"{len(got)} of {len(data)} bytes came: {failed}")
        self.right += not self.wrong

    @staticmethod
    def send_stream(sock, data, kind):
        if kind in ("sendfile", "splice"):
            with open(f"/tmp/random{os.getpid()}.{threading.get_ident()}", "wb+") as file:
                os.unlink(file.name)
                file.write(data)
                file.flush()
                sent = 0
                while sent < len(data):
                    if kind == "sendfile":
                        sent += os.sendfile(sock.fileno(), file.fileno(), sent, len(data) - sent)
                    else:
                        into, out = os.pipe()
                        number = os.splice(file.fileno(), out, min(16384, len(data) - sent), sent)
                        os.close(out)
                        while number:
                            moved = os.splice(into, sock.fileno(), number)
                            number -= moved
                            sent += moved
                        os.close(into)
            return
        flags = 0
        if kind == "zerocopy":
            sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
            flags = MSG_ZEROCOPY
            data = memoryview(data)
        # SCTP takes no message that is larger than its buffer.
        step = 1200 if kind == "sctp" else 16384
        for start in range(0, len(data), step):
            part = data[start:start + step]
            while part:
                part = part[sock.send(part, flags):]


class Answers:
    """An ICMP socket as one of datagrams: echo replies with our number."""

    def __init__(self, sock, skip, kind, number):
        self.sock, self.skip, self.kind = sock, skip, kind
        self.number = struct.pack("!H", number)

    def fileno(self):
        return self.sock.fileno()

    def recv(self, size, flags):
        while True:
            data = self.sock.recv(size, flags)[self.skip:]
            if data[0] == self.kind and data[4:6] == self.number:
                return data[4:]


def device(network, number, node, side):
    """That has the address of this end of a segment."""
    seg = network["segments"][number]
    if seg["left" if side == "r" else "right"]:
        return f"m{side}{node}"
    return f"{side}{node}" + "".join(f".{tag}" for tag in seg["vlans"])


def reach(network):
    """Wait until datagrams come through in both directions; False if they do not."""
    for family in families(network):
        for right in (True, False):
            probe = Flow(network, {"kind": "udp", "family": family, "right": right, "port": 4000,
                                   "sizes": [100]}, 0.05)
            end = time.monotonic() + 6
            while time.monotonic() < end:
                probe.sockets = []
                probe.run()
                if probe.right:
                    break
                # A machine that is busy takes longer to bring one.
                probe.patience = min(2 * probe.patience, 0.5)
            else:
                return f"IPv{family} {'to the right' if right else 'to the left'}: {probe.error}"
    return None


def send(network, patience=PATIENCE):
    """All flows at once."""
    flows = [Flow(network, flow, patience) for flow in network["flows"]]
    for flow in flows:
        flow.start()
    for flow in flows:
        flow.join(2 * patience + 10)
    return flows
