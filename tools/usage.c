// SPDX-License-Identifier: GPL-2.0
/* What --help says; completion goes by it. */
#include <skbtrace/version.h>

#include "usage.h"

static const char commands[] =
"skbtrace " SKBTRACE_VERSION ": on which hop did the payload change?\n"
"\n"
"  skbtrace [live]       journeys of packets, as they complete\n"
"  skbtrace report [F]   journeys that a file has, or that the rings retain\n"
"  skbtrace check [F]    a verdict for scripts: exits 0 if all are intact,\n"
"                        1 if a payload changed, 3 if not all could be verified\n"
"  skbtrace hops [F]     a line a hop\n"
"  skbtrace summary [F]  what all journeys came to: changes, drops, times from hop to hop\n"
"  skbtrace metrics [F]  that for Prometheus; with -o F2 kept up to date in F2\n"
"  skbtrace messages [F] a line a call that sent or received (module: socket=1)\n"
"  skbtrace record -o F  what the rings retain and what comes, to a file\n"
"  skbtrace run [-- COMMAND...]  load the module if it is not, set it up, trace while COMMAND\n"
"                        runs or until interrupted, and put all back; exits as check\n"
"  skbtrace points [F]   the points, and what they saw\n"
"  skbtrace stats [F]    the figures of the module\n"
"  skbtrace filter [E]   have the module record only what matches E, or \"off\";\n"
"                        without E: show its filter\n"
"  skbtrace where A      the source of an address: where 'veth_xmit+0x5 [veth]'\n"
"\n"
"F is a file made by \"skbtrace record\", or - for standard input; report, check, hops and\n"
"summary take files of several hosts, and join what they have seen. Behind all these but\n"
"points and stats, and behind F, may stand an expression E: only what matches is shown\n"
"or saved. E is tcpdump's, 'tcp port 80' for instance: see pcap-filter(7).\n"
"\n";

/* C99 has no longer strings than 4095 bytes. */
static const char options[] =
"  -d, --dev GLOBS       only what touches these devices: veth*,br0 or -lo\n"
"  -N, --netns NAME      only what touches this network namespace (or inode)\n"
"  -p, --pid PID         only what this process sends or receives itself\n"
"  -P, --points GLOBS    only hops at these points or groups: veth,br_* or -free\n"
"  -O, --only KINDS      only journeys that are changed, unverified, dropped, truncated,\n"
"                        retransmitted or intact: one of these, or several: a,b\n"
"      --id N            only journey #N: as shown, and the same for the same records;\n"
"                        messages: only call #N\n"
"      --between A,B     only those that were at point (or group) A and later at B\n"
"      --min-latency T   only those that took at least so long: 5ms, 250us or 1.5 (seconds)\n"
"  -s, --stack           print stacks (load the module with stack=1)\n"
"  -t, --tree            indent hops by who called whom\n"
"  -j, --json            one JSON object a line\n"
"  -D, --duration SECS   follow from now on, for so long\n"
"  -c, --count N         end after N journeys (hops: hops; record: records;\n"
"                        messages: calls)\n"
"      --sort BY         report: by latency, bytes (the most first) or time\n"
"      --pcapng F        write the hops shown to F as well, as packets for Wireshark\n"
"      --capture-at DEVS of these a hop a journey and device alone, as if captured there\n"
"      --perfetto F      write the journeys to F as well, for ui.perfetto.dev\n"
"      --html F          likewise as a page for a browser, or a ticket\n"
"      --profile NAME    options that go together: drops, corruption, latency, or a site's\n"
"      --module FILE     run: the module, if modprobe does not find it\n"
"      --filter E        run: have the module record only what matches E\n"
"      --set NAME=VALUE  run: a parameter of the module, while it runs; may be repeated\n"
"      --by flow         summary: flow by flow, too; messages: flow by flow instead\n"
"  -o, --output F        file to write (filter: the program of E, for insmod)\n"
"      --max-size SIZE   record: begin another file at so many bytes: 512K, 64M, 2G\n"
"      --max-age SECS    record: or after so long\n"
"      --max-files N     record: keep the newest N: F, F.1 and so on (default 10)\n"
"      --before SECS     record --only: so much before each journey that is looked for,\n"
"      --after SECS      and after it; each time to a file of its own\n"
"      --memory SIZE     record --only: to keep what is before (default 64M)\n"
"      --compress        record: by zstd or zlib, if its library is here\n"
"      --debuginfo PATH  where: a file, or a folder instead of /usr/lib/debug\n"
"      --kernel RELEASE  where: of this kernel, as uname -r says it, not the running one\n"
"  -C, --color WHEN      auto, always or never\n"
"      --debugfs DIR     where debugfs is mounted, else $SKBTRACE_DEBUGFS or\n"
"                        /sys/kernel/debug\n"
"  -h, --help\n"
"  -V, --version\n"
"\n"
"See skbtrace(8).\n";

/**
 * usage() - print how the reader is called
 * @out: where to
 */
void usage(FILE *out)
{
	fputs(commands, out);
	fputs(options, out);
}
