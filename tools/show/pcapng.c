// SPDX-License-Identifier: GPL-2.0
/*
 * Hops as packets for Wireshark and tcpdump: pcapng, draft-ietf-opsawg-pcapng.
 *
 * A device is an interface, a hop is a packet that was captured there, which has the
 * headers that its record tells and not one byte of payload. What else is known of
 * the hop is the packet's comment. Link addresses are not known: they are zeros.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <skbtrace/version.h>

#include "capture.h"
#include "header.h"
#include "journey/journey.h"
#include "lib/list.h"
#include "lib/utf8.h"
#include "show.h"
#include "show_messages.h"
#include "view.h"

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
};

#define BYTE_ORDER_MAGIC	0x1a2b3c4d
#define LINKTYPE_ETHERNET	1

/* Options, whose numbers depend on the block; the first two do not. */
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
};

#define TSRESOL_NS	9	/* 10^-9 s */

/* Two addresses, a VLAN tag, a type; what header_of() makes. */
#define FRAME_MAX	(2 * ETH_ALEN + 4 + 2 + CBPF_HEADER_MAX)
#define COMMENT_MAX	1024	/* the longest has less than 640, and calls what is left */

#define IP_HEADER_LEN	20
#define TCP_HEADER_LEN	20

/* The longest is a packet's: frame, comment, and what is around them. */
#define BLOCK_MAX	(FRAME_MAX + COMMENT_MAX + 64)

#define NR_BUCKETS	1024

/**
 * struct interface - a device in a network namespace
 * @node: in a bucket of pcapng.interfaces
 * @netns: inode number, 0 if it is not known
 * @number: the interface's, by which packets name it
 * @dev: the device's name, "" if there is none
 */
struct interface {
	struct hlist_node node;
	uint32_t netns;
	uint32_t number;
	char dev[SKBTRACE_NAME_LEN];
};

/**
 * struct pcapng - what is known of a file that is written
 * @interfaces: those that are written, by name
 * @nr_interfaces: how many
 * @capture: if it is to be as a capture would be; else NULL
 */
struct pcapng {
	struct hlist_head interfaces[NR_BUCKETS];
	uint32_t nr_interfaces;
	struct capture *capture;
};

/**
 * struct block - a block that is put together
 * @data: its bytes
 * @len: how many
 */
struct block {
	uint8_t data[BLOCK_MAX];
	uint32_t len;
};

/* In host order, which the section's magic tells; padded to 4 bytes. */
static void put(struct block *block, const void *data, uint32_t len)
{
	memcpy(block->data + block->len, data, len);
	memset(block->data + block->len + len, 0, -len % 4);
	block->len += len + -len % 4;
}

static void put32(struct block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

static void put_option(struct block *block, uint16_t code, const void *data, uint16_t len)
{
	const uint16_t head[2] = { code, len };

	put(block, head, sizeof(head));
	put(block, data, len);
}

static void put_text(struct block *block, uint16_t code, char *text)
{
	utf8_printable(text);
	put_option(block, code, text, strlen(text));
}

/* Its length comes before and behind what is in it. */
static void block_begin(struct block *block, enum block_type type)
{
	block->len = 0;
	put32(block, type);
	put32(block, 0);
}

static void block_write(struct view *view, struct block *block)
{
	const uint32_t len = block->len + sizeof(len);

	memcpy(block->data + sizeof(uint32_t), &len, sizeof(len));
	put32(block, len);
	if (!view->error && fwrite(block->data, block->len, 1, view->out) != 1)
		view->error = errno;
}

static void write_section(struct view *view)
{
	static const uint16_t version[] = { 1, 0 };
	static const uint64_t unknown_len = UINT64_MAX;
	char name[] = "skbtrace " SKBTRACE_VERSION;
	struct block block;

	block_begin(&block, BLOCK_SECTION);
	put32(&block, BYTE_ORDER_MAGIC);
	put(&block, version, sizeof(version));
	put(&block, &unknown_len, sizeof(unknown_len));
	put_text(&block, SHB_USERAPPL, name);
	put_option(&block, OPT_END, "", 0);
	block_write(view, &block);
}

static void write_interface(struct view *view, const struct interface *interface)
{
	static const uint16_t linktype[] = { LINKTYPE_ETHERNET, 0 };
	static const uint8_t tsresol = TSRESOL_NS;
	const char *netns = interface->netns ?
			    names_netns(view->config.names, interface->netns) : NULL;
	const char *dev = *interface->dev ? interface->dev : "(no device)";
	struct block block;
	char text[128];

	block_begin(&block, BLOCK_INTERFACE);
	put(&block, linktype, sizeof(linktype));
	put32(&block, 0);	/* no limit to a packet's length */
	/* The first process' namespace is where one looks for a name alone. */
	if (netns && strcmp(netns, "init"))
		snprintf(text, sizeof(text), "%.64s:%.*s", netns, SKBTRACE_NAME_LEN, dev);
	else if (netns || !interface->netns)
		snprintf(text, sizeof(text), "%.*s", SKBTRACE_NAME_LEN, dev);
	else
		snprintf(text, sizeof(text), "%" PRIu32 ":%.*s", interface->netns,
			 SKBTRACE_NAME_LEN, dev);
	put_text(&block, IF_NAME, text);
	if (netns)
		snprintf(text, sizeof(text), "netns %.64s", netns);
	else
		snprintf(text, sizeof(text), "netns %" PRIu32, interface->netns);
	if (interface->netns)
		put_text(&block, IF_DESCRIPTION, text);
	put_option(&block, IF_TSRESOL, &tsresol, sizeof(tsresol));
	put_option(&block, OPT_END, "", 0);
	block_write(view, &block);
}

static struct hlist_head *bucket(struct pcapng *pcapng, const struct interface *interface)
{
	uint32_t hash = interface->netns;
	int i;

	for (i = 0; i < SKBTRACE_NAME_LEN; i++)
		hash = hash * 31 + (uint8_t)interface->dev[i];
	return &pcapng->interfaces[hash % NR_BUCKETS];
}

/* The interface that a hop is at, written before its first packet; NULL: no memory. */
static const struct interface *interface_of(struct view *view,
					    const struct skbtrace_record *record)
{
	struct interface wanted = {
		.netns = record->flags & SKBTRACE_F_NETNS ? record->netns : 0,
	}, *interface;
	struct pcapng *pcapng = view->private;
	struct hlist_head *head;
	struct hlist_node *node;

	memcpy(wanted.dev, record->dev, strnlen(record->dev, sizeof(wanted.dev)));
	head = bucket(pcapng, &wanted);
	for (node = head->first; node; node = node->next) {
		interface = container_of(node, struct interface, node);
		if (interface->netns == wanted.netns &&
		    !memcmp(interface->dev, wanted.dev, sizeof(wanted.dev)))
			return interface;
	}
	interface = malloc(sizeof(*interface));
	if (!interface) {
		view->error = view->error ? view->error : ENOMEM;
		return NULL;
	}
	*interface = wanted;
	interface->number = pcapng->nr_interfaces++;
	hlist_add_head(&interface->node, head);
	write_interface(view, interface);
	return interface;
}

/* RFC 791, 3.1: so that nobody takes the header for a broken one. */
static void put_ip_checksum(uint8_t *header)
{
	uint32_t sum = 0;
	int i;

	for (i = 0; i < 20; i += 2)
		sum += header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	cbpf_put16(header + 10, ~(sum + (sum >> 16)));
}

/* Not recorded; a window of 0 would be said to be full. */
static void put_tcp(uint8_t *header, uint32_t ack)
{
	cbpf_put16(header + 8, ack >> 16);
	cbpf_put16(header + 10, ack & 0xffff);
	cbpf_put16(header + 14, 0xffff);
}

/* Return: how many bytes of @frame are set; @wire_len is as long as the packet was. */
static uint32_t frame_of(const struct skbtrace_record *record, uint32_t ack,
			 uint8_t frame[FRAME_MAX], uint32_t *wire_len)
{
	uint32_t len = 2 * ETH_ALEN, header_len = 0;

	memset(frame, 0, len);
	if (record->flags & SKBTRACE_F_VLAN) {
		cbpf_put16(frame + len, ETH_P_8021Q);
		cbpf_put16(frame + len + 2, record->vlan_tci);
		len += 4;
	}
	cbpf_put16(frame + len, record->protocol);
	len += 2;
	*wire_len = record->payload_len;
	if (record->flags & SKBTRACE_F_FLOW)
		header_len = header_of(record, frame + len, wire_len);
	if (header_len && record->protocol == ETH_P_IP)
		put_ip_checksum(frame + len);
	if (header_len >= IP_HEADER_LEN + TCP_HEADER_LEN && packet_is_tcp(record) &&
	    (record->flags & SKBTRACE_F_PORTS))
		put_tcp(frame + len + header_len - TCP_HEADER_LEN, ack);
	*wire_len += len;
	return len + header_len;
}

/* Did the hop look at the packet?  Returns, clones and frees do not. */
static bool is_packet(const struct skbtrace_record *record)
{
	return point_of(record->point)->kind == POINT_ENTRY &&
	       record->payload != SKBTRACE_PAYLOAD_NONE &&
	       !(record->flags & SKBTRACE_F_HIDDEN);
}

/* What the headers do not say. */
static int comment_of(const struct skbtrace_record *record, char text[COMMENT_MAX])
{
	int len;

	len = snprintf(text, COMMENT_MAX, "%s%s%.*s, cpu %u, %s %.*s[%" PRIu32 "], skb 0x%" PRIx64
		       ", payload %" PRIu32, point_of(record->point)->symbol,
		       *record->peer ? " => " : "", SKBTRACE_NAME_LEN, record->peer, record->cpu,
		       show_context(record), SKBTRACE_NAME_LEN, record->comm, record->pid,
		       (uint64_t)record->skb, record->payload_len);
	if (record->flags & SKBTRACE_F_DIGEST)
		len += snprintf(text + len, COMMENT_MAX - len, " crc32c %08" PRIx32,
				record->crc32c);
	len += snprintf(text + len, COMMENT_MAX - len, ", life %" PRIu64, (uint64_t)record->life);
	if (show_tunnel(record)) {
		char from[SHOW_ADDRESS_LEN], to[SHOW_ADDRESS_LEN];

		len += snprintf(text + len, COMMENT_MAX - len, ", in %s %" PRIu32,
				show_tunnel(record), record->tunnel_id);
		if (record->flags & SKBTRACE_F_OUTER)
			len += snprintf(text + len, COMMENT_MAX - len, " %s > %s",
					show_outer_address(record, record->outer_saddr, from),
					show_outer_address(record, record->outer_daddr, to));
	}
	return len;
}

static void write_packet(struct view *view, const struct skbtrace_record *record,
			 uint32_t ack, char *comment)
{
	const struct interface *interface = interface_of(view, record);
	uint64_t ns = names_real_ns(view->config.names, record->ts_ns);
	uint8_t frame[FRAME_MAX];
	uint32_t len, wire_len;
	struct block block;

	if (!interface)
		return;
	len = frame_of(record, ack, frame, &wire_len);
	block_begin(&block, BLOCK_PACKET);
	put32(&block, interface->number);
	put32(&block, ns >> 32);
	put32(&block, ns);
	put32(&block, len);
	put32(&block, wire_len);
	put(&block, frame, len);
	put_text(&block, OPT_COMMENT, comment);
	put_option(&block, OPT_END, "", 0);
	block_write(view, &block);
}

static void write_captured(void *context, const struct skbtrace_record *record, uint32_t ack,
			   char *comment)
{
	write_packet(context, record, ack, comment);
}

static int pcapng_begin(struct view *view)
{
	struct pcapng *pcapng;

	view->private = calloc(1, sizeof(struct pcapng));
	if (!view->private)
		return -1;
	write_section(view);
	if (!view->config.capture_at)
		return 0;
	pcapng = view->private;
	pcapng->capture = capture_new(write_captured, view);
	if (pcapng->capture)
		return 0;
	free(pcapng);
	return -1;
}

/* Nothing is added if the hop did not look at the packet. */
static void pcapng_hop(struct view *view, const struct skbtrace_record *record)
{
	char comment[COMMENT_MAX];

	if (!is_packet(record))
		return;
	comment_of(record, comment);
	write_packet(view, record, 0, comment);
}

/* The change that a hop is the first to have, or NULL. */
static const struct verdict_change *change_at(const struct verdict *verdict, uint32_t hop)
{
	uint32_t i;

	for (i = 0; i < verdict->nr_changes && i < VERDICT_CHANGES; i++)
		if (verdict->changes[i].before == hop)
			return &verdict->changes[i];
	return NULL;
}

/* What is said of the journey with each of its hops. */
static int comment_of_journey(struct view *view, const struct journey *journey,
			      const struct verdict *verdict, char *text, size_t size)
{
	const struct skbtrace_record *end = NULL;
	const char *reason = NULL;
	char id[SHOW_ID_LEN];

	if (journey->end == JOURNEY_DROPPED && journey->end_hop != JOURNEY_NO_HOP)
		end = &journey->hops[journey->end_hop].record;
	if (end && (end->flags & SKBTRACE_F_REASON))
		reason = names_reason(view->config.names, end->ret);
	return snprintf(text, size, "; journey %s, %s, %s%s%.64s", show_id(journey->id, id),
			verdict_name(verdict->payload), show_end(journey->end),
			reason ? ": " : "", reason ? reason : "");
}

static int comment_of_change(const struct journey *journey, const struct verdict_change *change,
			     char *text, size_t size)
{
	const struct skbtrace_record *after = &journey->hops[change->after].record;

	return snprintf(text, size, "; PAYLOAD %s here, after %s %.*s",
			change->how == VERDICT_OTHER ? "CHANGED" :
			change->how == VERDICT_TRUNCATED ? "TRUNCATED" :
			change->how == VERDICT_EXTENDED ? "EXTENDED" : "EMPTIED",
			point_of(after->point)->symbol, SKBTRACE_NAME_LEN, after->dev);
}

/* Of the hops that a change lies between a capture may have neither. */
static int comment_of_first_change(const struct journey *journey, const struct verdict *verdict,
				   char *text, size_t size)
{
	const struct skbtrace_record *after, *before;

	if (!verdict->nr_changes)
		return 0;
	after = &journey->hops[verdict->changes[0].after].record;
	before = &journey->hops[verdict->changes[0].before].record;
	return snprintf(text, size, "; PAYLOAD CHANGED between %s %.*s and %s %.*s",
			point_of(after->point)->symbol, SKBTRACE_NAME_LEN, after->dev,
			point_of(before->point)->symbol, SKBTRACE_NAME_LEN, before->dev);
}

static void pcapng_journey(struct view *view, const struct journey *journey,
			   const struct verdict *verdict)
{
	const char *capture_at = view->config.capture_at;
	struct pcapng *pcapng = view->private;
	char comment[COMMENT_MAX];
	uint32_t i;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;
		const struct verdict_change *change = change_at(verdict, i);
		int len;

		if (!is_packet(record) || !filter_point(view->config.filter, record) ||
		    (capture_at && !capture_has(capture_at, journey, i)))
			continue;
		len = comment_of(record, comment);
		len += comment_of_journey(view, journey, verdict, comment + len,
					  COMMENT_MAX - len);
		if (capture_at)
			len += comment_of_first_change(journey, verdict, comment + len,
						       COMMENT_MAX - len);
		else if (change)
			len += comment_of_change(journey, change, comment + len,
						 COMMENT_MAX - len);
		show_call_comment(view->config.streams, record, comment + len, COMMENT_MAX - len);
		if (!capture_at)
			write_packet(view, record, 0, comment);
		else if (capture_add(pcapng->capture, record, comment))
			view->error = view->error ? view->error : ENOMEM;
	}
}

static void pcapng_flush(struct view *view)
{
	struct pcapng *pcapng = view->private;

	if (pcapng->capture)
		capture_flush(pcapng->capture);
}

static void pcapng_end(struct view *view)
{
	struct pcapng *pcapng = view->private;
	unsigned int i;

	pcapng_flush(view);
	capture_free(pcapng->capture);
	for (i = 0; i < NR_BUCKETS; i++) {
		struct hlist_node *node, *next;

		for (node = pcapng->interfaces[i].first; node; node = next) {
			next = node->next;
			free(container_of(node, struct interface, node));
		}
	}
	free(pcapng);
}

const struct view_ops pcapng_view = {
	.name = "pcapng",
	.begin = pcapng_begin,
	.hop = pcapng_hop,
	.journey = pcapng_journey,
	.flush = pcapng_flush,
	.end = pcapng_end,
};
