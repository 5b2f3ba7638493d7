// SPDX-License-Identifier: GPL-2.0
/*
 * What a capture at a device would have had: each packet once, by time, and of TCP an
 * acknowledgement number that fits what was seen before.
 *
 * Records have none: it is the end of what the other side had sent by then.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "filter.h"

/* Journeys end in another order than that in which they begin: so many packets wait. */
#define PENDING_MAX	4096

/* Flows of which it is known how far they came; of two with one place the later is. */
#define NR_FLOWS	8192

/**
 * struct pending - a packet that waits for earlier ones
 * @record: the hop
 * @comment: what is said of it
 */
struct pending {
	struct skbtrace_record record;
	char *comment;
};

/**
 * struct flow - one direction of a TCP connection at a device
 * @record: a hop of it
 * @end: the sequence number behind all that was seen
 */
struct flow {
	struct skbtrace_record record;
	uint32_t end;
};

/**
 * struct capture - packets by time
 * @write: called for each, in order
 * @context: for it
 * @pending: a heap, the earliest on top
 * @nr: how many
 * @flows: by hash
 */
struct capture {
	capture_write write;
	void *context;
	struct pending pending[PENDING_MAX];
	unsigned int nr;
	struct flow flows[NR_FLOWS];
};

/**
 * capture_new() - nothing is captured yet
 * @write: called with each packet in the order of time, with its acknowledgement number
 * @context: for @write
 *
 * Return: it, or NULL if there is no memory.
 */
struct capture *capture_new(capture_write write, void *context)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (capture) {
		capture->write = write;
		capture->context = context;
	}
	return capture;
}

/**
 * capture_free() - forget what was not written
 * @capture: the capture, or NULL
 */
void capture_free(struct capture *capture)
{
	unsigned int i;

	for (i = 0; capture && i < capture->nr; i++)
		free(capture->pending[i].comment);
	free(capture);
}

static bool is_captured(const char *devices, const struct skbtrace_record *record)
{
	char dev[SKBTRACE_NAME_LEN + 1] = "";
	bool is_ip = record->flags & SKBTRACE_F_FLOW;

	memcpy(dev, record->dev, strnlen(record->dev, SKBTRACE_NAME_LEN));
	/* Above IP there is no header to capture yet, or no more. */
	return *dev && record->payload != SKBTRACE_PAYLOAD_NONE && (!is_ip || record->ttl) &&
	       point_of(record->point)->data != POINT_TRANSPORT &&
	       point_of(record->point)->kind == POINT_ENTRY &&
	       !(record->flags & SKBTRACE_F_HIDDEN) && filter_globs_match(devices, dev, NULL);
}

/**
 * capture_has() - would a capture have had a hop
 * @devices: globs of the devices that it is at
 * @journey: the journey
 * @hop: number of the hop
 *
 * Return: is it the first at such a device since the packet came there?
 */
bool capture_has(const char *devices, const struct journey *journey, uint32_t hop)
{
	const struct skbtrace_record *record = &journey->hops[hop].record, *before;
	uint32_t previous = journey->hops[hop].previous;

	if (!is_captured(devices, record))
		return false;
	for (; previous != JOURNEY_NO_HOP; previous = journey->hops[previous].previous) {
		before = &journey->hops[previous].record;
		if (*before->dev && (before->netns != record->netns ||
				     memcmp(before->dev, record->dev, SKBTRACE_NAME_LEN)))
			return true;
		if (is_captured(devices, before))
			return false;
	}
	return true;
}

static uint64_t hash_of(const struct skbtrace_record *record, const uint8_t *from,
			const uint8_t *to, __be16 sport, __be16 dport)
{
	uint64_t hash = record->netns, word;
	const uint8_t *parts[3] = { from, to, (const uint8_t *)record->dev };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		memcpy(&word, parts[i / 2] + 8 * (i % 2), sizeof(word));
		hash = packet_mix(hash, word);
	}
	return packet_mix(hash, (uint64_t)ntohs(sport) << 16 | ntohs(dport)) % NR_FLOWS;
}

static bool is_reverse(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	return a->sport == b->dport && a->dport == b->sport && a->netns == b->netns &&
	       !memcmp(a->saddr, b->daddr, sizeof(a->saddr)) &&
	       !memcmp(a->daddr, b->saddr, sizeof(a->daddr)) &&
	       !memcmp(a->dev, b->dev, sizeof(a->dev));
}

/* SYN and FIN take a number each. */
static uint32_t end_of(const struct skbtrace_record *record)
{
	return record->tcp_seq + record->payload_len + (record->tcp_flags & 1) +
	       (record->tcp_flags >> 1 & 1);
}

/* What the other side had sent by then, and how far this side came. */
static uint32_t acknowledge(struct capture *capture, const struct skbtrace_record *record)
{
	struct flow *other, *own;
	bool is_new;

	if (!packet_is_tcp(record) || !(record->flags & SKBTRACE_F_PORTS))
		return 0;
	own = &capture->flows[hash_of(record, record->saddr, record->daddr, record->sport,
				      record->dport)];
	other = &capture->flows[hash_of(record, record->daddr, record->saddr, record->dport,
					record->sport)];
	is_new = !packet_same_flow(&own->record, record) || (record->tcp_flags & 2) ||
		 memcmp(own->record.dev, record->dev, sizeof(record->dev));
	if (is_new || (int32_t)(end_of(record) - own->end) > 0)
		own->end = end_of(record);
	own->record = *record;
	return is_reverse(&other->record, record) ? other->end : 0;
}

static void swap(struct pending *a, struct pending *b)
{
	struct pending c = *a;

	*a = *b;
	*b = c;
}

static void write_first(struct capture *capture)
{
	struct pending first = capture->pending[0];
	unsigned int i = 0, child;

	capture->pending[0] = capture->pending[--capture->nr];
	while ((child = 2 * i + 1) < capture->nr) {
		struct pending *pending = capture->pending;

		if (child + 1 < capture->nr &&
		    pending[child + 1].record.ts_ns < pending[child].record.ts_ns)
			child++;
		if (pending[i].record.ts_ns <= pending[child].record.ts_ns)
			break;
		swap(&pending[i], &pending[child]);
		i = child;
	}
	capture->write(capture->context, &first.record, acknowledge(capture, &first.record),
		       first.comment);
	free(first.comment);
}

/**
 * capture_add() - a packet
 * @capture: the capture
 * @record: the hop
 * @comment: what is said of it
 *
 * Return: 0, or -1 if there is no memory.
 */
int capture_add(struct capture *capture, const struct skbtrace_record *record,
		const char *comment)
{
	struct pending *pending = capture->pending;
	unsigned int i;

	if (capture->nr == PENDING_MAX)
		write_first(capture);
	i = capture->nr;
	pending[i].record = *record;
	pending[i].comment = strdup(comment);
	if (!pending[i].comment)
		return -1;
	capture->nr++;
	while (i && pending[i].record.ts_ns < pending[(i - 1) / 2].record.ts_ns) {
		swap(&pending[i], &pending[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

/**
 * capture_flush() - write all that wait
 * @capture: the capture
 */
void capture_flush(struct capture *capture)
{
	while (capture->nr)
		write_first(capture);
}
