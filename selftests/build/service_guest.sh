#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: what service.sh has put into /systemd becomes the root of a system of its
# own, in namespaces of its own, as a container has it; the services run there.

# Where the kernel is but was begun outside, systemd is the first process of a container.
begin() {
	mkdir /new
	mount -t tmpfs -o size=400M new /new
	cp -a /usr /bin /sbin /lib /lib64 /etc /skbtrace /kselftest /new/ 2>/dev/null
	# Of folders that the guest has as links, what is in them.
	(cd /systemd && find . -type f -print0 | while IFS= read -r -d '' f; do
		# What is a link to busybox is replaced, not written through.
		mkdir -p "/new/$(dirname "$f")" && cp -p --remove-destination "$f" "/new/$f"
	done)
	mkdir -p /new/proc /new/sys /new/dev /new/run /new/tmp /new/root /new/var/log /new/var/tmp /new/var/lib
	ln -s ../run /new/var/run
	# Where packages have it.
	ln -sf /usr/bin/skbtrace /new/usr/sbin/skbtrace
	mkdir -m 700 /new/var/lib/skbtrace
	mount --rbind /sys /new/sys
	mount --rbind /dev /new/dev
	mount -t tmpfs run /new/run
	mount -t tmpfs tmp /new/tmp
	: >/new/etc/machine-id
	cat >/new/etc/systemd/system/test.service <<-END
	[Unit]
	DefaultDependencies=no
	[Service]
	Type=oneshot
	ExecStart=/bin/bash /skbtrace/selftests/build/service_guest.sh inside
	StandardOutput=file:/dev/ttyS1
	StandardError=file:/dev/ttyS1
	ExecStopPost=/bin/bash -c 'systemctl --force exit "\$EXIT_STATUS" || systemctl --force exit 1'
	TimeoutStartSec=infinity
	END
	cd /new || exit
	# shellcheck disable=SC2016
	exec unshare --mount --pid --cgroup --fork --propagation private bash -c '
		mount --move . / && exec chroot . /bin/bash -c "
			mount -t proc proc /proc
			[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup /sys/fs/cgroup
			exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
				/lib/systemd/systemd --system --unit=test.service \
				--log-target=kmsg --log-level=notice --show-status=no"'
}

if [ "${1-}" != inside ]; then
	begin
	exit
fi

# shellcheck source=../net/lib.sh
. /skbtrace/selftests/net/lib.sh

recorder() { systemctl show -p MainPID --value skbtrace-record; }
state() { systemctl show -p ActiveState --value "$1"; }
is_active() { [ "$(state "$1")" = active ]; }

starts() {
	systemctl start skbtrace-record || { systemctl status skbtrace-record skbtrace; return 1; }
	nap 1
	is_active skbtrace && is_active skbtrace-record && [ "$(recorder)" != 0 ] &&
		[ "$(cat /proc/"$(recorder)"/comm)" = skbtrace ]
}

# What it may is what it needs, as the kernel says it.
confined() {
	local pid
	pid=$(recorder)
	grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' "/proc/$pid/status"
	# DAC_READ_SEARCH, SYS_PTRACE, SYS_NICE, SYSLOG
	grep -q -i '^CapEff:	0*400880004$' "/proc/$pid/status" &&
		grep -q '^NoNewPrivs:	1$' "/proc/$pid/status" &&
		grep -q '^Seccomp:	2$' "/proc/$pid/status" || return
	not touch "/proc/$pid/root/etc/x" && not touch "/proc/$pid/root/usr/x" &&
		touch "/proc/$pid/root/var/lib/skbtrace/x" && rm /var/lib/skbtrace/x &&
		[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

limited() {
	systemctl show -p MemoryMax -p MemoryLimit -p MemoryCurrent -p LimitNOFILE skbtrace-record
	systemctl show -p MemoryMax -p MemoryLimit skbtrace-record | grep -q '=268435456$'
}

garble() {
	in1 tc qdisc add dev calmveth1 clsact
	in1 tc filter add dev calmveth1 egress protocol ip u32 match ip protocol 17 0xff \
		match ip dport 7879 0xffff action pedit munge offset 600 u8 set 0x5a
}

# It is there when the time after is over and what is before is older than could be wanted.
traps() {
	py -n ns-calm1 udp.py burst 78.78.0.11 7878:900 7879:900
	nap 2
	systemctl stop skbtrace-record
	ls -l /var/lib/skbtrace
	skbtrace check /var/lib/skbtrace/trace
	[ $? = 1 ] && [ "$(stat -c %a /var/lib/skbtrace/trace)" = 600 ] &&
		skbtrace report /var/lib/skbtrace/trace | grep -q -w init
}

goes_on() {
	systemctl start skbtrace-record && nap 1 || return
	py -n ns-calm1 udp.py burst 78.78.0.11 7879:900
	nap 2
	systemctl restart skbtrace-record && [ -e /var/lib/skbtrace/trace.1 ]
}

# Who is killed begins anew; that is how a service is to be.
recovers() {
	local pid
	pid=$(recorder)
	kill -KILL "$pid"
	until_true 60 another "$pid"
}
another() { [ "$(recorder)" != 0 ] && [ "$(recorder)" != "$1" ]; }

all_ends() {
	systemctl stop skbtrace
	[ "$(state skbtrace-record)" != active ] && [ ! -d /sys/module/skbtrace ]
}

ktap_print_header
ktap_set_plan 7
scenario_up
modprobe -a sch_ingress cls_u32 act_pedit
garble
echo "# $(/lib/systemd/systemd --version | head -n 1)"
check "starting the recorder loads the module" starts
check "it has the rights it needs, and no others" confined
check "its memory is limited" limited
check "what was changed is in its file, with names" traps
check "started again it keeps the files there are" goes_on
check "killed, it is started again" recovers
check "with the module's service it ends, too" all_ends
ktap_finished
