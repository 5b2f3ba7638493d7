#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Add up the results in KTAP files.
#
#	summary.sh FILE...
#
# Shows why what was skipped was; of what failed what was expected and what came, and the
# command that runs this test again; then one line:
#
#	N passed, N failed, N skipped
#
# That command is what a line "# again: COMMAND" in the file says, with the test in the
# place of %s; if none had begun, with those that a line "# tests: NAME..." has.
#
# Counted are test cases, not the tests around them; of those only one that
# failed although its cases passed, or that had none. A plan with more tests than
# results, a "Bail out!" and a file without results are failures too. The exit
# status is 1 if anything failed or nothing passed.

export LC_ALL=C
[ $# -gt 0 ] || { sed -n 's/^#\t*//p; /^$/q' "$0" | sed 1d >&2; exit 2; }
for f in "$@"; do
	[ -r "$f" ] || { echo "summary: cannot read $f" >&2; exit 1; }
done

exec awk '
BEGIN { MOST = 12 }
# The depth of a line is what stands before it: "# " in kselftest, two spaces in
# KTAP. Of the run of tests at each depth: plan[], results[]; of what ran below
# the test that is under way there: inner[] results, below_failed[] of them.
function depth_of(line,   d) {
	d = 0
	while (match(line, /^(# |  )/)) {
		line = substr(line, 3)
		d++
	}
	rest = line
	return d
}
# What came is what the test has said since the result before.
function fail(what, expected,   line, i) {
	failed++
	failures = failures "FAILED  " what "\n"
	if (expected != "")
		failures = failures "  expected:  " expected "\n"
	for (i = nr_said > MOST ? nr_said - MOST : 0; i < nr_said; i++)
		failures = failures (came++ ? "             " : "  came:      ") said[i % MOST] "\n"
	came = 0
	if (again != "") {
		line = again
		sub(/%s/, tested == "" ? tests : tested, line)
		failures = failures "  again:     " line "\n"
	}
}
function skip(what, why) {
	skipped++
	print "skipped " what ": " (why == "" ? "no reason given" : why)
}
function path(d,   i, s) {
	s = file
	for (i = 0; i < d; i++)
		if (name[i] != "")
			s = s " > " name[i]
	return s
}
# The runs of tests at depth d and below are over.
function close_from(d,   i) {
	for (i = deepest; i >= d; i--) {
		if (plan[i] != "" && results[i] < plan[i]) {
			fail(path(i) ": planned " plan[i] " tests, saw " results[i] + 0)
			inner[i - 1]++
			below_failed[i - 1]++
		}
		plan[i] = ""; results[i] = 0
	}
	if (deepest >= d)
		deepest = d - 1
}
function end_file() {
	if (file == "")
		return
	close_from(0)
	if (!seen)
		fail(file ": no results")
	delete inner; delete below_failed; delete why
}
FNR == 1 {
	end_file()
	n = split(FILENAME, part, "/")
	file = part[n]
	sub(/\.tap$/, "", file)
	seen = 0; deepest = -1; name[0] = again = tests = tested = ""; nr_said = 0
	read[FILENAME]
}
{ sub(/\r$/, ""); d = depth_of($0) }

# runner.sh names a test before it starts.
rest ~ /^selftests: .*: / && d > 0 {
	name[d - 1] = rest
	sub(/^.*: /, "", name[d - 1])
	if (d == 1)
		tested = name[0]
	nr_said = 0
	next
}

rest ~ /^tests: / && d == 1 && !seen { tests = substr(rest, 8); next }
rest ~ /^again: / && d == 1 && !seen { again = substr(rest, 8); next }

rest ~ /^(K?TAP version )/ {
	close_from(d)
	deepest = d
	next
}

rest ~ /^1\.\.[0-9]+/ {
	if (deepest < d)
		deepest = d
	plan[d] = substr(rest, 4) + 0
	if (match(rest, /# *SKIP */)) {
		why[d] = substr(rest, RSTART + RLENGTH)
		if (d == 0) {
			seen = 1
			skip(file, why[d])
		}
	}
	next
}

rest ~ /^Bail out!/ {
	seen = 1
	fail(path(d + 1) ": " rest)
	for (i = 0; i < d; i++) {
		inner[i]++
		below_failed[i]++
	}
	# No plan can be met after it.
	for (i = d; i <= deepest; i++)
		plan[i] = ""
	next
}

rest ~ /^(not )?ok( |$)/ {
	if (rest !~ /^(not )?ok [0-9]+/ && d > 0)
		next		# somebody says "ok", no result
	bad = rest ~ /^not /
	close_from(d + 1)
	if (deepest < d)
		deepest = d
	results[d]++
	seen = 1
	title = rest
	sub(/^(not )?ok *[0-9]* *(- )?/, "", title)
	sub(/^selftests: .*: /, "", title)
	directive = reason = ""
	if (match(title, /# *(SKIP|XFAIL|TODO|TIMEOUT|exit=)/)) {
		directive = substr(title, RSTART)
		title = substr(title, 1, RSTART - 1)
		sub(/^# */, "", directive)
	}
	sub(/ +$/, "", title)
	if (directive ~ /^SKIP/) {
		reason = directive
		gsub(/^SKIP *|[ #]*SKIP *$/, "", reason)
	}
	had = inner[d]; had_failed = below_failed[d]
	inner[d] = below_failed[d] = 0
	where = path(d) " > " title
	name[d] = ""
	if (had) {
		# Its cases are counted already; it failed because of one of them?
		if (bad && !had_failed) {
			fail(where ": its test cases passed, but " \
			     (directive == "" ? "it did not" : directive))
			bad_now = 1
		} else
			bad_now = had_failed > 0
	} else if (directive ~ /^(SKIP|TODO)/) {
		skip(where, reason != "" ? reason : why[d + 1])
		bad_now = 0
	} else if (bad && directive !~ /^XFAIL/) {
		fail(where (directive == "" ? "" : ": " directive), title)
		bad_now = 1
	} else {
		passed++
		bad_now = 0
	}
	nr_said = 0
	why[d + 1] = ""
	if (d > 0) {
		inner[d - 1]++
		below_failed[d - 1] += bad_now
	}
	next
}
# What else it says.
rest !~ /^(timeout set to|overriding timeout|Totals:) / { said[nr_said++ % MOST] = rest }

END {
	end_file()
	for (i = 1; i < ARGC; i++)
		if (!(ARGV[i] in read))
			fail(ARGV[i] ": empty")
	if (passed + failed + skipped == 0)
		fail("no tests were run")
	printf "%s", failures
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}' "$@"
