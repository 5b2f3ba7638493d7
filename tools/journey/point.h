/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_POINT_H
#define SKBTRACE_TOOLS_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include <skbtrace/points.h>

/* The columns of points.h that the reader goes by, see there. */

enum point_kind {
	POINT_ENTRY,
	POINT_RETURN,
};

enum point_data {
	POINT_LINK,
	POINT_NET,
	POINT_NET_TX,
	POINT_TRANSPORT,
	POINT_SEGMENT,
	POINT_BYTES,
	POINT_AUTO,
	POINT_NONE,
};

enum point_role {
	ROLE_PASS,
	ROLE_BIRTH,
	ROLE_DELIVER,
	ROLE_TRANSPORT,
	ROLE_CLONE,
	ROLE_SEGMENTS,
	ROLE_MERGE,
	ROLE_CLONED,
	ROLE_DROP,
	ROLE_FREE,
	ROLE_NETDEV,
	ROLE_RXHANDLER,
	ROLE_HOOK,
	ROLE_BACKLOG,
	ROLE_QUEUED,
};

/**
 * struct point - a row of the table
 * @symbol: the kernel's function
 * @group: what it belongs to: tcp, veth, ...
 * @kind: entry or return
 * @data: where skb->data stands on entry
 * @role: what the hop means to a journey
 */
struct point {
	const char *symbol;
	const char *group;
	enum point_kind kind;
	enum point_data data;
	enum point_role role;
};

const struct point *point_of(unsigned int id);
bool point_is_known(const struct point *point);
const char *point_ret_name(const struct point *point, int64_t ret);
const char *point_hook_name(unsigned int family, unsigned int hook);
const char *point_hook_family(unsigned int family);
bool point_ret_is_drop(const struct point *point, int64_t ret);

#endif /* SKBTRACE_TOOLS_POINT_H */
