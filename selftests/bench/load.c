// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic whose cost is measured: from ns-calm2 to ns-calm1, by one task, which also
 * counts what arrives. In a machine that counts instructions a nanosecond is one of them.
 *
 *	load udp BYTES PACKETS [BURST]	datagrams, BURST of them between two pauses
 *	load icmp BYTES PACKETS		echo requests, which nobody answers
 *	load tcp BYTES [PIECE]		as many bytes in one connection, in pieces of so many
 *	load scale			a loop of as many instructions as it says
 *	load run COMMAND [ARG]...	what a command costs
 *	load priority PID N		that task before those below N; the traffic has 1
 *
 * To 78.78.0.10, or the address in TO=.  A quarter as much is done before, and not measured, but for a command. Prints
 * NAME=NUMBER words: sent and received, of both; and measured, the packets of which are ns,
 * while they were under way, and busy, that of all tasks with the pauses'.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT		7878
#define ADDRESS		"78.78.0.10"
#define PAUSE_NS	60000000
#define SETTLE_NS	1200000000
#define BURST		200

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

/*
 * Readers that want to run do it now: we are preferred to them.  Some wait a second for
 * more before they begin, so they are given longer where what they cost is asked for.
 */
static void pause_for_readers(uint64_t ns)
{
	const struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&ts, NULL);
}

/* What all tasks have run so far, but for what we have since our last pause. */
static uint64_t busy_ns(void)
{
	char line[512];
	uint64_t sum = 0, ns;
	FILE *file = fopen("/proc/schedstat", "r");

	if (!file)
		die("/proc/schedstat");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu%*d %*u %*u %*u %*u %*u %*u %" SCNu64, &ns) == 1)
			sum += ns;
	fclose(file);
	return sum;
}

/* Packets in both directions: TCP decides itself how many it makes. */
static uint64_t packets(const char *dev)
{
	char line[512], format[128];
	uint64_t received, sent, sum = 0;
	FILE *file = fopen("/proc/thread-self/net/dev", "r");

	if (!file)
		die("/proc/thread-self/net/dev");
	snprintf(format, sizeof(format),
		 " %s: %%*u %%" SCNu64 " %%*u %%*u %%*u %%*u %%*u %%*u %%*u %%" SCNu64, dev);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, &received, &sent) == 2)
			sum = received + sent;
	fclose(file);
	return sum;
}

static void enter(const char *netns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

/* IPv4 or IPv6, whichever the address is of. */
static struct sockaddr_in6 to;
static socklen_t to_len;

static void address_init(void)
{
	struct sockaddr_in *to4 = (void *)&to;
	const char *word = getenv("TO");

	if (!word || !*word)
		word = ADDRESS;
	if (inet_pton(AF_INET, word, &to4->sin_addr) == 1) {
		to4->sin_family = AF_INET;
		to4->sin_port = htons(PORT);
		to_len = sizeof(*to4);
	} else if (inet_pton(AF_INET6, word, &to.sin6_addr) == 1) {
		to.sin6_family = AF_INET6;
		to.sin6_port = htons(PORT);
		to_len = sizeof(to);
	} else {
		die(word);
	}
}

/* A socket stays in the namespace it was made in. */
static int socket_in(const char *netns, int type, int protocol)
{
	int sock;

	enter(netns);
	sock = socket(to.sin6_family, type | SOCK_CLOEXEC, protocol);
	if (sock < 0)
		die("socket");
	return sock;
}

static void connect_to(int sock)
{
	if (connect(sock, (const void *)&to, to_len))
		die("connect");
}

static char payload[1 << 16];

/* Of as many ones as zeros, and the same at each boot. */
static void payload_init(void)
{
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < sizeof(payload); i++) {
		x = x * 1664525 + 1013904223;
		payload[i] = x >> 24;
	}
}

static uint64_t receive_all(int sock)
{
	static char buf[1 << 16];
	uint64_t n = 0;

	while (recv(sock, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

/* @receiver: a socket, or -1: what the device has received is counted. */
static int datagrams(int sender, int receiver, size_t size, uint64_t count, uint64_t burst)
{
	uint64_t received = 0, sent = 0, ns = 0, busy = 0, begin, i, nr = 0, before;
	int round;

	if (size > sizeof(payload) || !burst)
		return 2;
	enter("ns-calm1");
	before = packets("calmveth1");
	for (round = 0; round < 2; round++) {
		ns = 0;
		nr = round ? count : (count + 3) / 4;
		pause_for_readers(SETTLE_NS);
		busy = busy_ns();
		for (i = 0; i < nr;) {
			begin = clock_ns();
			do {
				if (send(sender, payload, size, 0) != (ssize_t)size)
					die("send");
				/* The queue stays short, and our part of the cache small. */
				if (++i % 10 == 0 && receiver >= 0)
					received += receive_all(receiver);
			} while (i % burst && i < nr);
			if (receiver >= 0)
				received += receive_all(receiver);
			ns += clock_ns() - begin;
			pause_for_readers(PAUSE_NS);
		}
		sent += nr;
		pause_for_readers(SETTLE_NS);
		busy = busy_ns() - busy;
	}
	if (receiver < 0)
		received = packets("calmveth1") - before;
	printf("sent=%" PRIu64 " received=%" PRIu64 " measured=%" PRIu64 " ns=%" PRIu64
	       " busy=%" PRIu64 "\n", sent, received, nr, ns, busy);
	return received != sent;
}

static int udp(size_t size, uint64_t count, uint64_t burst)
{
	int receiver = socket_in("ns-calm1", SOCK_DGRAM, 0), sender;
	const int room = 64 << 20;

	if (setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(receiver, (const void *)&to, to_len))
		die("bind");
	sender = socket_in("ns-calm2", SOCK_DGRAM, 0);
	connect_to(sender);
	return datagrams(sender, receiver, size, count, burst);
}

/* The kernel there has been told not to answer. */
static int icmp(size_t size, uint64_t count)
{
	static const char echo_request[8] = { 8, 0, 0, 0, 1, 2, 0, 1 };
	int sender = socket_in("ns-calm2", SOCK_RAW, IPPROTO_ICMP);
	uint32_t sum = 0;
	size_t i;

	connect_to(sender);
	memcpy(payload, echo_request, sizeof(echo_request));
	for (i = 0; i + 1 < size + 8; i += 2)
		sum += (unsigned char)payload[i] << 8 | (unsigned char)payload[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	payload[2] = ~sum >> 8;
	payload[3] = ~sum;
	return datagrams(sender, -1, size + 8, count, BURST);
}

static int tcp_connection(int *from)
{
	int listener = socket_in("ns-calm1", SOCK_STREAM, 0), sock;
	const int on = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (const void *)&to, to_len) || listen(listener, 1))
		die("listen");
	*from = socket_in("ns-calm2", SOCK_STREAM, 0);
	connect_to(*from);
	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		die("accept");
	close(listener);
	return sock;
}

static int tcp(uint64_t bytes, uint64_t piece)
{
	static char buf[1 << 18];
	uint64_t ns = 0, busy = 0, nr = 0, total = 0, begin, sent, received, wanted;
	int round, from, to = tcp_connection(&from);
	ssize_t n;

	for (round = 0; round < 2; round++) {
		pause_for_readers(SETTLE_NS);
		busy = busy_ns();
		wanted = round ? bytes : bytes / 4;
		nr = packets("calmveth2");
		begin = clock_ns();
		for (sent = received = 0; received < wanted;) {
			n = wanted - sent < piece ? wanted - sent : piece;
			n = send(from, payload, n, MSG_DONTWAIT);
			sent += n > 0 ? n : 0;
			while ((n = recv(to, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
				received += n;
			if (!n)
				die("connection closed");
		}
		ns = clock_ns() - begin;
		nr = packets("calmveth2") - nr;
		pause_for_readers(SETTLE_NS);
		busy = busy_ns() - busy;
		total += nr;
	}
	printf("sent=%" PRIu64 " received=%" PRIu64 " bytes=%" PRIu64 " measured=%" PRIu64
	       " ns=%" PRIu64 " busy=%" PRIu64 "\n", total, total, bytes, nr, ns, busy);
	return 0;
}

static int scale(void)
{
	const uint64_t rounds = 10000000;
	uint64_t ns = 0, left;
	int round;

	for (round = 0; round < 2; round++) {
		ns = clock_ns();
		left = rounds;
		__asm__ volatile("1: dec %0\n\tnop\n\tnop\n\tjnz 1b" : "+r" (left) : : "cc");
		ns = clock_ns() - ns;
	}
	printf("instructions=%" PRIu64 " ns=%" PRIu64 "\n", 4 * rounds, ns);
	return 0;
}

/* The command's own time, and that of what works for it meanwhile. */
static int run(char **argv)
{
	uint64_t busy, ns;
	int status;
	pid_t pid;

	pause_for_readers(SETTLE_NS);
	busy = busy_ns();
	ns = clock_ns();
	pid = fork();
	if (!pid) {
		execvp(*argv, argv);
		die(*argv);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die(*argv);
	ns = clock_ns() - ns;
	pause_for_readers(SETTLE_NS);
	busy = busy_ns() - busy;
	fprintf(stderr, "ns=%" PRIu64 " busy=%" PRIu64 "\n", ns, busy);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void set_priority(pid_t pid, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(pid, SCHED_FIFO, &param))
		die("sched_setscheduler");
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "priority")) {
		set_priority(atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "run"))
		return run(argv + 2);
	set_priority(0, 1);
	payload_init();
	address_init();
	if (argc >= 4 && !strcmp(argv[1], "udp"))
		return udp(atol(argv[2]), atoll(argv[3]), argc > 4 ? atoll(argv[4]) : BURST);
	if (argc == 4 && !strcmp(argv[1], "icmp"))
		return icmp(atol(argv[2]), atoll(argv[3]));
	if (argc >= 3 && !strcmp(argv[1], "tcp"))
		return tcp(atoll(argv[2]), argc > 3 ? strtoull(argv[3], NULL, 10) : sizeof(payload));
	if (argc == 2 && !strcmp(argv[1], "scale"))
		return scale();
	fprintf(stderr, "usage: load udp BYTES PACKETS [BURST] | icmp BYTES PACKETS | tcp BYTES [PIECE] | scale | run COMMAND... | priority PID N\n");
	return 2;
}
