# SPDX-License-Identifier: GPL-2.0
"""What other programs expect of what the reader writes.

schema SCHEMA FILE...        each line of FILE (--json) is as the JSON Schema says, and has
                             no member that it does not know
perfetto FILE JSON           FILE is as the Trace Event Format says: slices of a thread lie
                             side by side, arrows begin and end at slices; each hop of the
                             journeys in JSON (--json of the same) that looked at the packet
                             has a slice, and each change is red
page FILE JSON               FILE is HTML whose elements are closed, loads nothing, runs
                             nothing, and has each journey of JSON
words TEXT JSON              what TEXT (report) says of journeys and hops JSON (--json of
                             the same) has in members of its own
drawn PNG                    it shows the page of a change: white, red and blue
width N COMMAND...           on a terminal that is N wide no line of COMMAND's is wider, and
                             it has colours; with NO_COLOR it has none
"""
import collections
import fcntl
import html.parser
import json
import os
import pty
import re
import struct
import sys
import termios
import zlib


def fail(text):
    sys.exit(text)


def strict(schema):
    """The schema lets members be added; here none may be."""
    if isinstance(schema, dict):
        for value in schema.values():
            strict(value)
        # These say no more than which lines they are.
        loose = set(schema.get("properties", ())) <= {"type"}
        if "properties" in schema and not loose:
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        for value in schema:
            strict(value)


def schema(path, *files):
    import jsonschema
    with open(path, encoding="utf-8") as file:
        rules = json.load(file)
    jsonschema.Draft7Validator.check_schema(rules)
    strict(rules)
    validators = {
        kind: jsonschema.Draft7Validator(
            {"definitions": rules["definitions"], "$ref": "#/definitions/" + name},
            format_checker=jsonschema.FormatChecker())
        for kind, name in (("journey", "journey"), ("hop", "hop_line"), ("summary", "summary"),
                           ("point", "table"), ("stats", "table"))
    }
    kinds = collections.Counter()
    for name in files:
        with open(name, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                value = json.loads(line)
                kinds[value["type"]] += 1
                for error in validators[value["type"]].iter_errors(value):
                    fail("%s:%d: %s: %s" % (name, number, list(error.absolute_path),
                                            error.message[:300]))
    # A schema that takes anything would not be one.
    for wrong in ({}, {"type": "journey"}, {"type": "summary", "schema": 2}):
        if not any(jsonschema.Draft7Validator(rules).iter_errors(wrong)):
            fail("the schema takes %s" % wrong)
    print(dict(kinds))


# Of an event of each phase: what it must have.
PHASES = {
    "M": {"name", "pid", "args"},
    "X": {"name", "cat", "ts", "dur", "pid", "tid", "args"},
    "s": {"name", "cat", "ts", "id", "pid", "tid"},
    "f": {"name", "cat", "ts", "id", "pid", "tid", "bp"},
    "i": {"name", "cat", "ts", "s", "pid", "tid"},
}
# The format's names of colours, as far as they are used here.
COLORS = {"terrible", "bad"}


def ns(us):
    """Times are decimal fractions; kept as text so that none is rounded."""
    whole, _, part = us.partition(".")
    return int(whole) * 1000 + int((part + "000")[:3])


def perfetto(path, journeys):
    with open(path, encoding="utf-8") as file:
        trace = json.load(file, parse_float=ns, parse_int=int)
    names, threads, slices, arrows = {}, {}, collections.defaultdict(list), {}
    found, red, dropped = collections.Counter(), 0, 0
    for event in trace["traceEvents"]:
        phase = event.get("ph")
        if phase not in PHASES or not PHASES[phase] <= set(event):
            fail("no event: %s" % event)
        if not set(event) <= PHASES[phase] | {"ph", "tid", "cname", "args"}:
            fail("members that the format does not know: %s" % event)
        if event.get("cname", "bad") not in COLORS:
            fail("no colour of the format: %s" % event)
        where = event["pid"], event.get("tid")
        if not all(isinstance(n, int) and 0 < n < 1 << 31 for n in where):
            fail("no thread: %s" % event)
        if phase == "M":
            if event["name"] == "process_name":
                names[event["pid"]] = event["args"]["name"]
            elif event["name"] == "thread_name":
                threads[where] = event["args"]["name"]
            continue
        if event["pid"] not in names or where not in threads:
            fail("a thread without a name: %s" % event)
        if phase == "X":
            if event["dur"] < 1:
                fail("no length: %s" % event)
            slices[where].append((event["ts"], event["ts"] + event["dur"]))
            found[event["args"]["journey"]] += 1
            red += event.get("cname") == "terrible"
        elif phase in "sf":
            ends = arrows.setdefault(event["id"], {})
            if phase in ends:
                fail("two arrows of one number: %s" % event)
            ends[phase] = event
        else:
            dropped += 1
    for where, spans in slices.items():
        spans.sort()
        for before, after in zip(spans, spans[1:]):
            if after[0] < before[1]:
                fail("slices of thread %s overlap: %s %s" % (where, before, after))
    for ends in arrows.values():
        if set(ends) != {"s", "f"} or ends["s"]["ts"] > ends["f"]["ts"]:
            fail("an arrow with one end, or back in time: %s" % ends)
        for event in ends.values():
            spans = slices[event["pid"], event["tid"]]
            if not any(start <= event["ts"] < end for start, end in spans):
                fail("an arrow from or to nowhere: %s" % event)
        if (ends["s"]["pid"], ends["s"]["tid"]) == (ends["f"]["pid"], ends["f"]["tid"]):
            fail("an arrow that goes nowhere: %s" % ends)
    expected, changes, drops = collections.Counter(), 0, 0
    with open(journeys, encoding="utf-8") as lines:
        for journey in map(json.loads, lines):
            if journey["type"] != "journey":
                continue
            expected[journey["id"]] = sum(hop["proto"] is not None for hop in journey["hops"])
            if journey["changed"]:
                changes += 1 + len(journey["changed"]["further"])
            drops += sum(b["end"] == "dropped" and b["ending"] is not None
                         for b in journey["branches"])
    if +found != +expected:
        fail("slices %s, hops %s" % (found - expected, expected - found))
    if (red, dropped) != (changes, drops):
        fail("red %d, changes %d, dropped %d, drops %d" % (red, changes, dropped, drops))
    if sum(found.values()) > 50 and not arrows:
        fail("no arrows")
    print("%d slices, %d arrows, %d threads, %d red, %d dropped" %
          (sum(found.values()), len(arrows), len(threads), red, dropped))


class Page(html.parser.HTMLParser):
    """Elements that are opened and closed; what is loaded and run."""
    VOID = {"meta", "br", "line", "path"}
    # Closed by what follows them, as HTML has it.
    OPEN = {"p", "td", "th", "tr", "body", "html"}

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = collections.Counter()
        self.text = []

    def handle_starttag(self, tag, attrs):
        self.seen[tag] += 1
        for name, value in attrs:
            if name in ("src", "href", "srcset", "style") or name.startswith("on"):
                fail("%s %s=%s" % (tag, name, value))
        if tag in ("script", "link", "iframe", "object", "img"):
            fail("<%s>" % tag)
        if tag not in self.VOID | self.OPEN:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID | self.OPEN:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in self.OPEN:
            return
        if not self.open or self.open.pop() != tag:
            fail("</%s> without <%s>" % (tag, tag))

    def handle_data(self, data):
        self.text.append(data)


def page(path, journeys):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if re.search(r"url\(|@import|https?:", text):
        fail("it loads something")
    parser = Page()
    parser.feed(text)
    parser.close()
    if parser.open:
        fail("not closed: %s" % parser.open)
    shown = "".join(parser.text)
    with open(journeys, encoding="utf-8") as lines:
        lines = [value for value in map(json.loads, lines) if value["type"] == "journey"]
    for journey in lines:
        if "#%s " % journey["id"] not in shown:
            fail("journey %s is missing" % journey["id"])
    if parser.seen["article"] != len(lines) or parser.seen["svg"] != len(lines):
        fail("%s, %d journeys" % (parser.seen, len(lines)))
    if any(journey["changed"] for journey in lines) != ('<circle class="wrong"' in text or
                                                        'r="7" class="wrong"' in text):
        fail("changes are not red")
    print("%d journeys, %d hops drawn" % (len(lines), parser.seen["circle"]))


# What stands in a line of the text, and the member that has it.
NOTES = (
    (r" ttl \d+→(\d+)", "ttl", int),
    (r" ip_summed \w+→(\w+)", "ip_summed", str),
    (r" vlan (?:\d+→|[+])?(\d+)", "vlan", int),
    (r" gso \d+×\d+→\d+×([1-9]\d*)", "gso_size", int),
    (r" called from (.+?)(?:  |$)", "caller", str),
    (r" reason=([^ ,]+)", "reason", str),
    (r" ret=(-?\d+) ", "ret", int),
    (r" source port \d+→(\d+)", "sport", int),
    (r" source →(\S+)", "src", str),
    (r" destination →(\S+)", "dst", str),
    (r"µs  \[(\d+)\] ", "branch", int),
    (r" payload +(\d+) ", "payload_len", int),
    (r" len +(\d+)", "len", int),
)


def words(path, journeys):
    with open(path, encoding="utf-8") as file:
        blocks = dict(re.findall(r"^#(\S+) (.*?)\n\n", file.read(), re.M | re.S))
    with open(journeys, encoding="utf-8") as lines:
        lines = [value for value in map(json.loads, lines) if value["type"] == "journey"]
    if not lines or set(blocks) != {journey["id"] for journey in lines}:
        fail("journeys of the text: %s" % sorted(blocks))
    checked = collections.Counter()
    for journey in lines:
        block = blocks[journey["id"]]
        head, hops = block.split("\n   payload ", 1)[0], re.findall("^ +-?[0-9.]+ µs .*", block, re.M)
        end = re.search("^   payload (.*)", block, re.M).group(1)
        if journey["start"][11:26] not in head or not end.lower().startswith(
                "%s; %s" % (journey["payload"], journey["end"])):
            fail("%s is not %s" % (journey["id"], block[:200]))
        for key in "reason", "caller":
            if journey["end"] == "dropped" and journey["ending"][key] and \
                    journey["ending"][key] not in end:
                fail("%s: %s is not in %s" % (key, journey["ending"][key], end))
        if len(hops) != len(journey["hops"]):
            fail("%s: %d hops in text, %d in JSON" % (journey["id"], len(hops),
                                                      len(journey["hops"])))
        for line, hop in zip(hops, journey["hops"]):
            names = [hop["point"], hop["dev"], hop["peer"], hop["netns_name"] or ""]
            if hop["crc32c"] and hop["payload_len"]:
                names.append(hop["crc32c"][2:])
            for name in names:
                if name not in line:
                    fail("%s is not in %s" % (name, line))
            for note, key, kind in NOTES:
                said = re.search(note, line)
                if not said:
                    continue
                checked[key] += 1
                if kind(said.group(1)) != hop[key]:
                    fail("%s %s: %s" % (key, hop[key], line))
    print(dict(checked))


def pixels(path):
    """The colours of a PNG of 8 bits a channel, and how often each comes (RFC 2083)."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed, head = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", data[at + 8:at + 21])
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    columns, rows, depth, color, _, _, interlaced = head
    if depth != 8 or color not in (2, 6) or interlaced:
        fail("%s: another kind of PNG: %s" % (path, head))
    step = 3 if color == 2 else 4
    raw, last = zlib.decompress(packed), bytearray(columns * step)
    colors = collections.Counter()
    for row in range(rows):
        begin = row * (columns * step + 1)
        line, how = bytearray(raw[begin + 1:begin + 1 + columns * step]), raw[begin]
        for i in range(len(line)):
            left = line[i - step] if i >= step else 0
            above, corner = last[i], last[i - step] if i >= step else 0
            if how == 1:
                guess = left
            elif how == 2:
                guess = above
            elif how == 3:
                guess = (left + above) // 2
            elif how == 4:
                near = left + above - corner
                guess = min((abs(near - left), 0, left), (abs(near - above), 1, above),
                            (abs(near - corner), 2, corner))[2]
            else:
                guess = 0
            line[i] = (line[i] + guess) & 255
        last = line
        colors.update(zip(*(line[i::step] for i in range(3))))
    return colors


def drawn(path):
    colors = pixels(path)
    wanted = {"white": (255, 255, 255), "red": (204, 0, 0), "blue": (51, 102, 204)}
    seen = {name: colors[color] for name, color in wanted.items()}
    if min(seen.values()) < 30:
        fail("%s" % seen)
    print(seen)


def on_terminal(width, command, env):
    pid, terminal = pty.fork()
    if not pid:
        # The size is set before it is asked for.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        os.execvpe(command[0], command, env)
    text = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        text += data
    if os.waitpid(pid, 0)[1]:
        fail("%s failed: %s" % (command, text[-300:]))
    return text.decode().replace("\r", "")


def width(columns, *command):
    columns = int(columns)
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    text = on_terminal(columns, command, env)
    plain = on_terminal(columns, command, dict(env, NO_COLOR="1"))
    if "\033[" not in text or "\033" in plain:
        fail("colours: %s, with NO_COLOR: %s" % ("\033[" in text, "\033" in plain))
    if re.sub("\033\\[[0-9;]*m", "", text) != plain:
        fail("with NO_COLOR it says something else")
    for line in plain.split("\n"):
        if len(line) > columns:
            fail("%d wide: %s" % (len(line), line))
    print("%d lines, the widest has %d" % (plain.count("\n"), max(map(len, plain.split("\n")))))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
