# SPDX-License-Identifier: GPL-2.0
"""The same packets, recorded in two ways: plain.py TEST ...

answer ADDRESS          UDP and TCP, until one asks for the end
ask ADDRESS             first so much that all points are trusted, then what is compared
same PROTOCOL FOLDER FOLDER
                        are the records of it the same in copies of the rings?
"""
import os
import random
import socket
import struct
import sys

WARM, COMPARED, SOURCE = 7878, 7879, 7880
PROTOCOLS = {"udp": socket.IPPROTO_UDP, "tcp": socket.IPPROTO_TCP}
SIZES = (0, 1, 7, 64, 1400, 3000)
# The last is two segments, which TCP does not send one by one.
QUESTION, ANSWER, LONG = 300, 500, 2896

# struct skbtrace_record, see include/skbtrace/record.h
RECORD = struct.Struct("=QQQQq16s16s16s16s16s IIIIIIIIIII HHHHHHHHHH BBBBBBBB")
FIELDS = ("index ts_ns skb head ret comm dev peer saddr daddr tcp_seq ip_id netns pid len data_len"
          " payload_len crc32c digest_len stack_id flags point protocol sport dport payload_off"
          " gso_size gso_segs frag_off vlan_tci cpu l4proto tcp_flags context payload csum ttl"
          " users abi").split()
# These differ each time; the checksum is verified in one of the two ways.
OTHERWISE = {"index", "ts_ns", "skb", "head", "comm", "pid", "tcp_seq", "ip_id", "cpu", "context",
             "csum", "users"}
CLONED = 0x4


def data(size):
    return random.Random(size).randbytes(size)


def receive(sock, size):
    while size:
        got = len(sock.recv(size))
        assert got, "closed early"
        size -= got


def answer(address):
    udp = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
    tcp = [socket.create_server((address, port)) for port in (WARM, COMPARED)]
    for sock, port in zip(udp, (WARM, COMPARED)):
        sock.bind((address, port))
    print("ready", flush=True)
    for n, (packets, listener) in enumerate(zip(udp, tcp)):
        for _ in range(1 if n else 100):
            for size in SIZES:
                _, sender = packets.recvfrom(1 << 16)
                packets.sendto(data(size), sender)
        for _ in range(1 if n else 30):
            connection, _ = listener.accept()
            receive(connection, QUESTION)
            connection.sendall(data(ANSWER))
            receive(connection, LONG)
            connection.sendall(data(1))
            assert not connection.recv(1)
            connection.close()


def ask_once(udp):
    for size in SIZES:
        udp.send(data(size))
        udp.recv(1 << 16)


def connect_once(address):
    with socket.create_connection(address, 20) as tcp:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tcp.sendall(data(QUESTION))
        receive(tcp, ANSWER)
        tcp.sendall(data(LONG))
        receive(tcp, 1)


def ask(address):
    for port, times, connections, source in (WARM, 100, 30, 0), (COMPARED, 1, 1, SOURCE):
        udp = socket.socket(type=socket.SOCK_DGRAM)
        udp.settimeout(20)
        udp.bind(("", source))
        udp.connect((address, port))
        for _ in range(times):
            ask_once(udp)
        for _ in range(connections):
            connect_once((address, port))


def records(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as ring:
            for values in RECORD.iter_unpack(ring.read()):
                yield dict(zip(FIELDS, values))


def is_compared(record, protocol):
    ports = {socket.ntohs(record["sport"]), socket.ntohs(record["dport"])}
    # TCP decides itself when it acknowledges.
    return record["l4proto"] == PROTOCOLS[protocol] and COMPARED in ports and \
        (protocol == "udp" or record["payload_len"])


def told(record, protocol):
    """What a record says that it has to say each time."""
    said = {field: value for field, value in record.items() if field not in OTHERWISE}
    for port in "sport", "dport":
        said[port] = said[port] if socket.ntohs(said[port]) == COMPARED else SOURCE
    if protocol == "tcp":
        said["flags"] &= ~CLONED
    return tuple(said.items())


def same(protocol, *folders):
    one, other = ({told(record, protocol) for record in records(folder)
                   if is_compared(record, protocol)} for folder in folders)
    points = {dict(said)["point"] for said in one}
    for said in sorted(one - other)[:5]:
        print("only in", folders[0], dict(said))
    for said in sorted(other - one)[:5]:
        print("only in", folders[1], dict(said))
    assert one == other and len(points) > 10, (len(one), len(other), len(points))
    print(len(one), "kinds of records,", len(points), "points")


globals()[sys.argv[1]](*sys.argv[2:])
