/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Linked lists as the kernel has them: a list is a head of its own type, and
 * its members embed their links.
 */
#ifndef SKBTRACE_TOOLS_LIST_H
#define SKBTRACE_TOOLS_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* A ring with its head: both ends at hand, for queues. */
struct list_head {
	struct list_head *next, *prev;
};

static inline void list_init(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	entry->prev = head->prev;
	entry->next = head;
	head->prev->next = entry;
	head->prev = entry;
}

/* The entry may be deleted again, or tested with list_empty(). */
static inline void list_del_init(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	list_init(entry);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del_init(entry);
	list_add_tail(entry, head);
}

/* A head of one pointer, for the buckets of hash tables. */
struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	if (node->next)
		node->next->pprev = &node->next;
	node->pprev = &head->first;
	head->first = node;
}

/* A zeroed node is not hashed. */
static inline bool hlist_hashed(const struct hlist_node *node)
{
	return node->pprev;
}

static inline void hlist_del_init(struct hlist_node *node)
{
	if (!hlist_hashed(node))
		return;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->next = NULL;
	node->pprev = NULL;
}

#endif /* SKBTRACE_TOOLS_LIST_H */
