# SPDX-License-Identifier: GPL-2.0
"""Is all accounted for that a flood left behind?  overload.py TEST ARGUMENT...

quiet SECONDS PID...    attempts are committed, nested or refused, on each CPU, each
                        time the processes that flood are stopped
readers SECONDS PID...  four readers of different speed got or lost every record
cat TIMES FILE          so did those who read the text
summary SECONDS PID...  the reader's own summary has them all: shown, lost, or why not
demand                  how many records a second come on the CPU that has the least
rate RATE SECONDS       on each CPU so many records a second, in rings that hold them
"""
import atexit
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time

DIRECTORY = "/sys/kernel/debug/skbtrace.d"
RECORD = 256
BURST = 1 / 64          # seconds, RATE_BURST_NS16 of module/filter.c
TOLERANCE = 0.01


def stats():
    """{"cpu0": {"attempts": ...}, ..., "total": ...}"""
    lines = {}
    with open(DIRECTORY + "/stats") as file:
        for line in file:
            who, *words = line.split()
            if re.fullmatch(r"cpu\d+|total", who):
                lines[who] = dict(zip(words[::2], map(int, words[1::2])))
    return lines


def parameter(name):
    with open("/sys/module/skbtrace/parameters/" + name) as file:
        return file.read().strip()


def slots():
    return int(parameter("ring_kb")) * 1024 // RECORD


def settled():
    """The figures, when they have stood still for a while."""
    before = stats()
    for _ in range(300):
        time.sleep(0.2)
        after = stats()
        if after == before:
            return after
        before = after
    raise AssertionError("it does not get quiet")


def stop(pids):
    atexit.register(go_on, pids)
    for pid in pids:
        os.kill(int(pid), signal.SIGSTOP)
    return settled()


def go_on(pids):
    for pid in pids:
        os.kill(int(pid), signal.SIGCONT)


def adds_up(figures):
    for who, n in figures.items():
        assert n["attempts"] == n["committed"] + n["nested"] + \
            n["rate_limited"] + n["no_ring"], (who, n)


def claimed_of(figures):
    return {who: n["committed"] for who, n in figures.items() if who != "total"}


def quiet(seconds, *pids):
    end = time.monotonic() + float(seconds)
    moments = before = 0
    while True:
        time.sleep(0.5)
        figures = stop(pids)
        adds_up(figures)
        go_on(pids)
        moments += 1
        if time.monotonic() > end and \
                all(n["committed"] > 10 * slots() for n in figures.values()):
            break
        assert figures["total"]["committed"] > before, ("nothing comes", figures)
        before = figures["total"]["committed"]
    print(f"{moments} quiet moments, {figures['total']['attempts']} attempts, "
          f"{figures['total']['nested']} nested")


class Reader:
    """Of one CPU's file."""

    def __init__(self, cpu, claimed):
        self.fd = os.open(f"{DIRECTORY}/{cpu}", os.O_RDONLY | os.O_NONBLOCK)
        self.cursor = max(0, claimed - slots())
        self.passed = -self.cursor
        self.delivered = self.lost = 0

    def read(self, records):
        try:
            data = os.read(self.fd, records * RECORD)
        except BlockingIOError:
            return False
        assert data and len(data) % RECORD == 0
        for offset in range(0, len(data), RECORD):
            index = struct.unpack_from("=Q", data, offset)[0]
            assert index >= self.cursor, (index, self.cursor)
            self.lost += index - self.cursor
            self.delivered += 1
            self.cursor = index + 1
        return True


# Records a read, seconds between them.
SPEEDS = ((4096, 0), (1, 0), (16, 0.02), (1, 0.2))


def read_all(speed, ready, go, told):
    """A reader of all CPUs, until stopped; then it reads what is left."""
    records, pause = speed
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    readers = {cpu: Reader(cpu, claimed)
               for cpu, claimed in claimed_of(stats()).items()}
    os.write(ready, b"x")
    os.read(go, 1)
    while not ended:
        for reader in readers.values():
            reader.read(records)
        time.sleep(pause)
    while True:
        before = settled()
        for reader in readers.values():
            while reader.read(records):
                pass
        if stats() == before:
            break
    for cpu, reader in readers.items():
        assert reader.cursor == before[cpu]["committed"], (cpu, before[cpu])
        assert reader.passed + reader.cursor == reader.delivered + reader.lost
    figures = [sum(r.delivered for r in readers.values()),
               sum(r.lost for r in readers.values())]
    os.write(told, json.dumps(figures).encode())


def readers(seconds, *pids):
    stop(pids)
    children = []
    for speed in SPEEDS:
        ready, was_ready = os.pipe()
        waits, go = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                read_all(speed, was_ready, waits, was_ready)
            except BaseException as error:
                print(speed, repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        os.close(was_ready)
        assert os.read(ready, 1) == b"x"
        children.append((pid, ready, go))
    for _, _, go in children:
        os.write(go, b"x")
    go_on(pids)
    time.sleep(float(seconds))
    stop(pids)
    figures = []
    for pid, ready, _ in children:
        os.kill(pid, signal.SIGTERM)
        answer = os.read(ready, 100)
        assert os.waitpid(pid, 0)[1] == 0, pid
        figures.append(json.loads(answer))
    go_on(pids)
    assert figures[-1][1], "the slowest was not overrun"
    print(", ".join(f"{delivered} + {lost} lost" for delivered, lost in figures))


def cat(times, path):
    """The text shows what was there when it began: as many as a full ring holds."""
    shown = lost = 0
    for _ in range(int(times)):
        got, told = {}, {}
        # As slowly as somebody who looks at it.
        fd = os.open(path, os.O_RDONLY)
        text = b""
        while True:
            data = os.read(fd, 4096)
            if not data:
                break
            text += data
            time.sleep(0.005)
        os.close(fd)
        for line in text.decode().splitlines():
            remark = re.fullmatch(r"# lost (\d+) records of CPU (\d+): .*", line)
            if remark:
                told[remark[2]] = told.get(remark[2], 0) + int(remark[1])
            elif not line.startswith("#"):
                cpu = line.split()[1]
                got[cpu] = got.get(cpu, 0) + 1
        for cpu in sorted(claimed_of(stats())):
            number = cpu[3:]
            all_of = got.get(number, 0) + told.get(number, 0)
            # The last one may have been written just then.
            assert slots() - 1 <= all_of <= slots(), \
                (cpu, f"of {slots()}", got.get(number), told.get(number))
        shown += sum(got.values())
        lost += sum(told.values())
    assert lost, "nobody was overrun"
    print(f"{times} times, {shown} lines + {lost} lost")


def last_line(reader, is_live=False):
    """The summary, of which each record read is a part."""
    if is_live:
        reader.terminate()
    told = reader.communicate()[0].splitlines()
    assert reader.returncode in (0, 3), (reader.returncode, told[-1:])
    n = json.loads(told[-1])
    assert n["records"] == n["hops"] - n["repeated"] + n["hidden"] + n["unasked"] + n["unknown"] + \
        n["elsewhere"] + n["no_room"], n
    return n


def start_reader(*arguments):
    return subprocess.Popen(["skbtrace", "--json", *arguments], stdout=subprocess.PIPE)


def ready_to_end(pid):
    """It has opened the rings, and would not just be killed by SIGTERM."""
    with open(f"/proc/{pid}/status") as file:
        caught = re.search(r"^SigCgt:\s*(\w+)", file.read(), re.MULTILINE)
    return int(caught[1], 16) >> (signal.SIGTERM - 1) & 1


def followed(seconds, pids):
    """Beginning and ending when it is quiet: the summary, and what was recorded."""
    before = claimed_of(stop(pids))
    # It looks until it is told to end, having read what there is.
    reader = start_reader("check", "--duration", "86400")
    while not ready_to_end(reader.pid):
        assert reader.poll() is None, "the reader does not begin"
        time.sleep(0.1)
    go_on(pids)
    time.sleep(seconds)
    stop(pids)
    told = last_line(reader, True)
    return told, sum(claimed_of(stats()).values()) - sum(before.values())


def summary(seconds, *pids):
    for _ in range(3):
        told, recorded = followed(float(seconds), pids)
        # Now and then somebody sends a packet at the wrong moment.
        if told["records"] + told["lost"] == recorded:
            break
    assert told["records"] + told["lost"] == recorded, (recorded, told)
    assert told["records"] and told["lost"], told
    print(f"of {recorded} records {told['records']} read, {told['lost']} lost; "
          f"{told['unknown']} of unknown packets, {told['elsewhere']} elsewhere")
    retained = sum(min(n, slots()) for n in claimed_of(settled()).values())
    told = last_line(start_reader("report"))
    assert told["records"] + told["lost"] == retained, (retained, told)
    go_on(pids)


def times_of(cpu):
    """Seconds of the records in a ring."""
    read = Reader(cpu, 0)
    seconds = []
    while True:
        try:
            data = os.read(read.fd, 1 << 20)
        except BlockingIOError:
            os.close(read.fd)
            return seconds
        seconds += [struct.unpack_from("=Q", data, offset + 8)[0] / 1e9
                    for offset in range(0, len(data), RECORD)]


def demand():
    before, start = claimed_of(stats()), time.monotonic()
    time.sleep(2)
    after, end = claimed_of(stats()), time.monotonic()
    print(int(min(after[cpu] - before[cpu] for cpu in after) / (end - start)))


def rate(limit, seconds):
    limit, seconds = int(limit), float(seconds)
    assert limit * (seconds + 4) < slots(), "the rings hold less"
    time.sleep(1)
    before, start = stats(), time.monotonic()
    time.sleep(seconds)
    end, after = time.monotonic(), stats()
    rates = []
    for cpu in claimed_of(after):
        refused = after[cpu]["rate_limited"] - before[cpu]["rate_limited"]
        assert refused > limit, (cpu, "too little came", refused)
        times = [t for t in times_of(cpu) if start <= t < end]
        # A machine that is kept waiting sends nothing: such a pause is made up for
        # only as far as the burst goes, and not at all if one follows the other.
        marks = [start] + times + [end]
        gaps = [later - earlier for earlier, later in zip(marks, marks[1:])]
        pauses = sum(gap for gap in gaps if gap > BURST / 4)
        least = limit * (end - start - pauses) * (1 - TOLERANCE)
        most = limit * (end - start) * (1 + TOLERANCE)
        assert least <= len(times) <= most, (cpu, least, len(times), most)
        rates.append(f"{cpu} {len(times) / (end - start):.1f}"
                     f" (with pauses of {1000 * pauses:.0f} ms)")
    print(f"over {end - start:.1f} s {', '.join(rates)}")


if __name__ == "__main__":
    {"quiet": quiet, "readers": readers, "cat": cat, "summary": summary,
     "demand": demand, "rate": rate}[sys.argv[1]](*sys.argv[2:])
