#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A database that many have already: PostgreSQL takes the journeys of several hosts, as
# journeys.sql has it, and says which pair of hops changed bytes last week.

. "$(dirname "$0")/lib.sh"

traces=$src/selftests/tools/traces
reader=$tmp/reader/tools/skbtrace
journeys=${JOURNEYS:-20000} days=30 hosts=(host-a host-b host-c host-d)

# As a package it would be started here, so it is just unpacked; with the libraries that
# this machine may not have.
fetch() (
	# shellcheck source=../vm/apt.sh
	. "$rig/apt.sh"
	apt_open bookworm
	# shellcheck disable=SC2046
	apt_unpack "$tmp/debian" $(apt_closure '^(postgresql-15|postgresql-client-15|lib(pq5|icu72|xml2|xslt1\.1|ldap-2\.5-0|sasl2-2))$' \
		postgresql-15 postgresql-client-15)
)

# It refuses to be root, who is nobody here: what it has lies where nobody may look.
as_nobody() {
	local as=()
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${as[@]}" env LD_LIBRARY_PATH="$db/lib" HOME="$db" "$@"
}

# What a nobody may execute cannot lie in a folder of root's.
start() {
	cp -a "$tmp/debian/usr/lib/postgresql/15/." "$db/pg" 2>/dev/null || return
	mkdir -p "$db/lib" "$db/share"
	find "$tmp/debian" -name '*.so.*' -exec cp -a {} "$db/lib/" \;
	# Its own files are found from where the program is.
	mkdir -p "$db/root/usr/lib/postgresql" "$db/root/usr/share" &&
		mv "$db/pg" "$db/root/usr/lib/postgresql/15" &&
		cp -a "$tmp/debian/usr/share/postgresql" "$db/root/usr/share/" || return
	bin=$db/root/usr/lib/postgresql/15/bin
	[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$db"
	as_nobody "$bin/initdb" -D "$db/data" -U skbtrace -A trust -N --locale=C.UTF-8 --encoding=UTF8 &&
		as_nobody "$bin/pg_ctl" -D "$db/data" -w -t 300 -l "$db/log" -o \
			"-c listen_addresses='' -c unix_socket_directories='$db' -c fsync=off -c jit=off -c max_wal_size=4GB" start ||
		{ cat "$db/log"; return 1; }
	as_nobody "$bin/createdb" -h "$db" -U skbtrace trace
}
sql() { as_nobody "$bin/psql" -h "$db" -U skbtrace -d trace -X -q -v ON_ERROR_STOP=1 "$@"; }

build() { copy "$tmp/reader" && make -s -C "$tmp/reader/tools"; }

# Of hops those at veth pairs will do.
some_lines() {
	local trace

	for trace in "$traces"/*.skbtrace; do
		"$reader" report --json -P veth "$trace" || return
	done >"$tmp/lines"
	grep -c '"payload":"changed"' "$tmp/lines"
}

takes_all() {
	local host began=$SECONDS

	for host in "${hosts[@]}"; do
		python3 "$build/journeys.py" make "$host" $((journeys / ${#hosts[@]})) $days <"$tmp/lines" |
			sql -v host="$host" -f "$db/journeys.sql" || return
	done
	sql -A -t -c "SELECT count(*), count(DISTINCT host), pg_size_pretty(pg_table_size('journey')) FROM journey" >"$tmp/count"
	cat "$tmp/count"
	grep -q "^$journeys|${#hosts[@]}|" "$tmp/count" &&
		echo "$journeys journeys in $((SECONDS - began)) s"
}

answers() {
	local host

	for host in "${hosts[@]}"; do
		python3 "$build/journeys.py" expect "$host" $((journeys / ${#hosts[@]})) $days <"$tmp/lines"
	done | sort >"$tmp/expected"
	sql -A -t -v host=none -f "$db/journeys.sql" </dev/null | cut -d '|' -f 1-4 | sort >"$tmp/answer"
	cat "$tmp/answer"
	[ -s "$tmp/expected" ] && diff "$tmp/expected" "$tmp/answer"
}

# What is no journey, or no line at all, is no reason to lose what was there.
refuses() {
	not sql -v host=bad -f "$db/journeys.sql" <<<'{"type":"journey"' &&
		echo '{"type":"summary"}' | sql -v host=bad -f "$db/journeys.sql" >/dev/null &&
		[ "$(sql -A -t -c "SELECT count(*) FROM journey")" = "$journeys" ]
}

counted() {
	local what=$1 status=0

	shift
	"$@" >"$tmp/counted.log" 2>&1 || status=$?
	[ $status != 0 ] || what="$what: $(tail -n 1 "$tmp/counted.log")"
	check "$what" was_counted $status
}
was_counted() { cat "$tmp/counted.log"; return "$1"; }

ktap_print_header
if ! (fetch) >"$tmp/fetch.log" 2>&1; then
	ktap_skip_all "PostgreSQL cannot be had: $(tail -n 1 "$tmp/fetch.log")"
	exit "$KSFT_SKIP"
fi
db=$(mktemp -d)
bin=''
trap '[ ! -e "$db/data/postmaster.pid" ] || as_nobody "$bin/pg_ctl" -D "$db/data" -m immediate stop >/dev/null; rm -rf "$tmp" "$db"' EXIT
ktap_set_plan 5
cp "$src/tools/package/journeys.sql" "$db/"
chmod 755 "$db"
check "a database is started, by a user without rights" start
check "the reader's lines" eval 'build && some_lines'
counted "it takes them as they are" takes_all
check "it says which pair of hops changed bytes last week, on which host" answers
check "what is not a journey changes nothing" refuses
ktap_finished
