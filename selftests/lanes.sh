# SPDX-License-Identifier: GPL-2.0
# Jobs beside each other, and a line now and then that says what they do.
# Sourced by check.sh, not run; $state is a folder of its own, in which each job under way
# has a file that says what it does, since when, and how long that took last time:
# "SECONDS SECONDS WHAT".
# shellcheck shell=bash disable=SC2154

# No output for so long is the end of a job: a machine may be busy, but not that busy.
patience=${PATIENCE:-1200}

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# tell TEXT...: a line with the time in front of it
tell() {
	[ ! -t 1 ] || printf '\r\033[K'
	printf '[%6s] %s\n' "$(clock $SECONDS)" "$*"
}

# doing JOB EXPECTED WHAT: what a job does from now on
doing() {
	echo "$SECONDS $2 $3" >"$state/.$1"
	mv "$state/.$1" "$state/$1"
}

# What is under way, and what is still to come.
progress() {
	local file since expected what text='' left=0 later=0 jobs=0 seconds

	for file in "$state"/[0-9]*; do
		read -r since expected what <"$file" 2>/dev/null || continue
		seconds=$((SECONDS - since))
		text+="${text:+, }$what $(clock $seconds)"
		[ "$expected" = 0 ] || text+=" (last time $(clock "$expected"))"
		[ "$seconds" -ge "$expected" ] || left=$((left + expected - seconds))
	done
	read -r jobs later <"$state/queue" || return 0
	left=$(((left + later) / lanes))
	text+="; $jobs more, $(clock "$later") last time; about $(clock $left) to go"
	if [ -t 1 ]; then
		printf '\r\033[K[%6s] %s' "$(clock $SECONDS)" "${text:0:$((${COLUMNS:-$(tput cols 2>/dev/null || echo 80)} - 12))}"
	else
		tell "$text"
	fi
}

# A job is a group of processes, whose output is a file that grows.
watch_over() {
	local file id

	for file in "$state"/group.*; do
		id=${file##*.}
		[ -e "$file" ] && [ -e "$state/output.$id" ] || continue
		[ $(($(date +%s) - $(stat -c %Y "$(cat "$state/output.$id")"))) -gt "$patience" ] ||
			continue
		echo "no output for $patience s" >"$state/killed.$id"
		kill -KILL -- "-$(cat "$file")" 2>/dev/null
	done
}

# Whatever ends us ends all jobs.
end_groups() {
	local file

	for file in "$state"/group.*; do
		[ ! -e "$file" ] || kill -- "-$(cat "$file")" 2>/dev/null || true
	done
}

ticker() {
	local last=$SECONDS every=60

	[ ! -t 1 ] || every=1
	while sleep 1; do
		[ $((SECONDS - last)) -ge $every ] || continue
		last=$SECONDS
		progress
		watch_over
	done
}

# one_job COMMAND ID LINE...
one_job() {
	local status=0

	set +e
	(set -e; "$@")
	status=$?
	rm -f "$state/$2"
	[ $status = 0 ] || echo "status $status of ${*:3}" >"$state/broken.$2"
}

# run_lanes FILE COMMAND: with each line of FILE, which begins with the seconds that it
# is thought to take, COMMAND ID LINE..., as many at a time as there are lanes
run_lanes() {
	local id=0 line ticking jobs pids=() alive pid

	mapfile -t jobs <"$1"
	queued() {
		local j todo=0
		for j in "${jobs[@]:id}"; do
			todo=$((todo + ${j%% *}))
		done
		echo "$((${#jobs[@]} - id)) $todo" >"$state/.queue"
		mv "$state/.queue" "$state/queue"
	}
	queued
	ticker &
	ticking=$!
	while [ $id -lt ${#jobs[@]} ] || [ ${#pids[@]} -gt 0 ]; do
		while [ ${#pids[@]} -lt "$lanes" ] && [ $id -lt ${#jobs[@]} ]; do
			line=${jobs[id]}
			id=$((id + 1))
			queued
			# shellcheck disable=SC2086
			one_job "$2" $id $line &
			pids+=($!)
		done
		wait -n "${pids[@]}" || true
		alive=()
		for pid in "${pids[@]}"; do
			! kill -0 "$pid" 2>/dev/null || alive+=("$pid")
		done
		pids=(${alive[@]+"${alive[@]}"})
	done
	kill $ticking
	wait $ticking 2>/dev/null || true
	[ ! -t 1 ] || printf '\r\033[K'
}
