#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The sources as they are released, and the reader built from them: C99 as of gcc 4.8,
# a libc no younger than RHEL 7's, everything in its place, one version everywhere.

. "$(dirname "$0")/lib.sh"

ver=$(version)
tarball=skbtrace-$ver.tar.gz
tree=$tmp/skbtrace-$ver
tools=$tree/tools

# What a build and a careless hand leave behind.
litter() {
	touch "$1/skbtrace.ko" "$1/module/main.o" "$1/module/.main.o.cmd" "$1/tools/skbtrace" \
		"$1/tools/main.d" "$1/selftests/ring/ring_test" "$1/skbtrace-0.0.tar.gz" &&
		mkdir "$1/.cache" && touch "$1/.cache/kernel"
}

dist() {
	litter "$tmp/copy" && make -s -C "$tmp/copy" dist && [ -s "$tmp/copy/$tarball" ] &&
		tar -C "$tmp" -xzf "$tmp/copy/$tarball" &&
		not grep -v "^skbtrace-$ver/" <(tar -tzf "$tmp/copy/$tarball")
}

clean_of_litter() {
	not grep -E '\.(o|ko|cmd|d|gz|mod|mod\.c)$|/\.cache/|/\.git/|/tools/skbtrace$|/ring_test$' \
		<(cd "$tree" && find . -type f)
}

# Another folder, another umask, from what was unpacked, and a little later.
same_bytes() {
	(umask 077 && cp -r --preserve=timestamps "$tree" "$tmp/again" && sleep 1.1 &&
		make -s -C "$tmp/again" dist) && cmp "$tmp/copy/$tarball" "$tmp/again/$tarball"
}

# A git that knows nothing of the user's settings.
own_git() {
	env HOME="$tmp" GIT_CONFIG_NOSYSTEM=1 git -C "$tmp/git" -c user.name=a -c user.email=a@b \
		-c init.defaultBranch=main "$@"
}

# What is committed, and nothing that is not; the same bytes as well. What is ignored
# is here for git to say.
from_git() {
	local tree2=$tmp/from-git/skbtrace-$ver

	copy "$tmp/git" && litter "$tmp/git" && own_git init -q && own_git add . &&
		own_git commit -q -m a && touch "$tmp/git/module/not-committed.c" &&
		echo >>"$tmp/git/README.md" && make -s -C "$tmp/git" dist && mkdir "$tmp/from-git" &&
		tar -C "$tmp/from-git" -xzf "$tmp/git/$tarball" && diff -r "$tree" "$tree2" &&
		diff <(modes "$tree") <(modes "$tree2") && cp "$tmp/git/$tarball" "$tmp/first" &&
		sleep 1.1 && make -s -C "$tmp/git" dist && cmp "$tmp/first" "$tmp/git/$tarball"
}
modes() { (cd "$1" && find . -printf '%m %p\n' | sort -k 2); }

# Unnamed unions are C11's, but gcc has had them since long before.
as_c99() {
	make -s -C "$tools" CFLAGS="-O2 -pedantic" >"$tmp/out" 2>&1 || { cat "$tmp/out"; return 1; }
	not grep -A 3 'warning:' <(grep -v "doesn't support unnamed structs/unions" "$tmp/out")
}

# What gcc 4.8 does not have, whatever a later one thinks of it.
younger='\<(_Generic|_Atomic|_Thread_local|__auto_type|__has_(include|attribute)'
younger+='|__builtin_(add|sub|mul)_overflow)\>|__attribute__ *\(\(fallthrough'
nothing_younger() {
	local c

	for c in "$tools"/*.c "$tools"/*/*.c "$tree"/include/skbtrace/*.c; do
		gcc -std=c99 -D_GNU_SOURCE -I"$tools" -I"$tree/include" -M "$c" || return
	done >"$tmp/headers"
	not grep -E '/(stdatomic|threads|stdbit|stdckdint|linux/bpf)\.h' "$tmp/headers" &&
		not grep -nE "$younger" "$tools"/*.[ch] "$tools"/*/*.[ch] "$tree"/include/skbtrace/*.[ch]
}

# needs FILE: "symbol version" of what it wants from libc
needs() {
	objdump -T "$1" | sed -n 's/.*\*UND\*.*GLIBC_\([0-9.]*\)[) ]* *\([^ ]*\)$/\2 \1/p'
}

# A later version stands for something new, unless libc keeps an earlier one under the
# same name for programs that were built with it. The three names at the end are older
# than 2.17 as functions in the headers, which as symbols have other names there.
old_libc() {
	local name version libc

	make -s -C "$tools" || return
	libc=$(ldd "$tools/skbtrace" | sed -n 's/.*libc\.so\.6 => \([^ ]*\).*/\1/p')
	[ "$(needs "$tools/skbtrace" | wc -l)" -gt 20 ] || return
	not grep . < <(needs "$tools/skbtrace" | while read -r name version; do
		[ "$(printf '%s\n' "$version" 2.17 | sort -V | tail -n 1)" != 2.17 ] || continue
		! objdump -T "$libc" | grep -E "\(GLIBC_2\.([0-9]|1[0-7])(\.[0-9]+)?\) +$name\$" \
			>/dev/null || continue
		[[ $name =~ ^([fl]?stat(at)?|fcntl64|__isoc23_[a-z]+)$ ]] || echo "$name $version"
	done)
}

static() {
	make -s -C "$tree" static && readelf -W -l "$tools/skbtrace-static" >"$tmp/segments" &&
		grep LOAD "$tmp/segments" && not grep -E 'DYNAMIC|INTERP' "$tmp/segments" &&
		not grep -o 'GLIBC_[0-9.]*' <(objdump -T "$tools/skbtrace-static" 2>&1)
}

# Built in any order, each stays what it is and is not built again for the other's sake.
not_mixed() {
	local before

	make -s -C "$tree" tools static && before=$(stat -c '%i %y' "$tools"/skbtrace*) &&
		make -s -C "$tree" tools && make -s -C "$tree" static &&
		is "$before" stat -c '%i %y' "$tools"/skbtrace* &&
		readelf -W -l "$tools/skbtrace" | grep INTERP &&
		not grep INTERP <(readelf -W -l "$tools/skbtrace-static") &&
		rm "$tools/skbtrace" && make -s -C "$tree" static && [ ! -e "$tools/skbtrace" ]
}

# profile OPTION...: of what goes over a bridge nothing is dropped; the tree's profiles are found
profile() { "$tools/skbtrace" report "$@" "$tree/selftests/tools/traces/drop.skbtrace" 2>&1; }
profiles() {
	make -s -C "$tools" && profile --profile drops >"$tmp/drops" &&
		diff <(profile --only dropped) "$tmp/drops" && profile --profile=latency >"$tmp/out" &&
		diff <(profile --min-latency 1ms) "$tmp/out" &&
		not profile --profile drps >"$tmp/out" && grep 'there is no "drps"; nearest: drops' "$tmp/out"
}
no_profile() {
	printf -- '--only dropped\nrm -rf\n' >"$tmp/profile" && not profile --profile "$tmp/profile" >"$tmp/out" &&
		grep '"rm -rf" is not an option' "$tmp/out" &&
		printf -- '# mine\n\n  --min-latency   1ms \n[run]\n--set stack=1\n' >"$tmp/profile" &&
		diff <(profile --min-latency 1ms) <(profile --profile "$tmp/profile")
}

# What an expression comes to is seen in which packets of a file are shown.
expression() {
	"$tools/skbtrace-static" check "$tree/selftests/tools/traces/http.skbtrace" "$1" 2>&1
}
has_libpcap() { [ -e "$(gcc -print-file-name=libpcap.a)" ]; }
compiles_expressions() {
	make -s -C "$tree" static && expression 'tcp port http and host 78.78.0.10' >"$tmp/http" &&
		grep '^12 journeys: 12 intact' "$tmp/http" &&
		not expression 'tcp prt 80' >"$tmp/wrong" && grep 'syntax error' "$tmp/wrong"
}
without_libpcap() {
	make -s -C "$tools" static libpcap.a= && not expression 'tcp port 80' >"$tmp/refused" &&
		grep 'built without libpcap.a' "$tmp/refused" && make -s -C "$tree" static
}

install_reader() {
	(umask 077 && make -s -C "$tree" install PREFIX=/usr DESTDIR="$tmp/root") &&
		diff - <(cd "$tmp/root" && find usr -printf '%m %p\n' | sort -k 2) <<-'END' &&
		755 usr
		755 usr/sbin
		755 usr/sbin/skbtrace
		755 usr/share
		755 usr/share/man
		755 usr/share/man/man4
		644 usr/share/man/man4/skbtrace.4
		755 usr/share/man/man8
		644 usr/share/man/man8/skbtrace.8
		755 usr/share/skbtrace
		755 usr/share/skbtrace/profiles
		644 usr/share/skbtrace/profiles/corruption
		644 usr/share/skbtrace/profiles/drops
		644 usr/share/skbtrace/profiles/latency
		644 usr/share/skbtrace/skbtrace.schema.json
		END
		readelf -W -l "$tmp/root/usr/sbin/skbtrace" | grep INTERP
}

uninstall_reader() {
	make -s -C "$tree" uninstall PREFIX=/usr DESTDIR="$tmp/root" &&
		not grep . <(find "$tmp/root" ! -type d)
}

clean() {
	make -s -C "$tree" clean && unpack "$tmp/fresh" && diff -r "$tmp/fresh/skbtrace-$ver" "$tree"
}

# is TEXT COMMAND...: what the command prints
is() {
	local want=$1 got
	shift
	got=$("$@") && [ "$got" = "$want" ] || { echo "\"$got\", not \"$want\""; return 1; }
}

# packets TRACE: what tcpdump finds in what --pcapng writes of a saved one
packets() {
	"$tools/skbtrace" hops --pcapng "$tmp/pcapng" "$tree/selftests/tools/traces/$1" >"$tmp/hops" &&
		tcpdump -n -v -r "$tmp/pcapng" >"$tmp/packets" 2>"$tmp/err" || { cat "$tmp/err"; return 1; }
}
tcpdump_reads() {
	packets http.skbtrace && grep '78.78.0.11.* > 78.78.0.10.80: Flags \[P.\]' "$tmp/packets" &&
		packets fragments.skbtrace && grep 'flags \[+\], proto UDP' "$tmp/packets" &&
		not grep -i 'bad\|malformed\|invalid' "$tmp/packets"
}

# dkms sources it from where it happens to stand.
dkms_version() {
	# shellcheck source=/dev/null
	(cd / && . "$tree/dkms.conf" && echo "$PACKAGE_NAME $PACKAGE_VERSION")
}

module_version() {
	KDIR=$kdir CC=$cc SKBTRACE_SRC=$tree "$rig/build.sh" "$tmp" >&2 &&
		modinfo -F version "$tmp/skbtrace.ko"
}

ktap_print_header
ktap_set_plan 22
copy "$tmp/copy"
check "make dist: one file, $tarball" dist
check "it has nothing that was built" clean_of_litter
check "it is the same, byte by byte, when made again" same_bytes
if have git; then
	check "in a git work tree it has what is committed, which is the same" from_git
else
	skip "in a git work tree it has what is committed, which is the same" "git is missing"
fi
check "the reader is C99" as_c99
check "it uses nothing that gcc 4.8 lacks" nothing_younger
check "it uses nothing that glibc 2.17 lacks" old_libc
if gcc -static -x c -o "$tmp/static" - <<<'int main(void) { return 0; }' 2>"$tmp/static.err"; then
	check "make static: one file that needs no other" static
	check "it runs" is "skbtrace $ver" "$tools/skbtrace-static" --version
	check "a static and a dynamic reader are not mixed up" not_mixed
	if has_libpcap; then
		check "with libpcap.a it makes filters of expressions" compiles_expressions
	else
		skip "with libpcap.a it makes filters of expressions" "there is no libpcap.a (libpcap-dev)"
	fi
	check "without, it says so" without_libpcap
else
	for t in "make static" "it runs" "a static and a dynamic reader are not mixed up" \
		"with libpcap.a it makes filters of expressions" "without, it says so"; do
		skip "$t" "$(tail -n 1 "$tmp/static.err")"
	done
fi
check "a profile is a file of options; of one that is not there the nearest are named" profiles
check "what is no profile is refused" no_profile
check "make install: each file in its place, with its mode" install_reader
check "make uninstall takes all of them away" uninstall_reader
make -s -C "$tree" tools
if have tcpdump; then
	check "tcpdump reads what --pcapng writes" tcpdump_reads
else
	skip "tcpdump reads what --pcapng writes" "tcpdump is missing"
fi
check "the reader's version is $ver" is "skbtrace $ver" "$tools/skbtrace" --version
check "dkms.conf's too" is "skbtrace $ver" dkms_version
check "CHANGELOG begins with it" is "skbtrace $ver" head -n 1 "$tree/CHANGELOG"
check "make clean leaves what was unpacked" clean
read -r name _ <<<"$(kernels 6.1)"
if kernel "$name"; then
	check "the module's version is $ver" is "$ver" module_version
elif [ "$name" = 6.1 ]; then
	echo "# $no_kernel"
	ktap_test_fail "the module's version is $ver"
else
	skip "the module's version is $ver" "kernel $name cannot be had: $no_kernel"
fi
ktap_finished
