// SPDX-License-Identifier: GPL-2.0
/* Several recordings of one host as one source: those of a rotation, for instance. */
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "host.h"
#include "lib/list.h"

/**
 * struct chain - recordings of a host
 * @source: as which they are read
 * @links: the recordings, in the order in which they were begun
 * @nr: how many
 * @streams: how far each CPU has come
 */
struct chain {
	struct source source;
	struct source **links;
	unsigned int nr;
	struct chain_stream {
		unsigned int link;	/* which is being read */
		bool has_last;
		uint64_t last_index;
		uint64_t last_ns;
		uint64_t add;		/* to the indexes of this load of the module */
		unsigned int load;
	} *streams;
	unsigned int *loads;		/* of each recording: number of the load, from 0 */
};

/* Lives are counted from 1 when the module is loaded: no module counts that far. */
#define LIVES_OF_LOAD	(1ULL << 40)

static struct chain *to_chain(struct source *source)
{
	return container_of(source, struct chain, source);
}

static int stream_of_cpu(const struct source *source, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < source->nr_streams; i++)
		if (source->cpus[i] == cpu)
			return i;
	return -1;
}

/* Two recordings may have run at a time.  Return: how many records are new. */
static size_t take_new(struct chain *chain, struct chain_stream *stream,
		       struct skbtrace_record *records, size_t nr)
{
	size_t i, kept = 0;

	for (i = 0; i < nr; i++) {
		struct skbtrace_record *record = &records[kept];
		unsigned int load = chain->loads[stream->link];

		*record = records[i];
		if (stream->has_last && load != stream->load)
			stream->add = stream->last_index + 1 - record->index;
		record->index += stream->add;
		if (stream->has_last && record->index <= stream->last_index)
			continue;
		/* What is read is to be in order, whatever is in the files. */
		if (stream->has_last && record->ts_ns < stream->last_ns)
			continue;
		/* What is no hop has no life. */
		if (!(record->flags & SKBTRACE_F_MESSAGE))
			record->life += load * LIVES_OF_LOAD;
		if (!(record->flags & SKBTRACE_F_MESSAGE) && record->flags & SKBTRACE_F_CHILD)
			record->child += load * LIVES_OF_LOAD;
		stream->has_last = true;
		stream->load = load;
		stream->last_index = record->index;
		stream->last_ns = record->ts_ns;
		kept++;
	}
	return kept;
}

static ssize_t chain_read(struct source *source, unsigned int n,
			  struct skbtrace_record *records, size_t nr, struct error *error)
{
	struct chain *chain = to_chain(source);
	struct chain_stream *stream = &chain->streams[n];
	ssize_t got;

	for (; stream->link < chain->nr; stream->link++) {
		struct source *link = chain->links[stream->link];
		int of_link = stream_of_cpu(link, source->cpus[n]);

		while (of_link >= 0) {
			got = source_read(link, of_link, records, nr, error);
			if (got < 0)
				return -1;
			if (!got)
				break;
			got = take_new(chain, stream, records, got);
			if (got)
				return got;
		}
	}
	return 0;
}

/* Tables of names: what is newer comes first, and counts. */
static char *chain_text(struct source *source, enum source_text which, struct error *error)
{
	struct chain *chain = to_chain(source);
	unsigned int i = chain->nr;
	char *all = NULL, *text, *more;

	while (i--) {
		text = source_text(chain->links[i], which, error);
		if (!text) {
			free(all);
			return NULL;
		}
		if (which == SOURCE_POINTS || which == SOURCE_STATS || which == SOURCE_HOST ||
		    which == SOURCE_FACTS) {
			/* Of these the last that is there: recording may have been cut off. */
			if (*text || !i)
				return text;
			free(text);
			continue;
		}
		more = realloc(all, (all ? strlen(all) : 0) + strlen(text) + 1);
		if (!more) {
			free(all);
			free(text);
			error_set(error, "out of memory");
			return NULL;
		}
		if (!all)
			*more = '\0';
		all = strcat(more, text);
		free(text);
	}
	return all;
}

static void chain_close(struct source *source)
{
	struct chain *chain = to_chain(source);
	unsigned int i;

	for (i = 0; i < chain->nr; i++)
		source_close(chain->links[i]);
	free(chain->links);
	free(chain->streams);
	free(chain->loads);
	free(source->cpus);
	free(chain);
}

static const struct source_ops chain_ops = {
	.read = chain_read,
	.text = chain_text,
	.close = chain_close,
};

static int compare_begin(const void *a, const void *b)
{
	const struct source *x = *(struct source * const *)a, *y = *(struct source * const *)b;

	return (x->mono_ns > y->mono_ns) - (x->mono_ns < y->mono_ns);
}

static int add_cpus(struct chain *chain, const struct source *link)
{
	struct source *source = &chain->source;
	unsigned int i, *cpus;

	for (i = 0; i < link->nr_streams; i++) {
		if (stream_of_cpu(source, link->cpus[i]) >= 0)
			continue;
		cpus = realloc(source->cpus, (source->nr_streams + 1) * sizeof(*cpus));
		if (!cpus)
			return -1;
		source->cpus = cpus;
		cpus[source->nr_streams++] = link->cpus[i];
	}
	return 0;
}

static int chain_links(struct chain *chain, struct source **sources)
{
	struct source *source = &chain->source;
	struct host last, host;
	struct error ignored;
	unsigned int i;

	chain->links = calloc(chain->nr, sizeof(*chain->links));
	chain->loads = calloc(chain->nr, sizeof(*chain->loads));
	if (!chain->links || !chain->loads)
		return -1;
	memcpy(chain->links, sources, chain->nr * sizeof(*sources));
	qsort(chain->links, chain->nr, sizeof(*chain->links), compare_begin);
	for (i = 0; i < chain->nr; i++) {
		if (add_cpus(chain, chain->links[i]) || host_of(chain->links[i], &host, &ignored))
			return -1;
		/* If it is not known, it is another. */
		if (i)
			chain->loads[i] = chain->loads[i - 1] +
					  (!*host.load || strcmp(host.load, last.load));
		last = host;
		if (!source->damage.text[0])
			source->damage = chain->links[i]->damage;
	}
	chain->streams = calloc(source->nr_streams + 1, sizeof(*chain->streams));
	if (!chain->streams)
		return -1;
	source->from_oldest = chain->links[0]->from_oldest;
	source->mono_ns = chain->links[0]->mono_ns;
	source->real_ns = chain->links[0]->real_ns;
	source->missed_before = chain->links[0]->missed_before;
	return 0;
}

/**
 * chain_open() - take several recordings of one boot of one host for one
 * @sources: the recordings, files; closed with what is returned
 * @nr: how many
 * @error: set if it fails
 *
 * Return: the source, or NULL; then they are still to be closed.
 */
struct source *chain_open(struct source **sources, unsigned int nr, struct error *error)
{
	struct chain *chain = calloc(1, sizeof(*chain));

	if (chain) {
		chain->source.ops = &chain_ops;
		chain->nr = nr;
		if (!chain_links(chain, sources))
			return &chain->source;
		chain->nr = 0;
		chain_close(&chain->source);
	}
	error_set(error, "out of memory");
	return NULL;
}
