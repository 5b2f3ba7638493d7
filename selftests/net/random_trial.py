# SPDX-License-Identifier: GPL-2.0
"""One network of random_describe.py: built, its traffic traced, and the verdict judged."""
import os
import struct
import subprocess
import time

import random_build
import random_corrupt
import random_judge
import random_traffic
from random_build import BuildError, run, works

PARAMETERS = "/sys/module/skbtrace/parameters"
RINGS = "/sys/kernel/debug/skbtrace.d"
TRACE = "/tmp/random_networks.skbtrace"


class Trace:
    """
    What the rings come to hold from now on, as "skbtrace record" writes it.

    That one saves what they hold already as well; this one is read when it is over, and
    takes nothing of the time.
    """

    header = struct.Struct("=8sIIIIIIQQQ")
    chunk = struct.Struct("=IIQ")
    RECORDS, TEXTS, END = 1, {"points": 2, "stats": 3, "stacks": 4, "reasons": 5}, 7

    began = None

    def __init__(self):
        # Versions and sizes are the reader's to know. It says so once, because it saves all
        # that the rings hold.
        if not Trace.began:
            subprocess.run(["skbtrace", "record", "-D", "0", "-o", TRACE], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(TRACE, "rb") as file:
                Trace.began = self.header.unpack(file.read(self.header.size))
        self.fields = list(Trace.began)

    def __enter__(self):
        self.fields[6:] = 0, time.monotonic_ns(), time.time_ns(), self.missed()
        self.rings = {}
        for name in os.listdir(RINGS):
            if name.startswith("cpu"):
                fd = os.open(f"{RINGS}/{name}", os.O_RDONLY | os.O_NONBLOCK)
                os.lseek(fd, 0, os.SEEK_END)
                self.rings[int(name[3:])] = fd
        return self

    @staticmethod
    def missed():
        with open(f"{RINGS}/points") as file:
            return sum(int(line.split()[6]) for line in file if not line.startswith("#"))

    def write_chunk(self, file, kind, cpu, data):
        file.write(self.chunk.pack(kind, cpu, len(data)) + data + bytes(-len(data) % 8))

    def __exit__(self, *_):
        with open(TRACE, "wb") as file:
            file.write(self.header.pack(*self.fields))
            for cpu, fd in sorted(self.rings.items()):
                try:
                    while data := os.read(fd, 4096 * self.fields[5]):
                        self.write_chunk(file, self.RECORDS, cpu, data)
                except BlockingIOError:
                    pass
                os.close(fd)
            for name, kind in self.TEXTS.items():
                if os.path.exists(f"{RINGS}/{name}"):
                    with open(f"{RINGS}/{name}", "rb") as text:
                        self.write_chunk(file, kind, 0, text.read())
            self.write_chunk(file, self.END, 0, b"")


in_force = {"points": "*", "digest_max": "0", "dev": "", "filter": "", "socket": "0"}


def set_parameters(wanted):
    for key, value in {"socket": 0, **wanted}.items():
        value = str(value)
        if key == "filter" and value:
            value = ",".join(subprocess.run(
                ["tcpdump", "-y", "RAW", "-ddd", value], capture_output=True, text=True,
                check=True).stdout.split("\n")).strip(",")
        if in_force[key] != value:
            with open(f"{PARAMETERS}/{key}", "w") as file:
                file.write(value + "\n")
            in_force[key] = value


class Trial:
    """A network that is up. Errors are BuildError, or OSError."""

    def __init__(self, network, build=random_build.Network):
        self.network = network
        self.built = build(network)
        self.pinned = []
        try:
            self.built.up()
            self.attach_xdp()
            self.reach()
        except SystemExit as error:     # the bpf() of offloads.py
            self.down()
            raise BuildError(str(error)) from error
        except BaseException:
            self.down()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def down(self):
        for path in self.pinned:
            os.unlink(path)
        self.pinned = []
        self.built.down()

    def reach(self):
        trouble = random_traffic.reach(self.network)
        if trouble:
            raise BuildError("nothing comes through, " + trouble)

    def attach_xdp(self):
        """Programs that pass everything; a device may not take one, because of its MTU."""
        for dev, mode, _ in self.network["xdp"]:
            program = random_corrupt.Program()
            program.leave(2)
            path = program.load(random_corrupt.BPF_PROG_TYPE_XDP)
            self.pinned.append(path)
            works("ip", "-n", f"n{dev[1]}", "link", "set", "dev", dev, mode, "pinned", path)

    def offload(self, dev, feature, value):
        node = dev[1]
        if dev.startswith("t"):
            node = self.network["tunnels"][int(node)]["from" if dev.endswith("r") else "to"]
        with random_build.netns(f"n{node}"):
            random_build.ethtool(dev, feature, value)

    def judge(self, corruption=None, parameters=None):
        """The network's traffic, with that corruption, and what is said of it."""
        network = dict(self.network, corruption=corruption,
                       parameters=parameters or self.network["parameters"])
        set_parameters(network["parameters"])
        doing = random_corrupt.Corruption(network) if corruption else None
        try:
            if doing:
                doing.apply()
            with Trace():
                flows = random_traffic.send(network, 1 if doing else random_traffic.PATIENCE)
                time.sleep(0.3)
            hits = doing.hits() if doing else None
        except SystemExit as error:
            raise BuildError(str(error)) from error
        finally:
            if doing:
                doing.remove()
        journeys, summary = random_judge.read(run("skbtrace", "report", "--json", TRACE))
        verdict = random_judge.judge(network, flows, hits, journeys, summary)
        verdict.summary, verdict.hits, verdict.flows = summary, hits, flows
        random_judge.compare_ends(network, verdict, flows)
        return verdict


def check(verdict):
    """Does "skbtrace check" exit as the summary says?"""
    status = subprocess.run(["skbtrace", "check", TRACE], capture_output=True,
                            check=False).returncode
    summary = verdict.summary
    expected = 1 if summary["changed"] else 0
    # Where nothing was seen nothing was verified.
    if not expected and (summary["unverified"] or not summary["journeys"]):
        expected = 3
    if status != expected and not (status == 3 and (summary["lost"] or summary["missed"])):
        verdict.fail(f"check exits {status}, not {expected}")


def show(ids):
    """Journeys of the last trace, as people read them."""
    text = run("skbtrace", "report", TRACE)
    for part in text.split("\n\n"):
        if any(part.lstrip("\n").startswith(f"#{number} ") for number in ids):
            print("\n".join("#    " + line for line in part.strip("\n").splitlines()[:70]))


def try_network(network):
    """Return: the verdict, or why there is none."""
    try:
        with Trial(network) as trial:
            verdict = trial.judge(network["corruption"])
    except (BuildError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    check(verdict)
    return verdict
