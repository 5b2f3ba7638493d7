// SPDX-License-Identifier: GPL-2.0
/*
 * The lives of skbs: what state they are in, and how they are found: by number, by
 * address of the data and by packet.
 *
 * Thousands of lives that are over may have one key.  Only the newest life with a key
 * is hashed, the older ones hang behind it: a bucket is no longer for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "packet.h"

/* Fibonacci hashing: the upper bits depend on all bits of the key. */
static struct hlist_head *bucket(const struct life_table *table, enum life_key_kind kind,
				 uint64_t value)
{
	return &table->buckets[kind][value * 0x9e3779b97f4a7c15ULL >> table->shift];
}

static struct life_key *newest(const struct life_table *table, enum life_key_kind kind,
			       uint64_t value)
{
	struct hlist_node *node = bucket(table, kind, value)->first;

	for (; node; node = node->next) {
		struct life_key *key = container_of(node, struct life_key, node);

		if (key->value == value)
			return key;
	}
	return NULL;
}

static bool is_set(const struct life_key *key)
{
	return key->newer || hlist_hashed(&key->node);
}

static struct journey_life *life_of_key(struct life_key *key, enum life_key_kind kind)
{
	return key ? container_of(key - kind, struct journey_life, keys[0]) : NULL;
}

/**
 * life_table_init() - make an empty table
 * @table: the table
 * @nr_expected: how many lives it is to be fast for; it takes any number
 *
 * Return: 0 or -ENOMEM.
 */
int life_table_init(struct life_table *table, uint32_t nr_expected)
{
	unsigned int bits = 4, i;
	size_t nr;

	while (bits < 32 && 1ULL << bits < nr_expected)
		bits++;
	nr = (size_t)1 << bits;
	table->shift = 64 - bits;
	table->unused = NULL;
	memset(table->buckets, 0, sizeof(table->buckets));
	for (i = 0; i < LIFE_KEYS; i++)
		table->buckets[i] = calloc(nr, sizeof(struct hlist_head));
	for (i = 0; i < LIFE_KEYS; i++) {
		if (!table->buckets[i]) {
			life_table_destroy(table);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * life_table_destroy() - free a table whose lives have all been released
 * @table: the table
 */
void life_table_destroy(struct life_table *table)
{
	struct journey_life *life;
	unsigned int i;

	while ((life = table->unused)) {
		table->unused = life->next;
		free(life);
	}
	for (i = 0; i < LIFE_KEYS; i++)
		free(table->buckets[i]);
}

/**
 * life_new() - a life begins
 * @table: the table
 * @id: its number
 * @start_ns: when
 *
 * Return: the life, of no journey yet; or NULL if there is no memory.
 */
struct journey_life *life_new(struct life_table *table, uint64_t id, uint64_t start_ns)
{
	struct journey_life *life = table->unused;

	if (life)
		table->unused = life->next;
	else
		life = malloc(sizeof(*life));
	if (!life)
		return NULL;
	memset(life, 0, sizeof(*life));
	life->id = id;
	life->start_ns = start_ns;
	life->last_hop = JOURNEY_NO_HOP;
	life->told_hop = JOURNEY_NO_HOP;
	life->end_hop = JOURNEY_NO_HOP;
	life->unread_hop = JOURNEY_NO_HOP;
	list_init(&life->kept_link);
	list_init(&life->joining);
	list_init(&life->joining_link);
	life_set_key(table, life, LIFE_ID, id);
	return life;
}

/**
 * life_release() - forget a life
 * @table: the table
 * @life: the life, not used any more by anybody
 */
void life_release(struct life_table *table, struct journey_life *life)
{
	unsigned int i;

	life_part(life);
	while (!list_empty(&life->joining))
		life_part(container_of(life->joining.next, struct journey_life, joining_link));
	for (i = 0; i < LIFE_KEYS; i++)
		life_forget_key(table, life, i);
	list_del_init(&life->kept_link);
	life->next = table->unused;
	table->unused = life;
}

/**
 * life_last() - the hop at which its packet was looked at last
 * @life: the life, with a journey and a last hop
 */
const struct skbtrace_record *life_last(const struct journey_life *life)
{
	return &life->journey->hops[life->last_hop].record;
}

/**
 * life_began_at() - did the journey of a life begin where a hop is
 * @life: the life
 * @record: the hop
 *
 * What is made of a packet on its way does not come to where it began: an skb that is
 * first seen there is sent, or sent again.
 */
bool life_began_at(const struct journey_life *life, const struct skbtrace_record *record)
{
	const struct skbtrace_record *first = &life->journey->hops[0].record;

	return first->point == record->point && packet_same_device(first, record);
}

/**
 * life_is_over() - is nothing to come of a life any more, in whatever skb
 * @life: the life
 */
bool life_is_over(const struct journey_life *life)
{
	return life->gone && life->phase != LIFE_MERGED;
}

/**
 * life_is_known() - does a life tell what its packet is
 * @life: the life
 */
bool life_is_known(const struct journey_life *life)
{
	return life->journey && life->last_hop != JOURNEY_NO_HOP &&
	       life->phase != LIFE_TAP && life->phase != LIFE_KEPT;
}

/**
 * life_is_under_way() - may the bytes of a life be met elsewhere
 * @life: the life
 */
bool life_is_under_way(const struct journey_life *life)
{
	return life_is_known(life) && (life->end == JOURNEY_OPEN || life->end == JOURNEY_FREED);
}

/**
 * life_may_go_on() - may the bytes of an skb that was freed go on in another
 * @life: its life
 */
bool life_may_go_on(const struct journey_life *life)
{
	const struct skbtrace_record *last;

	if (life->end != JOURNEY_FREED || !life->span.len || life->phase == LIFE_PASSED_ON)
		return false;
	last = life_last(life);
	return life->whole.len || packet_is_tcp(last) || (last->flags & SKBTRACE_F_FRAGMENT) ||
	       life->into;
}

/**
 * life_expected() - what may still be heard of a life
 * @life: the life
 */
enum life_expected life_expected(const struct journey_life *life)
{
	if (life->phase == LIFE_KEPT || life->phase == LIFE_TAP || life->phase == LIFE_PASSED_ON)
		return LIFE_QUIET;
	if (life_is_over(life))
		return life_may_go_on(life) ? LIFE_WAITING : LIFE_QUIET;
	if (life->nr_hops && life->end == JOURNEY_OPEN)
		return LIFE_TRAVELLING;
	return LIFE_WAITING;
}

/**
 * life_carry() - a life's bytes are in another's skb now
 * @carrier: the other
 * @part: the life, of another journey
 */
void life_carry(struct journey_life *carrier, struct journey_life *part)
{
	part->phase = LIFE_MERGED;
	part->carrier = carrier;
	part->next_merged = carrier->merged;
	carrier->merged = part;
}

/**
 * life_put_down() - they are not any more
 * @part: the life
 */
void life_put_down(struct journey_life *part)
{
	struct journey_life **link = &part->carrier->merged;

	while (*link != part)
		link = &(*link)->next_merged;
	*link = part->next_merged;
	part->carrier = NULL;
	part->phase = LIFE_GOING;
}

/**
 * life_join() - a record says that a life's bytes are to be merged into another's skb
 * @carrier: the other
 * @part: the life
 */
void life_join(struct journey_life *carrier, struct journey_life *part)
{
	part->into = carrier;
	list_move_tail(&part->joining_link, &carrier->joining);
}

/**
 * life_part() - they are merged, or are not to be any more
 * @part: the life
 */
void life_part(struct journey_life *part)
{
	part->into = NULL;
	list_del_init(&part->joining_link);
}

/**
 * life_set_key() - note what a life is found by
 * @table: the table
 * @life: the life
 * @kind: which of its keys
 * @value: the key; the life is the newest that has it, unless it has it already
 */
void life_set_key(struct life_table *table, struct journey_life *life, enum life_key_kind kind,
		  uint64_t value)
{
	struct life_key *key = &life->keys[kind], *older;

	if (is_set(key) && key->value == value)
		return;
	life_forget_key(table, life, kind);
	older = newest(table, kind, value);
	key->value = value;
	key->older = older;
	if (older) {
		hlist_del_init(&older->node);
		older->newer = key;
	}
	hlist_add_head(&key->node, bucket(table, kind, value));
}

/**
 * life_forget_key() - do not find a life by that any more
 * @table: the table
 * @life: the life
 * @kind: which of its keys
 */
void life_forget_key(struct life_table *table, struct journey_life *life, enum life_key_kind kind)
{
	struct life_key *key = &life->keys[kind];

	if (!is_set(key))
		return;
	if (key->older)
		key->older->newer = key->newer;
	if (key->newer) {
		key->newer->older = key->older;
	} else {
		hlist_del_init(&key->node);
		if (key->older)
			hlist_add_head(&key->older->node, bucket(table, kind, key->value));
	}
	key->newer = NULL;
	key->older = NULL;
}

/**
 * life_find() - the newest life that has a key
 * @table: the table
 * @kind: which key
 * @value: the key
 */
struct journey_life *life_find(const struct life_table *table, enum life_key_kind kind,
			       uint64_t value)
{
	return life_of_key(newest(table, kind, value), kind);
}

/**
 * life_older() - the next older life that has the same key
 * @life: the life
 * @kind: which key
 */
struct journey_life *life_older(const struct journey_life *life, enum life_key_kind kind)
{
	return life_of_key(life->keys[kind].older, kind);
}
