// SPDX-License-Identifier: GPL-2.0
/* The table of points as the reader sees it. */
#include <stddef.h>

#include "point.h"

#define ROW(_id, _symbol, _kind, _group, _module, _skb, _data, _dev, _twin, _role) \
	[_id] = { #_symbol, #_group, POINT_ ## _kind, POINT_ ## _data, ROLE_ ## _role },

static const struct point points[SKBTRACE_POINT_ID_MAX + 1] = {
	SKBTRACE_POINTS(ROW)
};

#undef ROW

/* A module newer than this reader has points that only it can name. */
static const struct point unknown_point = {
	"unknown point", "unknown", POINT_ENTRY, POINT_AUTO, ROLE_PASS
};

/**
 * point_of() - the row of a point
 * @id: skbtrace_record.point
 *
 * Return: the row, never NULL; for an id that the table does not have, one
 * that says just "it was here".
 */
const struct point *point_of(unsigned int id)
{
	if (id > SKBTRACE_POINT_ID_MAX || !points[id].symbol)
		return &unknown_point;
	return &points[id];
}

/**
 * point_is_known() - has the table this point
 * @point: what point_of() returned
 */
bool point_is_known(const struct point *point)
{
	return point != &unknown_point;
}

struct value_name {
	int64_t value;
	const char *name;
};

/* include/linux/netdevice.h: netdev_tx_t, and the NET_XMIT_* that go with it */
static const struct value_name netdev_names[] = {
	{ 0x00, "NETDEV_TX_OK" },
	{ 0x01, "NET_XMIT_DROP" },
	{ 0x02, "NET_XMIT_CN" },
	{ 0x10, "NETDEV_TX_BUSY" },
	{ 0, NULL }
};

/* include/linux/netdevice.h: rx_handler_result_t */
static const struct value_name rxhandler_names[] = {
	{ 0, "RX_HANDLER_CONSUMED" },
	{ 1, "RX_HANDLER_ANOTHER" },
	{ 2, "RX_HANDLER_EXACT" },
	{ 3, "RX_HANDLER_PASS" },
	{ 0, NULL }
};

/* net/netfilter/core.c: what nf_hook_slow() makes of the verdicts */
static const struct value_name hook_names[] = {
	{ 1, "NF_ACCEPT" },
	{ 0, "NF_STOLEN or queued" },
	{ 0, NULL }
};

static const struct value_name backlog_names[] = {
	{ 0, "NET_RX_SUCCESS" },
	{ 1, "NET_RX_DROP" },
	{ 0, NULL }
};

/**
 * point_ret_name() - what a return value means
 * @point: a return point
 * @ret: the value
 *
 * Return: the kernel's name of it, or NULL if it has none.
 */
const char *point_ret_name(const struct point *point, int64_t ret)
{
	const struct value_name *names;

	switch (point->role) {
	case ROLE_NETDEV:
		names = netdev_names;
		break;
	case ROLE_RXHANDLER:
		names = rxhandler_names;
		break;
	case ROLE_HOOK:
		if (ret < 0)
			return "NF_DROP";
		names = hook_names;
		break;
	case ROLE_BACKLOG:
		names = backlog_names;
		break;
	default:
		return NULL;
	}
	for (; names->name; names++)
		if (names->value == ret)
			return names->name;
	return NULL;
}

/**
 * point_hook_name() - what a hook of netfilter's is called
 * @family: NFPROTO_*
 * @hook: its number
 *
 * Return: the name that nft(8) has for it.
 */
const char *point_hook_name(unsigned int family, unsigned int hook)
{
	/* NF_INET_*, NF_BR_*; NF_NETDEV_*; NF_ARP_* */
	static const char * const inet[] = {
		"prerouting", "input", "forward", "output", "postrouting", "ingress"
	};
	static const char * const netdev[] = { "ingress", "egress" };
	static const char * const arp[] = { "input", "output", "forward" };

	if (family == 5)
		return hook < 2 ? netdev[hook] : "?";
	if (family == 3)
		return hook < 3 ? arp[hook] : "?";
	return hook < sizeof(inet) / sizeof(inet[0]) ? inet[hook] : "?";
}

/**
 * point_hook_family() - what a family of netfilter's is called
 * @family: NFPROTO_*
 */
const char *point_hook_family(unsigned int family)
{
	switch (family) {
	case 1:
		return "inet";
	case 2:
		return "ipv4";
	case 3:
		return "arp";
	case 5:
		return "netdev";
	case 7:
		return "bridge";
	case 10:
		return "ipv6";
	}
	return "?";
}

/**
 * point_ret_is_drop() - does a return value say that the packet was dropped
 * @point: a return point
 * @ret: the value
 */
bool point_ret_is_drop(const struct point *point, int64_t ret)
{
	switch (point->role) {
	case ROLE_NETDEV:
	case ROLE_BACKLOG:
		return ret == 1;
	case ROLE_HOOK:
	case ROLE_QUEUED:
		return ret < 0;
	default:
		return false;
	}
}
