# SPDX-License-Identifier: GPL-2.0
# Debian packages of any release, unpacked but never installed. apt runs with
# folders and sources of the project's own, so the machine's are neither read
# nor changed; signatures are checked as always.
# Sourced by bash scripts after lib.sh, not run.
# shellcheck shell=bash disable=SC2154,SC2016

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The machine's own mirror, if it is one of Debian's archive.
apt_mirror() { # label default
	local uri

	uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
	      sed -n "s,^Debian|$1|,,p" | head -n 1)
	uri=${uri:-$2}
	echo "${uri%/}"
}

# apt_open SUITE...: choose the releases that the functions below see.
apt_open() {
	local suite uri names="$*" root

	root=$cache/apt/${names// /+}${apt_arch:+-$apt_arch}
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
		die "no apt-get and dpkg-deb here: give a kernel of your own with KERNEL=, MODULES= and KDIR="
	[ -r "$keyring" ] ||
		die "$keyring is missing: install the package debian-archive-keyring"
	# Several scripts may begin with the same releases at the same time.
	mkdir -p "$cache/lock"
	exec {apt_fd}>"$cache/lock/apt-${names// /+}"
	flock "$apt_fd"
	mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial" "$root/empty"
	: >"$root/status"
	for suite; do
		case $suite in
		*-security) uri=${SKBTRACE_SECURITY_MIRROR:-$(apt_mirror Debian-Security http://deb.debian.org/debian-security)} ;;
		*) uri=${SKBTRACE_MIRROR:-$(apt_mirror Debian http://deb.debian.org/debian)} ;;
		esac
		# An old release's lists stop being renewed; that is no reason to refuse its kernel.
		echo "deb [arch=${apt_arch:-amd64} signed-by=$keyring check-valid-until=no] $uri $suite main"
	done >"$root/sources.list.new"
	if ! cmp -s "$root/sources.list.new" "$root/sources.list"; then
		mv "$root/sources.list.new" "$root/sources.list"
		rm -f "$root/updated"
	fi
	# Of the machine's configuration only how to download: proxies and such.
	{
		apt-config dump | grep '^Acquire::' | grep -v -i 'languages\|IndexTargets'
		cat <<-CONF
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "$root/empty";
		Dir::Etc::sourcelist "$root/sources.list";
		Dir::Etc::sourceparts "$root/empty";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "$root/empty";
		Dir::State "$root/state";
		Dir::State::status "$root/status";
		Dir::Cache "$root/cache";
		Dir::Log "$root";
		APT::Architecture "${apt_arch:-amd64}";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
		CONF
	} >"$root/apt.conf"
	export APT_CONFIG=$root/apt.conf
	if [ -z "$(find "$root/updated" -mmin -360 2>/dev/null)" ]; then
		say "reading the package lists of $*"
		apt-get -q update >&2 || die "cannot read the package lists of $*"
		apt-cache gencaches >&2 || true
		touch "$root/updated"
	fi
	exec {apt_fd}>&-
}

# apt_newest PACKAGE: the highest version on offer; fails if there is none.
apt_newest() {
	apt-cache madison "$1" | awk '{ print $3 }' | sort -V | tail -n 1 | grep .
}

# apt_closure REGEX PACKAGE...: "package=version" for each package and for
# whatever of its dependencies, all the way down, has a name that matches.
apt_closure() {
	local re=$1 p v
	local -A seen=()

	shift
	while [ $# -gt 0 ]; do
		p=$1; shift
		[ -z "${seen[$p]-}" ] || continue
		seen[$p]=1
		v=$(apt_newest "$p") || continue
		echo "$p=$v"
		# Alternatives are all taken: a kernel's differ only in who signed them,
		# and what is not signed is not wanted.
		# shellcheck disable=SC2046
		set -- "$@" $(apt-cache show "$p=$v" | sed -n 's/^\(Pre-\)\{0,1\}Depends: //p' |
			tr -s ',|' '\n' | sed 's/^ *//; s/[ (:].*//' | grep -E "$re" | grep -v unsigned)
	done
}

# apt_unpack FOLDER PACKAGE=VERSION...
apt_unpack() {
	local to=$1 deb

	shift
	mkdir -p "$to" "$tmp/debs"
	if ! (cd "$tmp/debs" && apt-get -q download "$@" >&2); then
		rm -f "${APT_CONFIG%/*}/updated"	# the lists may be out of date
		die "cannot download $*; try again, or is the disk full, the network gone?"
	fi
	for deb in "$tmp"/debs/*.deb; do
		dpkg-deb -x "$deb" "$to" || die "cannot unpack ${deb##*/}"
	done
	rm -r "$tmp/debs"
}
