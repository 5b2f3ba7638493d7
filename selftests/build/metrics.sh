#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# skbtrace metrics as monitoring meets it: promtool reads it, node_exporter hands it on, and
# the alert that comes with it fires in a Prometheus when a payload has changed. All of
# them on this machine, on ports of the loopback interface.

. "$(dirname "$0")/lib.sh"

traces=$src/selftests/tools/traces
rules=$src/tools/package/prometheus-rules.yml
reader=$tmp/reader/tools/skbtrace
file=$tmp/textfile/skbtrace.prom

# As packages they would be started here, so they are just unpacked.
fetch() (
	# shellcheck source=../vm/apt.sh
	. "$rig/apt.sh"
	apt_open bookworm
	apt_unpack "$tmp/debian" "prometheus=$(apt_newest prometheus)" \
		"prometheus-node-exporter=$(apt_newest prometheus-node-exporter)"
)

build() { copy "$tmp/reader" && make -s -C "$tmp/reader/tools"; }

promtool_reads() {
	local trace

	for trace in "$traces"/*.skbtrace; do
		"$reader" metrics "$trace" >"$tmp/metrics" && promtool check metrics <"$tmp/metrics" ||
			{ echo "$trace"; return 1; }
	done
}

# free_port: one that nobody listens on
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# until_true COMMAND...: within five minutes
until_true() {
	local i
	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.5
	done
	return 1
}

asks() { curl -s -f "http://127.0.0.1:$1"; }

start() {
	local exporter_port
	exporter_port=$(free_port) port=$(free_port)

	mkdir -p "$tmp/textfile"
	"$reader" metrics "$traces/http.skbtrace" >"$file" || return
	prometheus-node-exporter --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$tmp/textfile" \
		--web.listen-address="127.0.0.1:$exporter_port" 2>"$tmp/exporter.log" &
	pids+=($!)
	cat >"$tmp/prometheus.yml" <<-END
	global: { scrape_interval: 1s, evaluation_interval: 1s }
	rule_files: [ "$rules" ]
	scrape_configs: [ { job_name: node, static_configs: [ { targets: [ "127.0.0.1:$exporter_port" ] } ] } ]
	END
	prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/tsdb" \
		--web.listen-address="127.0.0.1:$port" 2>"$tmp/prometheus.log" &
	pids+=($!)
	until_true scraped 'skbtrace_journeys_total{verdict="intact"}' ||
		{ tail -n 5 "$tmp/exporter.log" "$tmp/prometheus.log"; return 1; }
}

# scraped SERIES: Prometheus has it
scraped() {
	curl -s -f -G --data-urlencode "query=$1" "http://127.0.0.1:$port/api/v1/query" |
		grep -q '"value":\['
}
firing() { asks "$port/api/v1/alerts" | grep -q '"alertname":"SkbtracePayloadChanged".*"state":"firing"'; }

# Twice the same figures are no increase; then a payload has changed.
quiet() { sleep 3; not firing; }
fires() {
	"$reader" metrics "$traces/pedit.skbtrace" >"$file.part" && mv "$file.part" "$file" &&
		until_true firing && scraped 'skbtrace_changes_total{after="__dev_queue_xmit"}' ||
		{ asks "$port/api/v1/alerts"; return 1; }
}

pids=()
ktap_print_header
ktap_set_plan 5
if ! (fetch) >"$tmp/fetch.log" 2>&1; then
	ktap_skip_all "Prometheus cannot be had: $(tail -n 1 "$tmp/fetch.log")"
	exit "$KSFT_SKIP"
fi
PATH=$tmp/debian/usr/bin:$PATH
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT
check "the reader is built" build
check "promtool finds nothing to complain of in the metrics of all traces" promtool_reads
check "the rules are sound" promtool check rules "$rules"
check "node_exporter hands them on to Prometheus, and no alert fires" eval 'start && quiet'
check "an alert fires when a payload has changed" fires
ktap_finished
