# SPDX-License-Identifier: GPL-2.0
# Completion of skbtrace(8) for bash. Commands and options are what --help names.

_skbtrace()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local help words debugfs=${SKBTRACE_DEBUGFS:-/sys/kernel/debug}

	COMPREPLY=()
	case $prev in
	-d | --dev | --capture-at)
		words=$(ls /sys/class/net 2>/dev/null)
		;;
	-N | --netns)
		words=$(ls /run/netns 2>/dev/null)
		;;
	-P | --points | --between)
		words=$(awk '!/^#/ { print $2; print $4 }' "$debugfs/skbtrace.d/points" 2>/dev/null)
		;;
	-O | --only)
		words='changed unverified dropped truncated retransmitted intact'
		;;
	--profile)
		words=$(ls /etc/skbtrace/profiles /usr/share/skbtrace/profiles 2>/dev/null)
		;;
	-C | --color)
		words='auto always never'
		;;
	--sort)
		words='latency bytes time'
		;;
	--by)
		words='flow'
		;;
	--profile)
		words='drops corruption latency'
		;;
	--kernel)
		words=$(ls /lib/modules 2>/dev/null)
		;;
	-p | --pid | -D | --duration | -c | --count | --id | --min-latency | --max-* | \
	--before | --after | --memory | --filter | --set)
		return
		;;
	-o | --output | --pcapng | --perfetto | --html | --debugfs | --debuginfo | --module)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	*)
		help=$(skbtrace --help 2>/dev/null)
		if [[ $cur == -* ]]; then
			words=$(grep -o -E -e '(^ *|, )--?[a-zA-Z][a-z-]*' <<<"$help" | tr -d ' ,')
		elif [ "$COMP_CWORD" -eq 1 ]; then
			words=$(sed -n 's/^  skbtrace \[\{0,1\}\([a-z]*\).*/\1/p' <<<"$help")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _skbtrace -o filenames skbtrace
