# SPDX-License-Identifier: GPL-2.0
"""What shall hold while things come and go: lifetimes.py TEST ARGUMENT...

names TIMES PREFIX         a trace on standard input has names that begin so only while
                           TIMES ("from until name netns" a line) says, and in that netns
known REGEX                a trace on standard input names no other devices
held SYSFS                 the module cannot be removed while all its files are read
counters                   watches those of stats until it is killed: none goes back
parameters FOLDER SECONDS  four processes change them all
"""
import atexit
import ctypes
import errno
import glob
import os
import random
import re
import signal
import sys
import time

FILES = "/sys/kernel/debug/skbtrace"
DEVICE = re.compile(r" (?:dev|to)=(\S+)")
PROCESSES = 4
VALUES = {
    "on": ["0", "1"],
    "dev": ["", "calm*", "calmveth1,-calmveth2"],
    "points": ["veth", "veth,bridge", "br_*,-br_handle_frame"],
    "netns": ["", "4026531840", "1,2,3"],
    "pid": ["", "1"],
    "stack": ["0", "1"],
    "digest": ["0", "1"],
    "digest_max": ["0", "100"],
    "verify_csum": ["0", "1"],
    "sample": ["1", "10"],
    "max_rate": ["0", "1000"],
}


def names(times, prefix):
    spans = []
    with open(times) as file:
        for line in file:
            start, end, name, netns = line.split()
            spans.append((float(start), float(end), name, netns))
    seen = set()
    for line in sys.stdin:
        if line.startswith("#"):
            continue
        when = float(line.split(None, 1)[0])
        for span in spans:
            if not span[0] < when < span[1]:
                continue
            for name in DEVICE.findall(line):
                assert not name.startswith(prefix) or name == span[2], (span, line)
            if f" dev={span[2]} " in line:
                assert f" netns={span[3]} " in line, (span, line)
                seen.add(span)
    assert len(seen) == len(spans), set(spans) - seen


def known(regex):
    expected = re.compile(regex)
    count = 0
    for line in sys.stdin:
        for name in DEVICE.findall(line):
            assert expected.fullmatch(name), line
            count += name.startswith("churn")
    assert count, "no device that came and went"


def read_on(path):
    """Until told to end: the number of reads."""
    reads = 0
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield
    while True:
        try:
            data = os.read(fd, 1 << 16)
        except BlockingIOError:
            data = b""
        reads += 1
        if not data:
            os.lseek(fd, 0, os.SEEK_SET)
        yield reads


def held(sysfs):
    libc = ctypes.CDLL(None, use_errno=True)
    paths = [FILES] + sorted(glob.glob(FILES + ".d/*"))
    children = []
    for path in paths:
        ready, told = os.pipe()
        pid = os.fork()
        if not pid:
            ended = []
            signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
            reads = read_on(path)
            next(reads)
            os.write(told, b"x")
            count = 0
            while not ended:
                count = next(reads)
            os.write(told, str(count).encode())
            os._exit(0)
        assert os.read(ready, 1) == b"x"
        children.append((pid, ready, path))
    # Whatever comes: none of them shall hold the module for good.
    atexit.register(lambda: [os.kill(child[0], signal.SIGKILL) for child in children])
    attempts = 0
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert libc.delete_module(b"skbtrace", os.O_NONBLOCK) == -1
        # EWOULDBLOCK is how the kernel says that it is in use.
        assert ctypes.get_errno() in (errno.EWOULDBLOCK, errno.EBUSY), \
            os.strerror(ctypes.get_errno())
        attempts += 1
        time.sleep(0.01)
    with open(sysfs + "/refcnt") as file:
        assert int(file.read()) == len(paths)
    reads = 0
    while children:
        pid, ready, path = children.pop()
        os.kill(pid, signal.SIGTERM)
        assert os.waitpid(pid, 0)[1] == 0, path
        count = int(os.read(ready, 100))
        assert count, path
        reads += count
    print(f"{attempts} times, {len(paths)} files read {reads} times")


def counters_of_stats():
    with open(FILES + ".d/stats") as file:
        for line in file:
            who, *words = line.split()
            if re.fullmatch(r"cpu\d+|total", who):
                for key, value in zip(words[::2], words[1::2]):
                    yield (who, key), int(value)


def counters():
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    looks = 0
    before = dict(counters_of_stats())
    while not ended:
        after = dict(counters_of_stats())
        for key, value in before.items():
            assert after[key] >= value, (key, value, after[key])
        before = after
        looks += 1
        time.sleep(0.02)
    print(f"{looks} looks")


def change(folder, seconds):
    changes = 0
    random.seed(os.getpid())
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = random.choice(list(VALUES))
        path = f"{folder}/{name}"
        with open(path, "w") as file:
            file.write(random.choice(VALUES[name]) + "\n")
        with open(path) as file:
            # Another process may have set another one meanwhile.
            value = file.read().rstrip("\n")
            assert value in VALUES[name], (name, value)
        changes += 1
    return changes


def parameters(folder, seconds):
    pipes = []
    for _ in range(PROCESSES):
        ready, told = os.pipe()
        if not os.fork():
            os.write(told, str(change(folder, float(seconds))).encode())
            os._exit(0)
        os.close(told)
        pipes.append(ready)
    print(sum(int(os.read(ready, 100)) for ready in pipes), "changes")


if __name__ == "__main__":
    {"names": names, "known": known, "held": held, "counters": counters,
     "parameters": parameters}[sys.argv[1]](*sys.argv[2:])
