/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SIDES_H
#define SKBTRACE_TOOLS_SIDES_H

#include "hosts/join.h"
#include "journey/journey.h"
#include "source/source.h"

/**
 * struct side - a host
 * @context: whoever has it
 * @number: of the host
 * @name: what it is called
 * @host: what its recordings say
 * @paths: these
 * @nr_paths: how many
 * @source: they, as one
 * @names: the names that go with them
 * @why: what the host tells of reasons
 * @merge: their records, by time
 * @engine: makes journeys of them
 * @missed: how often the kernel skipped a probe
 * @ahead: by how much its clock is ahead of the first host's, roughly
 * @next: what comes next
 * @has_next: there is more
 */
struct side {
	void *context;
	unsigned int number;
	char name[HOST_NAME_LEN + 16];
	struct host host;
	const char **paths;
	unsigned int nr_paths;
	struct source *source;
	struct names *names;
	struct why *why;
	struct merge *merge;
	struct journey_engine *engine;
	uint64_t missed;
	int64_t ahead;
	struct merge_item next;
	bool has_next;
};

/**
 * struct sides - all hosts
 * @sides: the hosts
 * @nr: how many
 */
struct sides {
	struct side sides[JOIN_HOSTS];
	unsigned int nr;
};

int sides_add(struct sides *sides, const char *path, struct error *error);
void sides_name(struct sides *sides);
int side_start(struct side *side, journey_done done, void *context, struct error *error);
void side_close(struct side *side);

#endif /* SKBTRACE_TOOLS_SIDES_H */
