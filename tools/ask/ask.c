// SPDX-License-Identifier: GPL-2.0
/*
 * Going through the network namespaces, and asking in each.
 *
 * A child does it: whatever namespace it ends in, and however it ends, the reader stays
 * where it is and goes on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parts.h"
#include "ask.h"

/* All of it takes some milliseconds; who holds the kernel's locks may make it longer. */
#define PATIENCE_S	10

/* So long are the paths that a namespace is found by; of others it is not told. */
#define PATH_LEN	64

/**
 * struct namespaces - those that can be entered
 * @wanted: only these; NULL for all
 * @nr_wanted: how many
 * @inodes: of each that was found
 * @fds: of each
 * @paths: of each
 * @nr: how many
 */
struct namespaces {
	const uint32_t *wanted;
	unsigned int nr_wanted;
	uint32_t inodes[ASK_NETNS_MAX];
	int fds[ASK_NETNS_MAX];
	char paths[ASK_NETNS_MAX][PATH_LEN];
	unsigned int nr;
};

static bool is_wanted(const struct namespaces *all, uint32_t inode)
{
	unsigned int i;

	for (i = 0; i < all->nr_wanted && all->wanted; i++)
		if (all->wanted[i] == inode)
			return true;
	return !all->wanted;
}

static bool has(const struct namespaces *all, uint32_t inode)
{
	unsigned int i;

	for (i = 0; i < all->nr; i++)
		if (all->inodes[i] == inode)
			return true;
	return false;
}

static bool is_complete(const struct namespaces *all)
{
	return all->nr == ASK_NETNS_MAX || (all->wanted && all->nr == all->nr_wanted);
}

static void add(struct namespaces *all, const char *dir, const char *name, dev_t nsfs)
{
	char path[512];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return;

	/* What a name is bound to is on the file system of namespaces. */
	if (is_complete(all) || stat(path, &st) || (nsfs && st.st_dev != nsfs) ||
	    !is_wanted(all, st.st_ino) || has(all, st.st_ino))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	all->inodes[all->nr] = st.st_ino;
	if (strlen(path) < PATH_LEN)
		strcpy(all->paths[all->nr], path);
	all->fds[all->nr++] = fd;
}

static void add_dir(struct namespaces *all, const char *path, const char *suffix, dev_t nsfs)
{
	struct dirent *entry;
	char name[300];
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while (!is_complete(all) && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || (*suffix && (entry->d_name[0] < '0' ||
							    entry->d_name[0] > '9')))
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name, suffix);
		add(all, path, name, nsfs);
	}
	closedir(dir);
}

/* By name, as "ip netns" and Docker bind them, and of processes. */
static void find(struct namespaces *all)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st))
		return;
	add(all, "/proc/1/ns", "net", 0);
	add_dir(all, "/run/netns", "", st.st_dev);
	add_dir(all, "/var/run/netns", "", st.st_dev);
	add_dir(all, "/run/docker/netns", "", st.st_dev);
	add_dir(all, "/proc", "/ns/net", st.st_dev);
}

static void put_facts(FILE *out)
{
	static struct links links;

	links.nr = 0;
	facts_of_links(out, &links);
	facts_of_bridges(out, &links);
	facts_of_traffic_control(out, &links);
	facts_of_nftables(out);
	facts_of_iptables(out);
	facts_of_neighbours(out, &links);
	facts_of_settings(out, &links);
	facts_of_sockets(out);
}

/* Up to the last line that there is room for. */
static size_t whole_lines(const char *text, size_t len, size_t room)
{
	if (len <= room)
		return len;
	while (room && text[room - 1] != '\n')
		room--;
	return room;
}

static void put_namespace(FILE *out, uint32_t inode, const char *path)
{
	char word[128];
	char *text = NULL;
	size_t len = 0;
	FILE *part = open_memstream(&text, &len);

	if (!part)
		return;
	put_facts(part);
	fprintf(out, "netns %lu %s\n", (unsigned long)inode, fact_word(path, word));
	if (!fclose(part))
		fwrite(text, 1, whole_lines(text, len, ASK_NETNS_BYTES), out);
	free(text);
}

static void answer(const uint32_t *inodes, unsigned int nr, int fd)
{
	static struct namespaces all;
	FILE *out = fdopen(fd, "w");
	unsigned int i;

	if (!out)
		return;
	all.wanted = inodes;
	all.nr_wanted = nr;
	find(&all);
	for (i = 0; i < all.nr; i++)
		if (!setns(all.fds[i], CLONE_NEWNET))
			put_namespace(out, all.inodes[i], all.paths[i]);
	fclose(out);
}

/* What the child says, as far as it is kept. */
static char *listen_to(int fd, struct error *error)
{
	size_t len = 0, room = 0;
	char *text = NULL, *more;
	ssize_t got = 1;

	while (got > 0 || (got < 0 && errno == EINTR)) {
		if (len + 1 >= room) {
			room = room ? 2 * room : 16384;
			more = realloc(text, room);
			if (!more) {
				free(text);
				error_set(error, "out of memory");
				return NULL;
			}
			text = more;
		}
		got = read(fd, text + len, room - len - 1);
		if (got > 0)
			len += got;
		if (len > ASK_BYTES)
			break;
	}
	text[whole_lines(text, len, ASK_BYTES)] = '\0';
	return text;
}

/**
 * ask_namespaces() - ask the kernel about some network namespaces
 * @inodes: their inode numbers; NULL for all that can be entered
 * @nr: how many
 * @error: set if it fails
 *
 * Of what the caller may not ask, or the kernel does not know, there is nothing in it.
 *
 * Return: the text, see above, to be freed; or NULL.
 */
char *ask_namespaces(const uint32_t *inodes, unsigned int nr, struct error *error)
{
	int ends[2], status;
	char *text;
	pid_t pid;

	if (pipe(ends)) {
		error_set(error, "pipe: %s", strerror(errno));
		return NULL;
	}
	pid = fork();
	if (!pid) {
		/* Nothing that the reader has yet to write is to be written twice. */
		close(ends[0]);
		signal(SIGALRM, SIG_DFL);
		alarm(PATIENCE_S);
		answer(inodes, nr, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		error_set(error, "fork: %s", strerror(errno));
		return NULL;
	}
	text = listen_to(ends[0], error);
	close(ends[0]);
	/* It may still be writing what is not kept. */
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return text;
}

/**
 * ask_all() - ask the kernel about all network namespaces
 * @error: set if it fails
 *
 * Return: likewise.
 */
char *ask_all(struct error *error)
{
	return ask_namespaces(NULL, 0, error);
}
