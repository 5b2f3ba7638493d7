#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the reader writes for other programs, as these take it, and what it says of itself:
# JSON and its schema, pages, traces and captures; help, manual and completion.

. "$(dirname "$0")/lib.sh"

traces=$src/selftests/tools/traces
reader=$tmp/reader/tools/skbtrace

# The distribution's Python has the distribution's modules.
views() { /usr/bin/python3 -E "$build/views.py" "$@"; }

build_reader() { copy "$tmp/reader" && make -s -C "$tmp/reader/tools"; }

# each COMMAND...: with each of the traces, named last
each() {
	local trace
	for trace in "$traces"/*.skbtrace; do
		"$@" "$trace" || { echo "$trace"; return 1; }
	done
}

as_json() {
	"$reader" report --json "$1" >"$tmp/report.json" &&
		"$reader" hops --json "$1" >"$tmp/hops.json" &&
		"$reader" points --json "$1" >"$tmp/points.json" &&
		"$reader" stats --json "$1" >"$tmp/stats.json"
}

is_as_the_schema_says() {
	as_json "$1" && views schema "$src/tools/skbtrace.schema.json" "$tmp"/{report,hops,points,stats}.json
}

# Members that a program may ask for have what the text has.
says_what_the_text_says() {
	"$reader" report "$1" >"$tmp/report" && "$reader" report --json "$1" >"$tmp/report.json" &&
		views words "$tmp/report" "$tmp/report.json"
}

is_a_trace() {
	"$reader" report --json --perfetto "$tmp/perfetto" "$1" >"$tmp/report.json" &&
		views perfetto "$tmp/perfetto" "$tmp/report.json"
}

is_a_page() {
	"$reader" report --json --html "$tmp/page.html" "$1" >"$tmp/report.json" &&
		views page "$tmp/page.html" "$tmp/report.json"
}

fits() {
	views width 80 "$reader" report "$1" && views width 100 "$reader" report --tree "$1" &&
		views width 200 "$reader" report "$1"
}

# expert FILE: what Wireshark complains of in TCP, "severity number message" a line
expert() {
	tshark -r "$1" -Y 'tcp && _ws.expert' -T fields -e _ws.expert.severity \
		-e _ws.expert.message 2>"$tmp/tshark.err"
}

# At one device each segment comes once, as it did there. What is no chat is a complaint;
# the closing of a connection is noted, too.
wireshark_has_no_complaint() {
	local dev
	for dev in calmveth1 calmveth2_peer calmveth2; do
		"$reader" report --pcapng "$tmp/$dev" --capture-at "$dev" "$traces/http.skbtrace" >/dev/null &&
			[ "$(tshark -r "$tmp/$dev" -Y tcp 2>/dev/null | wc -l)" -gt 8 ] || return
		tshark -r "$tmp/$dev" -q -z expert,note 2>/dev/null |
			grep -v -E '^(=|$)|Frequency|Notes|initiates the connection closing|undergoes the connection closing' \
			>"$tmp/complaints"
		[ ! -s "$tmp/complaints" ] || { echo "$dev:"; cat "$tmp/complaints"; return 1; }
	done
}

# The payload is not there, but its length is; so is who had it, and the verdict.
wireshark_shows() {
	"$reader" report --pcapng "$tmp/all" "$traces/pedit.skbtrace" >/dev/null &&
		tshark -r "$tmp/all" -T fields -e frame.interface_name -e frame.comment -e tcp.len \
			2>/dev/null >"$tmp/fields" &&
		grep -E "^ns-calm1:calmveth1	__tcp_transmit_skb, .* journey [0-9.]+, changed, delivered	900$" \
			"$tmp/fields" &&
		grep "^calmveth2_peer	dev_hard_start_xmit, .* PAYLOAD CHANGED here, after __dev_queue_xmit calmveth2_peer	900$" \
			"$tmp/fields" &&
		grep -E "journey [0-9.]+, intact, dropped: [A-Z_]+" "$tmp/fields"
}

# A browser without a network and without a profile draws it: not in one colour.
browser_shows() {
	"$reader" report --html "$tmp/page.html" "$traces/pedit.skbtrace" >/dev/null &&
		HOME=$tmp timeout 300 chromium --headless --no-sandbox --disable-gpu \
			--user-data-dir="$tmp/profile" --window-size=1200,3000 \
			--virtual-time-budget=1000 --screenshot="$tmp/page.png" \
			--enable-logging=stderr "file://$tmp/page.html" 2>"$tmp/chromium" &&
		not grep -E 'CONSOLE|net::ERR|Refused' "$tmp/chromium" &&
		views drawn "$tmp/page.png"
}

options_of_code() {
	sed -n 's/^\t{ "\([a-z-]*\)", .*_argument, .*/--\1/p' "$src/tools/main.c"
	sed -n 's/^\tV(\([a-z]*\)).*/--\1/p' "$src/tools/show/view.h"
	# It stands for other options, and is gone when these are looked at.
	! grep -q '"--profile' "$src/tools/profile.c" || echo --profile
}
commands_of_code() { sed -n 's/^\t\[COMMAND_[A-Z]*\] = "\([a-z]*\)",/\1/p' "$src/tools/main.c"; }

is_explained() {
	"$reader" --help >"$tmp/help" && options_of_code | sort >"$tmp/options" &&
		[ "$(wc -l <"$tmp/options")" -gt 20 ] &&
		diff "$tmp/options" <(grep -o -E -e '(^ *|, )--[a-z-]+' "$tmp/help" | tr -d ' ,' | sort -u) &&
		diff <(commands_of_code | sort) \
			<(sed -n 's/^  skbtrace \[\{0,1\}\([a-z]*\).*/\1/p' "$tmp/help" | sort -u)
}

is_in_the_manual() {
	local word
	sed 's/\\-/-/g; s/\\f[BIPR]//g' "$src/tools/skbtrace.8" >"$tmp/manual"
	for word in $(options_of_code); do
		grep -q -e "^\.B[IR]* .*$word\b" "$tmp/manual" || { echo "$word"; return 1; }
	done
	for word in $(commands_of_code); do
		grep -q -E "^\.B[IR]* \"?$word\>" "$tmp/manual" || { echo "$word"; return 1; }
	done
	! have man || man --warnings -E UTF-8 -l -Tutf8 -Z "$src/tools/skbtrace.8" 2>&1 >/dev/null | not grep .
}

# bash_offers WORD...: what is offered for the last
bash_offers() {
	PATH=${reader%/*}:$PATH bash --norc -c '
		. "$1"; shift; COMP_WORDS=(skbtrace "$@") COMP_CWORD=$#
		_skbtrace; printf "%s\n" "${COMPREPLY[@]}"' - "$src/tools/package/completion.bash" "$@"
}

# zsh_offers WORD...: likewise
zsh_offers() {
	PATH=${reader%/*}:$PATH zsh -f -c '
		compadd() { print -l -- $words_ }
		_files() { print files }
		file=$1; shift; words=(skbtrace "$@") CURRENT=$(($# + 1)) PREFIX=${words[CURRENT]}
		complete_() { . $file }
		complete_' - "$src/tools/package/completion.zsh" "$@"
}

# completes OFFERS: with commands, options and their values
completes() {
	diff <(commands_of_code | sort) <("$1" "" | sort -u) &&
		diff "$tmp/options" <("$1" report -- | grep -e '^--' | sort -u) &&
		diff <(printf '%s\n' latency bytes time) <("$1" report --sort "") &&
		diff <(needle_kinds) <("$1" report --only "") && "$1" report --html "" >/dev/null
}
needle_kinds() { sed -n 's/^\t{ "\([a-z]*\)", is_.*/\1/p' "$src/tools/show/needle.c"; }

# A kernel and a module of three functions, with debugging information.
make_kernel() {
	local modules=$tmp/debug/lib/modules/1.2.3
	mkdir -p "$modules/kernel/net" || return
	cat >"$tmp/t.c" <<-'END'
	__attribute__((noinline)) int callee(int x)
	{
		return x * 3;
	}

	__attribute__((noinline)) int caller(int x)
	{
		int y = x + 1;
		y += callee(y);
		return y ^ 5;
	}

	int main(int argc, char **argv)
	{
		return caller(argc) + !argv;
	}
	END
	gcc -g -O1 -o "$modules/vmlinux" "$tmp/t.c" &&
		gcc -g -O1 -c -o "$modules/kernel/net/a-module.ko" "$tmp/t.c" &&
		# Where caller() goes on after its call, in each.
		at=$(objdump -d "$modules/vmlinux" | awk '/<caller>:/ { inside = 1; getline; split($1, a, ":"); begin = a[1] }
			inside && called { split($1, a, ":"); print begin, a[1]; exit } inside && /call|\tbl\t/ { called = 1 }') &&
		at=$((16#${at#* } - 16#${at% *})) && [ "$at" -gt 0 ]
}

where() { "$reader" where --debuginfo "$tmp/debug" --kernel 1.2.3 "$@"; }

finds_the_line() {
	where "caller+$at" >"$tmp/where" && grep 'caller at .*/t.c:9$' "$tmp/where" &&
		grep "=> +0x$(printf %x "$at")" "$tmp/where" && grep 'returned to' "$tmp/where" &&
		where "caller+$(printf 0x%x "$at")/0x30 [a_module]" >"$tmp/where" &&
		grep 'caller at .*/t.c:9$' "$tmp/where" && grep 'a-module.ko' "$tmp/where" &&
		grep 'callee' "$tmp/where" && where callee >"$tmp/where" &&
		grep -E 'callee at .*/t.c:[123]$' "$tmp/where" && grep '=> +0x0 ' "$tmp/where" || return
	# A module as distributions have it: packed, and without debugging information.
	objcopy --strip-debug "$tmp/debug/lib/modules/1.2.3/kernel/net/a-module.ko" "$tmp/b.ko" &&
		xz -f "$tmp/b.ko" && where "caller+$at [b]" --debuginfo "$tmp/b.ko.xz" >"$tmp/where" &&
		grep "=> +0x$(printf %x "$at")" "$tmp/where" &&
		grep 'there is no debugging information' "$tmp/where" &&
		not grep . <(find /tmp -maxdepth 1 -name 'skbtrace.??????' -newer "$tmp/t.c")
}

# only PROGRAM...: a folder for $PATH that has these
only() {
	local program
	rm -rf "$tmp/only" && mkdir "$tmp/only" || return
	for program; do
		ln -s "$(command -v "$program")" "$tmp/only/" || return
	done
}

asks_gdb() {
	only gdb && PATH=$tmp/only where "caller+$at" >"$tmp/where" &&
		grep -E 'Line (9|10) of ".*/t.c"' "$tmp/where"
}

says_what_is_missing() {
	only && PATH=$tmp/only where "caller+$at" >"$tmp/where" &&
		grep -E 'install binutils|: binutils' "$tmp/where" || return
	not where nowhere+1 >"$tmp/where" && grep 'there is no debugging information' "$tmp/where" &&
		not where +5 2>"$tmp/where" && grep 'which address' "$tmp/where"
}

ktap_print_header
ktap_set_plan 16
check "the reader is built" build_reader
if /usr/bin/python3 -E -c "import jsonschema" 2>/dev/null; then
	check "JSON is as its schema says" each is_as_the_schema_says
else
	skip "JSON is as its schema says" "python3-jsonschema is not installed"
fi
check "JSON says what the text says" each says_what_the_text_says
check "--perfetto is as the Trace Event Format says, and has all hops" each is_a_trace
check "--html has all journeys, and loads nothing" each is_a_page
check "lines fit the terminal, and NO_COLOR is heeded" each fits
if have tshark; then
	check "Wireshark does not complain of TCP at one device" wireshark_has_no_complaint
	check "Wireshark shows names, verdicts and reasons" wireshark_shows
else
	skip "Wireshark does not complain of TCP at one device" "tshark is not installed"
	skip "Wireshark shows names, verdicts and reasons" "tshark is not installed"
fi
if have chromium; then
	check "a browser shows the page" browser_shows
else
	skip "a browser shows the page" "chromium is not installed"
fi
check "--help names all commands and options" is_explained
check "so does the manual" is_in_the_manual
check "bash completes them" completes bash_offers
if have zsh; then
	check "zsh completes them" completes zsh_offers
else
	skip "zsh completes them" "zsh is not installed"
fi
make_kernel
check "where finds the line and the instructions" finds_the_line
if have gdb; then
	check "where asks gdb" asks_gdb
else
	skip "where asks gdb" "gdb is not installed"
fi
check "where says what is missing" says_what_is_missing
ktap_finished
