// SPDX-License-Identifier: GPL-2.0
/* The joiner from outside: journeys go in, packets come out. */
#include <stdlib.h>
#include <string.h>

#include "journey/compare.h"
#include "match.h"

/**
 * join_new() - make a joiner
 * @nr_hosts: of how many hosts, JOIN_HOSTS at the most
 *
 * Return: the joiner, or NULL if there is no memory.
 */
struct join *join_new(unsigned int nr_hosts)
{
	struct join *join = calloc(1, sizeof(*join));
	unsigned int i;

	if (!join)
		return NULL;
	join->nr_hosts = nr_hosts;
	for (i = 0; i < nr_hosts; i++)
		join->hosts[i].begin_ns = UINT64_MAX;
	join->offsets = calloc(nr_hosts * nr_hosts, sizeof(*join->offsets));
	if (!join->offsets) {
		free(join);
		return NULL;
	}
	return join;
}

/**
 * join_free() - free a joiner
 * @join: the joiner, or NULL
 */
void join_free(struct join *join)
{
	unsigned int i;

	if (!join)
		return;
	for (i = 0; i < join->nr_hosts * join->nr_hosts; i++)
		free(join->offsets[i]);
	for (i = 0; i < join->nr_hosts; i++)
		free(join->hosts[i].losses);
	free(join->offsets);
	free(join->parts);
	free(join->departures);
	free(join->arrivals);
	free(join->crossings);
	free(join->packets);
	free(join->order);
	free(join->parents);
	free(join->came);
	free(join->came_as);
	free(join->crossed);
	index_free(&join->sent);
	index_free(&join->sent_pieces);
	index_free(&join->received);
	index_free(&join->received_pieces);
	index_free(&join->ids);
	index_free(&join->unnumbered);
	index_free(&join->came_unnumbered);
	index_free(&join->lookup);
	free(join);
}

/* Room for one more.  Return: the array, or NULL. */
static void *grow(void *array, uint32_t nr, uint32_t *room, size_t size)
{
	uint32_t more = *room ? 2 * *room : 256;
	void *grown;

	if (nr < *room)
		return array;
	grown = realloc(array, more * size);
	if (grown)
		*room = more;
	return grown;
}

/**
 * join_time() - tell that a host was traced at a time
 * @join: the joiner
 * @host: the host
 * @ns: by its clock
 */
void join_time(struct join *join, unsigned int host, uint64_t ns)
{
	if (ns < join->hosts[host].begin_ns)
		join->hosts[host].begin_ns = ns;
	if (ns > join->hosts[host].end_ns)
		join->hosts[host].end_ns = ns;
}

/**
 * join_loss() - tell that records of a host are missing
 * @join: the joiner
 * @host: the host
 * @loss: what is known of them
 *
 * Return: 0, or -1 if there is no memory.
 */
int join_loss(struct join *join, unsigned int host, const struct source_loss *loss)
{
	struct join_host *to = &join->hosts[host];
	struct source_loss *losses;

	losses = realloc(to->losses, (to->nr_losses + 1) * sizeof(*losses));
	if (!losses)
		return -1;
	to->losses = losses;
	losses[to->nr_losses++] = *loss;
	return 0;
}

/* What the parts of a packet on other hosts may settle. */
static void note_doubts(struct join_part *part, const struct journey *journey)
{
	uint32_t i, nr_digests = 0;
	struct verdict verdict;

	/* Without what the kernel skipped: does it matter only for the end? */
	verdict_of(journey, 0, &verdict);
	if (verdict.payload != VERDICT_UNVERIFIED) {
		part->end_unseen = true;
		return;
	}
	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;

		if (record->payload == SKBTRACE_PAYLOAD_NONE ||
		    point_of(record->point)->kind == POINT_RETURN)
			continue;
		if (!compare_has_digest(record) || (record->flags & PACKET_BROKEN))
			return;
		nr_digests++;
	}
	part->seen_once = nr_digests == 1 && !journey->nr_losses && !journey->closed_early;
}

struct adding {
	struct join *join;
	uint32_t part;
	unsigned int host;
};

static int add_end(void *context, const struct end *end, bool is_departure)
{
	struct adding *adding = context;
	struct join *join = adding->join;
	struct end **ends = is_departure ? &join->departures : &join->arrivals;
	uint32_t *nr = is_departure ? &join->nr_departures : &join->nr_arrivals;
	uint32_t *room = is_departure ? &join->room_departures : &join->room_arrivals;
	struct end *grown = grow(*ends, *nr, room, sizeof(*end));

	if (!grown)
		return -1;
	*ends = grown;
	grown[*nr] = *end;
	grown[*nr].part = adding->part;
	grown[*nr].host = adding->host;
	if (is_departure)
		join->parts[adding->part].has_departures = true;
	else
		join->parts[adding->part].has_arrivals = true;
	if (!is_departure && !end->outward)
		join->parts[adding->part].came = true;
	if (!is_departure) {
		join->hosts[adding->host].has_fragments |= end->is_fragment;
		join->hosts[adding->host].has_merged |= end->kind == END_DATAGRAM &&
							end->gso_segs > 1;
	}
	++*nr;
	return 0;
}

/**
 * join_journey() - add a journey
 * @join: the joiner
 * @host: of which host
 * @journey: the journey, complete
 * @missed: how many times the kernel there skipped a probe
 *
 * Return: 0, or -1 if there is no memory.
 */
int join_journey(struct join *join, unsigned int host, const struct journey *journey,
		 uint64_t missed)
{
	struct adding adding = { join, join->nr_parts, host };
	struct join_part *parts, *part;
	struct verdict verdict;

	parts = grow(join->parts, join->nr_parts, &join->room_parts, sizeof(*parts));
	if (!parts)
		return -1;
	join->parts = parts;
	part = &parts[join->nr_parts++];
	join->hosts[host].missed = missed;
	verdict_of(journey, missed, &verdict);
	*part = (struct join_part){
		.id = journey->id, .first_ns = journey->first_ns, .host = host,
		.end = journey->end, .payload = verdict.payload,
	};
	if (verdict.payload == VERDICT_UNVERIFIED)
		note_doubts(part, journey);
	return ends_of(journey, add_end, &adding);
}

static uint32_t root_of(struct join *join, uint32_t part)
{
	uint32_t *parents = join->parents;

	while (parents[part] != part) {
		parents[part] = parents[parents[part]];
		part = parents[part];
	}
	return part;
}

/**
 * join_tie() - two parts are of one packet
 * @join: the joiner
 * @part: the one
 * @other: the other
 */
void join_tie(struct join *join, uint32_t part, uint32_t other)
{
	uint32_t a = root_of(join, part), b = root_of(join, other);

	/* The first that came is the root. */
	if (a < b)
		join->parents[b] = a;
	else
		join->parents[a] = b;
}

/**
 * join_cross() - note a crossing
 * @join: the joiner
 * @crossing: the crossing
 *
 * Return: 0, or -1 if there is no memory.
 */
int join_cross(struct join *join, const struct crossing *crossing)
{
	struct crossing *crossings = grow(join->crossings, join->nr_crossings,
					  &join->room_crossings, sizeof(*crossings));

	if (!crossings)
		return -1;
	join->crossings = crossings;
	crossings[join->nr_crossings++] = *crossing;
	return 0;
}

static uint64_t lookup_key(unsigned int host, uint64_t id)
{
	return packet_mix(id, host);
}

/**
 * join_find() - the part that a journey is
 * @join: all is joined
 * @host: of which host it is
 * @id: journey.id
 *
 * Return: its number, END_NONE if it was not there before.
 */
uint32_t join_find(const struct join *join, unsigned int host, uint64_t id)
{
	uint64_t key = lookup_key(host, id);
	uint32_t i;

	for (i = index_first(&join->lookup, key, 0);
	     i < join->lookup.nr && join->lookup.entries[i].key == key; i++) {
		const struct join_part *part = &join->parts[join->lookup.entries[i].end];

		if (part->host == host && part->id == id)
			return join->lookup.entries[i].end;
	}
	return END_NONE;
}

static uint32_t *numbers(uint32_t nr, uint32_t value)
{
	uint32_t *array = malloc((nr + 1) * sizeof(*array)), i;

	for (i = 0; array && i < nr; i++)
		array[i] = value;
	return array;
}

static int make_room(struct join *join)
{
	unsigned int a, b;
	uint32_t i;

	join->parents = numbers(join->nr_parts, 0);
	join->order = numbers(join->nr_parts, 0);
	join->came = numbers(join->nr_departures, 0);
	join->came_as = numbers(join->nr_departures, END_NONE);
	join->crossed = numbers(join->nr_arrivals, END_NONE);
	if (!join->parents || !join->order || !join->came || !join->came_as || !join->crossed)
		return -1;
	for (i = 0; i < join->nr_parts; i++) {
		join->parents[i] = i;
		if (index_add(&join->lookup, lookup_key(join->parts[i].host, join->parts[i].id),
			      0, i))
			return -1;
	}
	index_sort(&join->lookup);
	for (a = 0; a < join->nr_hosts; a++) {
		for (b = a + 1; b < join->nr_hosts; b++) {
			struct offsets *offsets = malloc(sizeof(*offsets));

			join->offsets[a * join->nr_hosts + b] = offsets;
			if (!offsets)
				return -1;
			offsets_init(offsets, join->hosts[a].begin_ns, join->hosts[a].end_ns);
		}
	}
	return 0;
}

static const struct join *sorting;

static uint32_t packet_of_crossing(const struct join *join, const struct crossing *crossing)
{
	uint32_t part = crossing->departure != END_NONE ?
			join->departures[crossing->departure].part :
			join->arrivals[crossing->arrival].part;

	return join->parts[part].packet;
}

static int compare_parts(const void *a, const void *b)
{
	const struct join_part *x = &sorting->parts[*(const uint32_t *)a];
	const struct join_part *y = &sorting->parts[*(const uint32_t *)b];

	if (x->packet != y->packet)
		return x->packet < y->packet ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int compare_crossings(const void *a, const void *b)
{
	uint32_t x = packet_of_crossing(sorting, a), y = packet_of_crossing(sorting, b);
	const struct crossing *p = a, *q = b;

	if (x != y)
		return x < y ? -1 : 1;
	if (p->departure != q->departure)
		return p->departure < q->departure ? -1 : 1;
	return (p->arrival > q->arrival) - (p->arrival < q->arrival);
}

/* Does a crossing say what a part alone could not? */
static bool is_settled(const struct join *join, const struct join_packet *packet, uint32_t nr)
{
	const struct join_part *part = &join->parts[nr];
	uint32_t i;

	for (i = packet->crossings; i < packet->crossings + packet->nr_crossings; i++) {
		const struct crossing *crossing = &join->crossings[i];

		if (part->end_unseen && crossing->departure != END_NONE &&
		    join->departures[crossing->departure].part == nr)
			return true;
		if (part->seen_once && crossing->result == CROSSING_SAME)
			return true;
	}
	return false;
}

static void judge(struct join *join, struct join_packet *packet)
{
	uint32_t i, nr;

	packet->changed_part = packet->changed = packet->doubt_part = packet->doubt = END_NONE;
	packet->nr_lost = 0;
	for (i = packet->parts; i < packet->parts + packet->nr_parts; i++) {
		nr = join->order[i];
		if (join->parts[nr].payload == VERDICT_CHANGED && packet->changed_part == END_NONE)
			packet->changed_part = nr;
		if (join->parts[nr].payload == VERDICT_UNVERIFIED &&
		    packet->doubt_part == END_NONE && !is_settled(join, packet, nr))
			packet->doubt_part = nr;
	}
	for (i = packet->crossings; i < packet->crossings + packet->nr_crossings; i++) {
		const struct crossing *crossing = &join->crossings[i];

		if (crossing->result == CROSSING_CHANGED && packet->changed == END_NONE)
			packet->changed = i;
		if (crossing->result == CROSSING_UNKNOWN && packet->doubt == END_NONE)
			packet->doubt = i;
		packet->nr_lost += crossing->result == CROSSING_LOST && !crossing->why;
	}
	if (packet->changed_part != END_NONE || packet->changed != END_NONE)
		packet->payload = VERDICT_CHANGED;
	else if (packet->doubt_part != END_NONE || packet->doubt != END_NONE)
		packet->payload = VERDICT_UNVERIFIED;
	else
		packet->payload = VERDICT_INTACT;
}

/* Parts and crossings in the order of packets, and these in that of their first parts. */
static int make_packets(struct join *join)
{
	uint32_t i, part = 0, crossing = 0;

	for (i = 0; i < join->nr_parts; i++)
		join->parts[i].begins = true;
	for (i = 0; i < join->nr_arrivals; i++)
		if (join->crossed[i] != END_NONE)
			join->parts[join->arrivals[i].part].begins = false;
	for (i = 0; i < join->nr_parts; i++) {
		uint32_t root = root_of(join, i);

		join->order[i] = i;
		join->parts[i].packet = root == i ? join->nr_packets++ :
					join->parts[root].packet;
	}
	join->packets = calloc(join->nr_packets + 1, sizeof(*join->packets));
	if (!join->packets)
		return -1;
	sorting = join;
	qsort(join->order, join->nr_parts, sizeof(*join->order), compare_parts);
	if (join->nr_crossings)
		qsort(join->crossings, join->nr_crossings, sizeof(*join->crossings),
		      compare_crossings);
	for (i = 0; i < join->nr_packets; i++) {
		struct join_packet *packet = &join->packets[i];

		packet->parts = part;
		while (part < join->nr_parts && join->parts[join->order[part]].packet == i)
			part++;
		packet->nr_parts = part - packet->parts;
		packet->crossings = crossing;
		while (crossing < join->nr_crossings &&
		       packet_of_crossing(join, &join->crossings[crossing]) == i)
			crossing++;
		packet->nr_crossings = crossing - packet->crossings;
		judge(join, packet);
	}
	return 0;
}

/**
 * join_all() - find out which parts are of one packet, and whether its bytes are the same
 * @join: the joiner; all journeys have been added
 *
 * Return: 0, or -1 if there is no memory.
 */
int join_all(struct join *join)
{
	struct translations flows = { .nr = 0 }, hosts = { .nr = 0 };
	int ret = make_room(join);

	if (!ret)
		ret = match_index(join, &flows, &hosts);
	translations_free(&flows);
	translations_free(&hosts);
	if (ret)
		return ret;
	match_clocks(join);
	if (match_all(join) || lost_all(join))
		return -1;
	return make_packets(join);
}
