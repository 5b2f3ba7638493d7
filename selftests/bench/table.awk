#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# Make a table, as Markdown, of what guest.sh printed. Fails if packets without a tracer
# did not cost the same before and after one.

BEGIN {
	FS = "\t"
	split("empty-ftrace|an ftrace_ops that does nothing|empty-kprobe|a kprobe that does nothing|" \
	      "empty-kretprobe|a kretprobe that does nothing|skbtrace|skbtrace|" \
	      "skbtrace-nodigest|skbtrace, `digest=0`|skbtrace-stack|skbtrace, `stack=1`|" \
	      "skbtrace-reject|skbtrace, `filter` rejects all|" \
	      "skbtrace-reader|skbtrace, `record -o` reading|" \
	      "skbtrace-returns|skbtrace, entry and return of veth_xmit and br_handle_frame|" \
	      "skbtrace-all|skbtrace, all points", word, "|")
	for (i = 1; i in word; i += 2)
		title[word[i]] = word[i + 1]
}
function row(	load, tracer, untraced, whole, hop) {
	load = $2; tracer = $3
	if (!(load in loads)) {
		loads[load]
		order[++nr_loads] = load
	}
	if ($4 > 1.01 * $6 || $6 > 1.01 * $4) {
		print "bench: error: without " tracer " a packet (" load ") cost " $4 \
			" before and " $6 " after it" >"/dev/stderr"
		failed = 1
	}
	untraced = ($4 + $6) / 2
	whole = $8 - ($7 + $9) / 2
	sum[load] += untraced; nr[load]++
	added[load, tracer] = $5 - untraced
	events[load, tracer] = $10
	hop = $10 > 0 ? (($5 - untraced) / $10) : 0
	per_hop[load, tracer] = hop
	all_hop[load, tracer] = $10 > 0 ? whole / $10 : 0
	lost[load, tracer] = $11
	list[load] = list[load] tracer "\n"
}
$1 == "row" { row() }
$1 == "none" && !($2 in missing) { missing[$2]; print "not measured: " $2 ": " $3 }
/^bench: error/ { failed = 1 }
/^kernel / { kernel = substr($1, 8) }
function ratio(a, b) { return b > 0 ? sprintf("%.2f", a / b) : "-" }
END {
	for (l = 1; l <= nr_loads; l++) {
		load = order[l]
		n = split(list[load], tracer, "\n") - 1
		printf "\nKernel %s, %s: %.0f instructions a packet untraced\n\n", kernel, \
			load == "tcp" ? "bulk TCP" : "UDP of " load " bytes", sum[load] / nr[load]
		print "| tracer | added a packet | events a packet | added an event |" \
			" with its reader | × empty kprobe | lost |"
		print "|---|---|---|---|---|---|---|"
		for (i = 1; i <= n; i++) {
			t = tracer[i]
			printf "| %s | %.0f | %.2f | %.0f | %.0f | %s | %s |\n", \
				t in title ? title[t] : t, added[load, t], events[load, t], \
				per_hop[load, t], all_hop[load, t], \
				ratio(per_hop[load, t], per_hop[load, "empty-kprobe"]), \
				lost[load, t]
		}
	}
	if (!nr_loads) {
		print "bench: error: nothing was measured" >"/dev/stderr"
		failed = 1
	}
	exit failed
}
