# SPDX-License-Identifier: GPL-2.0
# What a target runs, of the table: the jobs, the longest first.
#
#	awk -f plan.awk -v target=check|check-all|check-debug [-v form=short|long]
#		[-v tests="NAME..."] [-v kernels="NAME..."] [-v guest=SECONDS]
#		TIMES-FILE table
#
# tests: only these, wherever the target would have them, or what it leaves out where
# another has it; kernels: on these instead. A kernel's scripts are dealt out to as many
# machines as it takes for none to need more than guest seconds. TIMES-FILE has lines
# "FORM WHERE TEST SECONDS", of the last runs.
#
# Prints a line a job, words separated by blanks: SECONDS WHERE TEST...

function die(what) {
	print "plan: error: " what >"/dev/stderr"
	failed = 1
	exit 2
}

function has(list, word) { return index(" " list " ", " " word " ") > 0 }

# A set's name stands for what is in it.
function expand(word) { return word in set ? set[word] : word }

function base(name) { sub(/.*\//, "", name); return name }

# Where a test is to run.
function where_of(test,   list, col, n, k, i, out) {
	list = expand(column[test, target])
	for (col in targets)
		if (tests != "" && list == "-")
			list = expand(column[test, targets[col]])
	if (list == "-" || list == "here" || kernels == "")
		return list
	n = split(kernels, k, " ")
	out = "-"
	for (i = 1; i <= n; i++) {
		# Not all is for those that look for mistakes.
		if (tests == "" && k[i] ~ /^debug-/ && !has(list, k[i]) && \
		    !has(expand(column[test, "check-debug"]), k[i]))
			continue
		out = out == "-" ? k[i] : out " " k[i]
	}
	return out
}

# Kernels that look for mistakes are slow: the short form is long enough.
function form_of(where) { return where ~ /^debug-/ ? "short" : form }

function seconds_of(test, where,   s) {
	if ((form_of(where), where, test) in took)
		return took[form_of(where), where, test]
	s = estimate[test] + 0
	if (form_of(where) == "long" && more[test] != "-")
		s *= 4
	return where ~ /^debug-/ ? 4 * s : s
}

# One kernel's tests, over machines.
function deal(where, list,   n, t, i, j, total, most, bins, load, bin, line, best, tmp) {
	n = split(list, t, " ")
	for (i = 1; i <= n; i++)
		total += seconds_of(t[i], where)
	bins = guest > 0 ? int((total + guest - 1) / guest) : 1
	if (bins < 1)
		bins = 1
	# Into the machine that has the least so far, the longest test first.
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && seconds_of(t[j], where) > seconds_of(t[j - 1], where); j--) {
			tmp = t[j]; t[j] = t[j - 1]; t[j - 1] = tmp
		}
	for (i = 1; i <= bins; i++)
		load[i] = 0
	for (i = 1; i <= n; i++) {
		best = 1
		for (j = 2; j <= bins; j++)
			if (load[j] < load[best])
				best = j
		load[best] += seconds_of(t[i], where)
		bin[t[i]] = best
	}
	n = split(list, t, " ")
	for (j = 1; j <= bins; j++) {
		line = ""
		for (i = 1; i <= n; i++)
			if (bin[t[i]] == j)
				line = line " " t[i]
		if (line != "")
			job(load[j], where, line)
	}
}

function job(seconds, where, list) {
	if (where ~ /^debug-/)
		seconds += 60
	jobs[++nr_jobs] = int(seconds + 0.5) " " where list
	weight[nr_jobs] = seconds
}

BEGIN {
	split("check check-all check-debug", targets, " ")
	if (form == "")
		form = target == "check-all" ? "long" : "short"
}

FILENAME != "-" && FILENAME == ARGV[1] && ARGC > 2 { took[$1, $2, $3] = $4; next }
/^#/ || NF == 0 { next }
$1 == "set" { $1 = ""; name = $2; $2 = ""; sub(/^ */, ""); set[name] = $0; next }
NF != 7 { die("table: " $1 ": seven columns are wanted") }
{
	order[++nr_tests] = $1
	known[base($1)] = known[$1] = 1
	for (i in targets)
		column[$1, targets[i]] = $(i + 1)
	estimate[$1] = $5
	more[$1] = $7
}

END {
	if (failed)
		exit 2
	if (!has("check check-all check-debug", target))
		die("no target called " target)
	n = split(tests, wanted, " ")
	for (i = 1; i <= n; i++) {
		if (!(wanted[i] in known))
			die("no test called " wanted[i] " in selftests/table")
		chosen = chosen " " wanted[i] " "
	}
	for (i = 1; i <= nr_tests; i++) {
		test = order[i]
		if (n && !has(chosen, test) && !has(chosen, base(test)))
			continue
		where = where_of(test)
		if (where == "-")
			continue
		if (where == "here") {
			job(seconds_of(test, "here"), "here", " " test)
			continue
		}
		m = split(where, w, " ")
		for (j = 1; j <= m; j++) {
			if (!(w[j] in of_kernel))
				kernel_order[++nr_kernels] = w[j]
			of_kernel[w[j]] = of_kernel[w[j]] " " test
		}
	}
	for (i = 1; i <= nr_kernels; i++)
		deal(kernel_order[i], of_kernel[kernel_order[i]])
	for (i = 2; i <= nr_jobs; i++)
		for (j = i; j > 1 && weight[j] > weight[j - 1]; j--) {
			tmp = jobs[j]; jobs[j] = jobs[j - 1]; jobs[j - 1] = tmp
			tmp = weight[j]; weight[j] = weight[j - 1]; weight[j - 1] = tmp
		}
	for (i = 1; i <= nr_jobs; i++)
		print jobs[i]
}
