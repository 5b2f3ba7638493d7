// SPDX-License-Identifier: GPL-2.0
/* Does the module see what it is to see? */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "lib/list.h"
#include "source/source.h"

struct tables {
	struct source source;
	const char *stats, *points;
};

static char *tables_text(struct source *source, enum source_text which, struct error *error)
{
	const struct tables *tables = container_of(source, struct tables, source);

	return strdup(which == SOURCE_STATS ? tables->stats : tables->points);
}

static const struct source_ops tables_ops = { .text = tables_text };

static const char *health(const char *stats, const char *points)
{
	struct tables tables = { .source = { .ops = &tables_ops }, stats, points };
	static struct health why;
	struct error error;

	return health_of(&tables.source, &why, &error) ? "failed" : why.text;
}

#define POINTS	"# id symbol kind group module hits missed skb state\n" \
		"1 a entry tcp vmlinux 5 0 arg0 active\n" \
		"2 b entry tcp vmlinux 0 0 arg0 absent: this kernel has no such function\n"
#define REFUSED	"3 c entry tcp vmlinux 0 0 arg0 refused: error -22\n" \
		"4 d entry tcp vmlinux 0 0 arg0 refused: error -22\n"

TEST(sees_all)
{
	EXPECT_STREQ("", health("version 0\non 1\nkprobes on\nmissed 0\n", POINTS));
	/* Of a module that does not say. */
	EXPECT_STREQ("", health("version 0\non 1\n", POINTS));
	EXPECT_STREQ("", health("", ""));
}

TEST(sees_nothing)
{
	EXPECT_NE(NULL, strstr(health("on 1\nkprobes off\n", POINTS), "no probe see anything"));
	EXPECT_NE(NULL, strstr(health("on 1\nkprobes unknown: error -2\n", POINTS),
			       "no probe see anything"));
	EXPECT_STREQ("the module is switched off (on=0)", health("on 0\nkprobes on\n", POINTS));
}

TEST(did_not_see_all_the_time)
{
	EXPECT_NE(NULL, strstr(health("on 1\nkprobes on\ninterruptions 1\n", POINTS),
			       "switched off meanwhile"));
	EXPECT_STREQ("", health("on 1\nkprobes on\ninterruptions 0\n", POINTS));
}

TEST(sees_some)
{
	EXPECT_STREQ("the kernel refused to have 2 points probed, c first (see skbtrace points)",
		     health("on 1\nkprobes on\n", POINTS REFUSED));
}

TEST_HARNESS_MAIN
