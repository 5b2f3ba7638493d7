#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# Make tables, as Markdown, of what guest.sh printed. Fails if packets without a tracer
# did not cost the same, within 1 %, before and after one. With costs=1 just lines "LOAD
# TRACER COST-OF-AN-EVENT".

BEGIN {
	FS = "\t"
	n = split("empty-ftrace=an ftrace_ops that does nothing;" \
		  "empty-kprobe=a kprobe that does nothing;" \
		  "empty-kretprobe=a kretprobe that does nothing;" \
		  "skbtrace=**skbtrace**;" \
		  "skbtrace-nodigest=skbtrace, `digest 0`;" \
		  "skbtrace-stack=skbtrace, `stack 1`;" \
		  "skbtrace-reject=skbtrace, its filter rejects all;" \
		  "skbtrace-dev=skbtrace, `dev=` matches nothing;" \
		  "skbtrace-first=skbtrace, one hop a packet, `digest 0`;" \
		  "skbtrace-socket=skbtrace, `socket 1`;" \
		  "skbtrace-reader=skbtrace, `record -o` reading;" \
		  "skbtrace-returns=skbtrace, entry and return, `digest 0`;" \
		  "skbtrace-all=skbtrace, all points;" \
		  "kprobe_events=kprobe_events, skb len ifindex;" \
		  "trace_pipe=kprobe_events, `cat trace_pipe`;" \
		  "trace-cmd=trace-cmd -p function;" \
		  "perf=perf record of the kprobe_events;" \
		  "bpftrace-count=bpftrace, count();" \
		  "bpftrace=bpftrace, printf() of func skb dev len;" \
		  "tcpdump=tcpdump -w on the four devices", word, ";")
	what["tcp"] = "bulk TCP"
	what["burst"] = "5000 UDP packets of 64 bytes at once"
	what["ipv6"] = "UDP of 64 bytes over IPv6"
	what["icmp"] = "ICMP echo requests of 64 bytes"
	what["vlan"] = "UDP of 64 bytes in a VLAN"
	what["vxlan"] = "UDP of 64 bytes in VXLAN"
	for (i = 1; i <= n; i++)
		title[substr(word[i], 1, index(word[i], "=") - 1)] = \
			substr(word[i], index(word[i], "=") + 1)
}

$1 == "row" {
	load = $2; tracer = $3
	if (!(load in tracers))
		order[++nr_loads] = load
	tracers[load] = tracers[load] tracer "\n"
	if ($4 > 1.01 * $6 || $6 > 1.01 * $4) {
		print "bench: error: a packet (" load ") cost " $4 " before " tracer \
			" and " $6 " after it" >"/dev/stderr"
		failed = 1
	}
	untraced[load] += ($4 + $6) / 2; nr[load]++
	added[load, tracer] = $5 - ($4 + $6) / 2
	events[load, tracer] = $10
	if ($10 > 0) {
		hop[load, tracer] = added[load, tracer] / $10
		machine[load, tracer] = ($8 - ($7 + $9) / 2) / $10
	}
	lost[load, tracer] = $11 > 0 ? sprintf("%d (%.1f %%)", $11, 100 * $11 / $12 / $10) : 0
	payload[load] = $13
}
$1 == "none" && !($2 in absent) { absent[$2]; missing[++nr_missing] = $2 ": " $3 }
$1 == "reader" { readers = readers sprintf("| skbtrace %s | %d | %.0f |\n", $2, $3, $4) }
$1 == "drain" {
	drains = drains sprintf("| skbtrace %s | %d | %d | %d | %d, %d |\n", $2, $3, $5, $4, $6, $7)
}
$1 == "misses" { misses = misses sprintf("| %d | %d | %d | %d |\n", $2, $3, $4, $5) }
/^bench: error/ { failed = 1 }
/^kernel / { kernel = substr($0, 8) }

function ratio(a, b) { return a > 0 && b > 0 ? sprintf("%.2f", a / b) : "-" }

function about(load) {
	if (load in what)
		return what[load]
	return load ~ /^tcp/ ? "TCP, sent in pieces of " substr(load, 4) " bytes" : \
		"UDP of " load " bytes"
}

function table(load,	n, tracer, i, t, base, own) {
	base = hop[load, "empty-kprobe"]; own = hop[load, "skbtrace"]
	printf "\n%s, %.0f instructions a packet untraced:\n\n", about(load), untraced[load] / nr[load]
	print "| tracer | added a packet | events | added an event | all tasks, an event |" \
		" × empty kprobe | skbtrace ÷ this | lost |"
	print "|---|---|---|---|---|---|---|---|"
	n = split(tracers[load], tracer, "\n") - 1
	for (i = 1; i <= n; i++) {
		t = tracer[i]
		printf "| %s | %.0f | %.2f | %.0f | %.0f | %s | %s | %s |\n", \
			t in title ? title[t] : t, added[load, t], events[load, t], \
			hop[load, t], machine[load, t], ratio(hop[load, t], base), \
			ratio(own, hop[load, t]), lost[load, t]
	}
}

# Instructions for each byte that is digested once more.
function a_byte(	udp, tcp) {
	if ((1400, "skbtrace-nodigest") in hop && (64, "skbtrace-nodigest") in hop)
		udp = sprintf("%.2f (from 64 to 1400 bytes)", (hop[1400, "skbtrace"] - \
			hop[1400, "skbtrace-nodigest"] - hop[64, "skbtrace"] + \
			hop[64, "skbtrace-nodigest"]) / 1336)
	# TCP's segments of up to 64 KiB pass all points but udp_rcv: ten hops.
	if (("tcp", "skbtrace-nodigest") in hop)
		tcp = sprintf("%.2f (segments of up to 64 KiB)", (added["tcp", "skbtrace"] - \
			added["tcp", "skbtrace-nodigest"]) / (10 * payload["tcp"]))
	if (udp tcp != "")
		print "\nEach byte of payload costs a hop " udp (udp != "" && tcp != "" ? ", " : "") \
			tcp ". "
}

# One packet is recorded once, another at all of its hops; both begin and end to be followed.
function a_later_hop() {
	return (added[64, "skbtrace-nodigest"] - added[64, "skbtrace-first"]) / \
		(events[64, "skbtrace-nodigest"] - events[64, "skbtrace-first"])
}
function a_life(	later) {
	if (!((64, "skbtrace-first") in hop && (64, "skbtrace-nodigest") in hop))
		return
	later = a_later_hop()
	printf "\nOf a packet a hop costs %.0f, and once %.0f to begin and to end following it" \
		" (without digest).\n", later, added[64, "skbtrace-first"] - later
}

# What socket=1 adds: the call that sends a piece, and that which reads it.
function a_call(	few, many) {
	if (!(("tcp700", "skbtrace-socket") in added && ("tcp1400", "skbtrace-socket") in added))
		return
	few = (added["tcp700", "skbtrace-socket"] - added["tcp700", "skbtrace"])
	many = (added["tcp1400", "skbtrace-socket"] - added["tcp1400", "skbtrace"])
	printf "\n`socket 1` adds %.0f a packet where 700 bytes are sent at a time, %.0f where" \
		" it is 1400.\n", few, many
}

# veth_xmit is probed on entry and on return; one event more is the packet's end.
function a_return(	entries, later, life) {
	if (!((64, "skbtrace-returns") in hop && (64, "skbtrace-first") in hop))
		return
	later = a_later_hop()
	life = added[64, "skbtrace-first"] - later
	entries = (events[64, "skbtrace-returns"] - 1) / 2
	printf "\nThe return of a function costs %.0f.\n", \
		(added[64, "skbtrace-returns"] - life) / entries - later
}

END {
	for (l = 1; l <= nr_loads; l++) {
		load = order[l]
		if (!costs) {
			table(load)
			continue
		}
		n = split(tracers[load], name, "\n") - 1
		for (i = 1; i <= n; i++)
			printf "%s %s %.1f\n", load, name[i], hop[load, name[i]]
	}
	if (!nr_loads && readers drains misses == "") {
		print "bench: error: nothing was measured" >"/dev/stderr"
		failed = 1
	}
	if (costs)
		exit failed
	a_byte()
	a_return()
	a_life()
	a_call()
	if (readers != "")
		printf "\n| reading | records | instructions a record |\n|---|---|---|\n%s", readers
	if (drains != "")
		printf "\n| reading what comes | records | a millisecond in a burst | lost |" \
			" KiB after a fourth, at the end |\n|---|---|---|---|---|\n%s", drains
	if (misses != "")
		printf "\n| rounds in a handler | seen by kprobes | by ftrace_ops | missed, says kprobes |\n" \
			"|---|---|---|---|\n%s", misses
	if (nr_missing)
		print ""
	for (i = 1; i <= nr_missing; i++)
		print "Not measured: " missing[i] ".  "
	exit failed
}
