#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Feed the reader what nobody would write: libFuzzer, with ASan and UBSan.
#
#	fuzz.sh [TARGET]...	file, records, names; all
#
# Always the same inputs in the same order, as many as there is time for. First
# mistakes are made in copies of the reader, which must be found. An input that
# crashes it is kept, and the test says where and how to run it again.
#
# Environment:
#	FUZZ=corpus	only the inputs in corpus/, and no mistakes
#	FUZZ_SECONDS=N	for each target (6)
#	EXECUTIONS=N	so many for each target instead, beginning with what earlier
#			runs of that kind have found worth keeping

. "$(dirname "$0")/../build/lib.sh"

fuzz=$top/selftests/fuzz
found=$cache/fuzz
# It need not be the first to open a file here, and is nobody's time.
run=(nice -n 5)

declare -A whats=(
	[file]="saved files"
	[records]="streams of records"
	[names]="names and tables"
)
declare -A longest=([file]=12288 [records]=1536 [names]=1024)

# mistake TARGET FILE WHAT EDIT: the target must find it; EDIT is for sed -E -z
mistakes=()
mistake() { mistakes+=("$1" "$2" "$3" "$4"); }
mistake file source/file_read.c "a table's end is not marked" '
	s/malloc\(text->nr \+ 1\)/malloc(text->nr)/'
mistake file source/file_read.c "an error without offset" '
	s/record at offset %" PRIu64 ": %s", file->path, offset/record: %s", file->path/'
mistake records journey/engine.c "a hop more than there is room for" '
	s/journey->nr_hops == journey->room/journey->nr_hops > journey->room/'
mistake records journey/journey.c "journeys are not bounded" '
	s/\n\tengine_keep_bounds\(engine\);//'
mistake records journey/regroup.c "a merge is taken for a change" '
	s/crc == joint->record.crc32c \?/crc != joint->record.crc32c ?/'
mistake names show/json.c "a backslash is not escaped" "
	s/ \|\| \*next == '\\\\\\\\'//"
mistake names show/text_pieces.c "names as they are" '
	s/\n\tutf8_printable\(to\);//'

build() { make -s -C "$fuzz" OUTPUT="$1" "${@:2}"; }

# fuzz PROGRAM TARGET FOLDER ARGUMENT...: what it says is in $tmp/log; what it finds
# worth keeping goes to FOLDER
fuzz() {
	local program=$1 target=$2 keep=$3
	shift 3
	mkdir -p "$keep" && "${run[@]}" "$program" -seed=1 -max_len="${longest[$target]}" \
		-timeout=120 -rss_limit_mb=512 -print_final_stats=1 "$@" \
		"$keep" "$fuzz/corpus/$target" \
		>"$tmp/log" 2>&1
}

# The traces of real kernels too, which are longer.
traces() { "$found/fuzz_file" "$fuzz"/../tools/traces/*.skbtrace; }

# attempt TARGET: one test
attempt() {
	local target=$1 keep=$tmp/$1 from=$SECONDS status=0 crashes=0 limit input n
	local what=${whats[$1]}

	limit=(-max_total_time="${FUZZ_SECONDS:-6}")
	[ "${FUZZ-}" != corpus ] || limit=(-runs=0)
	if [ -n "${EXECUTIONS-}" ]; then
		limit=(-runs="$EXECUTIONS")
		keep=$found/corpus/$target
	fi
	fuzz "$found/fuzz_$target" "$target" "$keep" "${limit[@]}" \
		-artifact_prefix="$found/$target-" || status=$?
	[ $status = 0 ] || crashes=1
	n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/log")
	what="$what: ${n:-no} executions, $crashes crashes, $((SECONDS - from)) s"
	if [ $status = 0 ] && [ "${n:-0}" -gt 0 ]; then
		ktap_test_pass "$what"
		return
	fi
	grep -av '^#[0-9]' "$tmp/log" | tail -n 60 | sed 's/^/# /'
	input=$(sed -n 's/.*Test unit written to //p' "$tmp/log")
	[ -z "$input" ] || {
		echo "# the input: $input"
		echo "# once more: $found/fuzz_$target $input"
	}
	ktap_test_fail "$what"
}

# finds TARGET FILE EDIT: the mistake is made in a copy, and found
finds() {
	local target=$1 file=$2 edit=$3 copy=$tmp/mistake

	rm -rf "$copy" && mkdir -p "$copy/built" && cp -r "$top/tools" "$copy/tools" &&
		sed -E -z -i "$edit" "$copy/tools/$file" || return
	! cmp -s "$copy/tools/$file" "$top/tools/$file" ||
		{ echo "the edit does not fit $file any more"; return 1; }
	# All but this file is built already.
	cp -r --preserve=timestamps "$found/reader" "$found"/*.o "$copy/built" &&
		rm "$copy/built/reader/${file%.c}.o" &&
		find "$copy/tools" -name "*.[ch]" -exec touch -d "1 hour ago" {} + &&
		build "$copy/built" TOOLS="$copy/tools" "$copy/built/fuzz_$target" || return
	if fuzz "$copy/built/fuzz_$target" "$target" "$copy/keep" -max_total_time=60 \
		-artifact_prefix="$copy/"; then
		echo "not found in 60 s"
		return 1
	fi
	# Found, not failed to begin.
	grep -a 'Test unit written to' "$tmp/log"
}

[ "${FUZZ-}" != corpus ] || mistakes=()
targets=("$@")
[ $# -gt 0 ] || targets=(file records names)
have clang || { ktap_print_header; ktap_skip_all "clang is missing"; exit "$KSFT_SKIP"; }
echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' >"$tmp/empty.c"
if ! clang -fsanitize=fuzzer,address,undefined -o "$tmp/empty" "$tmp/empty.c" >"$tmp/log" 2>&1; then
	ktap_print_header
	ktap_skip_all "clang's libFuzzer, of the package libclang-rt-dev, is missing:" \
		"$(tail -n 1 "$tmp/log")"
	exit "$KSFT_SKIP"
fi

ktap_print_header
ktap_set_plan $((2 + ${#mistakes[@]} / 4 + ${#targets[@]}))
mkdir -p "$found"
check "the reader is built for libFuzzer" build "$found"
for ((i = 0; i < ${#mistakes[@]}; i += 4)); do
	check "found: ${mistakes[i + 2]}" finds "${mistakes[i]}" "${mistakes[i + 1]}" \
		"${mistakes[i + 3]}"
done
check "traces of real kernels" traces
for target in "${targets[@]}"; do
	attempt "$target"
done
ktap_finished
