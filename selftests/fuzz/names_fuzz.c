// SPDX-License-Identifier: GPL-2.0
/*
 * Names: what devices, processes and namespaces are called is anybody's, and files
 * come from anywhere. Shown in one of several ways.
 *
 * An input is strings, with a zero between them, in the order of enum string.
 */
#include <string.h>

#include "fuzz.h"
#include "options.h"
#include "hops.h"
#include "show/show.h"

enum string {
	STRING_DEV,
	STRING_PEER,
	STRING_COMM,
	STRING_NETNS,		/* a name */
	STRING_REASON,
	STRING_STACK,
	STRING_STACKS,		/* whole tables */
	STRING_REASONS,
	STRING_NAMESPACES,
	STRING_POINTS,
	STRING_STATS,
	NR_STRINGS,
};

enum way {
	WAY_HOPS,
	WAY_JOURNEYS,
	WAY_TREE,
	WAY_NARROW,
	WAY_TABLES,
	NR_WAYS,
};

struct strings {
	struct source source;
	const char *text[NR_STRINGS];
};

static char *table(const char *number, const char *name, const char *more)
{
	char *text;

	if (asprintf(&text, "%s %s\n%s", number, name, more) < 0)
		abort();
	return text;
}

static char *text_of(struct source *source, enum source_text which, struct error *error)
{
	const struct strings *strings = container_of(source, struct strings, source);
	const char * const *text = strings->text;

	switch (which) {
	case SOURCE_NETNS:
		return table("4026531840", text[STRING_NETNS], text[STRING_NAMESPACES]);
	case SOURCE_REASONS:
		return table("8", text[STRING_REASON], text[STRING_REASONS]);
	case SOURCE_STACKS:
		return table("7", text[STRING_STACK], text[STRING_STACKS]);
	case SOURCE_POINTS:
		return strdup(text[STRING_POINTS]);
	case SOURCE_SYMBOLS:
		return table("ffffffff81000000 T", text[STRING_STACK], text[STRING_STACKS]);
	default:
		return strdup(text[STRING_STATS]);
	}
}

static const struct source_ops ops = { .text = text_of };

static void show_journey(void *context, const struct journey *journey)
{
	struct show *show = context;
	struct verdict verdict;

	verdict_of(journey, 0, &verdict);
	show->ops->journey(show, journey, &verdict);
	if (verdict.payload == VERDICT_CHANGED)
		show->ops->changed(show, journey, &verdict);
}

/* Sixteen bytes, with a zero among them or not. */
static void name(char *to, const char *text)
{
	memcpy(to, text, strnlen(text, SKBTRACE_NAME_LEN));
}

/* A packet that is changed, cloned and dropped: all that is ever shown of one. */
static void show_hops(struct show *show, const struct strings *strings, enum way way)
{
	static const struct hop hops[] = {
		{ "ip_rcv", .skb = 0x10, .netns = 4026531840u, .stack = 7 },
		{ "veth_xmit", .skb = 0x10, .netns = 1, .crc = 0xbad, .stack = 8 },
		{ "skb_clone:return", .skb = 0x10, .ret = 0x20 },
		{ "br_handle_frame", .skb = 0x20, .head = 0x100010, .netns = 4026531841u },
		{ "veth_xmit:return", .skb = 0x10, .ret = 1 },
		{ "kfree_skb_reason", .skb = 0x20, .reason = 8 },
		{ "kfree_skb_reason", .skb = 0x10, .reason = 9, .caller = 0xffffffff81000010 },
		{ "kfree_skbmem", .skb = 0x10 },
		{ "arp_rcv", .skb = 0x30, .protocol = ETH_P_ARP, .len = 28 },
	};
	const struct journey_config config = { 8, 64, 64, 10 * SEC };
	const struct journey_reasons reasons = { 1, 2, 3, 4, 5, 6 };
	static struct skbtrace_record records[sizeof(hops) / sizeof(hops[0])];
	struct journey_engine *engine;
	size_t i;

	engine = journey_engine_new(&config, &reasons, show_journey, show);
	if (!engine)
		abort();
	show->tree = way == WAY_TREE;
	show->width = way == WAY_NARROW ? 60 : 0;
	for (i = 0; i < sizeof(hops) / sizeof(hops[0]); i++) {
		struct skbtrace_record record;

		if (!records[i].abi)
			records[i] = make_record(&hops[i]);
		record = records[i];
		record.ts_ns = SEC + i;
		record.life = record.skb / 0x10;
		if (point_of(record.point)->role == ROLE_CLONE) {
			record.flags |= SKBTRACE_F_CHILD;
			record.child = record.ret / 0x10;
		}
		name(record.dev, strings->text[STRING_DEV]);
		name(record.peer, strings->text[STRING_PEER]);
		name(record.comm, strings->text[STRING_COMM]);
		if (way == WAY_HOPS)
			show->ops->hop(show, &record);
		else if (journey_record(engine, &record))
			abort();
	}
	journey_flush(engine);
	journey_engine_free(engine);
}

static void show_strings(struct strings *strings, enum fuzz_format format, enum way way)
{
	struct options options = { .json = format == FUZZ_JSON };
	const struct summary summary = { .journeys = 2 };
	struct show show = {
		.ops = format == FUZZ_JSON ? &show_json_ops : &show_text_ops,
		.filter = &options.filter,
		.stacks = true,
	};
	struct error error = { "" };

	show.names = names_new(&strings->source, &error);
	if (!show.names)
		abort();
	show.out = fuzz_begin();
	if (way == WAY_TABLES) {
		FUZZ_EXPECT(!show_points(&strings->source, options.filter.points, options.json, &error));
		FUZZ_EXPECT(!show_stats(&strings->source, options.json, &error));
	} else {
		show_hops(&show, strings, way);
		show.ops->summary(&show, &summary);
	}
	fuzz_end(format);
	names_free(show.names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strings strings = { .source.ops = &ops };
	char *copy = malloc(size + 1), *next = copy;
	size_t sum = size;
	unsigned int i;

	if (!copy)
		abort();
	for (i = 0; i < size; i++)
		sum = sum * 31 + data[i];
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (i = 0; i < NR_STRINGS; i++) {
		strings.text[i] = next;
		if (next < copy + size)
			next += strlen(next);
		next += next < copy + size;
	}
	show_strings(&strings, sum % 2 ? FUZZ_TEXT : FUZZ_JSON, sum / 2 % NR_WAYS);
	free(copy);
	return 0;
}
