#compdef skbtrace
# SPDX-License-Identifier: GPL-2.0
# Completion of skbtrace(8) for zsh. Commands and options are what --help names.

local help debugfs=${SKBTRACE_DEBUGFS:-/sys/kernel/debug}
local -a words_

case $words[CURRENT-1] in
-d | --dev | --capture-at)
	words_=(/sys/class/net/*(N:t)) ;;
-N | --netns)
	words_=(/run/netns/*(N:t)) ;;
-P | --points | --between)
	words_=(${(f)"$(awk '!/^#/ { print $2; print $4 }' $debugfs/skbtrace.d/points 2>/dev/null)"}) ;;
--profile)
	words_=({/etc,/usr/share}/skbtrace/profiles/*(N:t)) ;;
-O | --only)
	words_=(changed unverified dropped truncated retransmitted intact) ;;
-C | --color)
	words_=(auto always never) ;;
--sort)
	words_=(latency bytes time) ;;
--by)
	words_=(flow) ;;
--profile)
	words_=(drops corruption latency) ;;
--kernel)
	words_=(/lib/modules/*(N:t)) ;;
-p | --pid | -D | --duration | -c | --count | --id | --min-latency | --max-* | \
--before | --after | --memory | --filter | --set)
	return ;;
-o | --output | --pcapng | --perfetto | --html | --debugfs | --debuginfo | --module)
	_files; return ;;
*)
	help=$(skbtrace --help 2>/dev/null)
	if [[ $PREFIX == -* ]]; then
		words_=(${(f)"$(grep -o -E -e '(^ *|, )--?[a-zA-Z][a-z-]*' <<<$help | tr -d ' ,')"})
	elif (( CURRENT == 2 )); then
		words_=(${(f)"$(sed -n 's/^  skbtrace \[\{0,1\}\([a-z]*\).*/\1/p' <<<$help)"})
	else
		_files; return
	fi ;;
esac
compadd -a words_
