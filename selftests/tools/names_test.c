// SPDX-License-Identifier: GPL-2.0
/* Names for the numbers in records, while names come and go. */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "lib/list.h"
#include "source/source.h"

/* A source without records: its tables, and how often they were read. */
struct tables {
	struct source source;
	const char *text[SOURCE_NR_TEXTS];
	unsigned int nr_read;
};

static char *tables_text(struct source *source, enum source_text which, struct error *error)
{
	struct tables *tables = container_of(source, struct tables, source);

	tables->nr_read++;
	return strdup(tables->text[which] ? tables->text[which] : "");
}

static const struct source_ops tables_ops = { .text = tables_text };

FIXTURE(names)
{
	struct tables tables;
	struct names *names;
};

FIXTURE_SETUP(names)
{
	struct error error;

	memset(&self->tables, 0, sizeof(self->tables));
	self->tables.source.ops = &tables_ops;
	self->tables.source.is_live = true;
	self->tables.text[SOURCE_STACKS] = "1 a;b\n";
	self->tables.text[SOURCE_NETNS] = "4026531840 init\n";
	self->names = names_new(&self->tables.source, &error);
	ASSERT_NE(NULL, self->names);
	self->tables.nr_read = 0;
}

FIXTURE_TEARDOWN(names)
{
	names_free(self->names);
}

TEST_F(names, what_is_known_is_not_read_again)
{
	EXPECT_STREQ("a;b", names_stack(self->names, 1));
	EXPECT_STREQ("init", names_netns(self->names, 4026531840));
	EXPECT_EQ(NULL, names_stack(self->names, 0));
	EXPECT_EQ(0, self->tables.nr_read);
}

TEST_F(names, one_new_stack_after_another)
{
	self->tables.text[SOURCE_STACKS] = "1 a;b\n2 c\n";
	EXPECT_STREQ("c", names_stack(self->names, 2));
	self->tables.text[SOURCE_STACKS] = "1 a;b\n2 c\n3 d;e\n";
	EXPECT_STREQ("d;e", names_stack(self->names, 3));
	EXPECT_EQ(2, self->tables.nr_read);
}

TEST_F(names, what_has_no_name_is_not_looked_for_all_the_time)
{
	unsigned int i;

	for (i = 0; i < 1000; i++)
		EXPECT_EQ(NULL, names_netns(self->names, 4026532000 + i));
	EXPECT_EQ(1, self->tables.nr_read);
}

TEST_F(names, a_name_outlives_its_namespace)
{
	self->tables.text[SOURCE_NETNS] = "4026532001 new\n";
	EXPECT_STREQ("new", names_netns(self->names, 4026532001));
	EXPECT_STREQ("init", names_netns(self->names, 4026531840));
	/* Its number is given to another one. */
	self->tables.text[SOURCE_NETNS] = "4026531840 other\n4026532002 third\n";
	EXPECT_STREQ("third", names_netns(self->names, 4026532002));
	EXPECT_STREQ("other", names_netns(self->names, 4026531840));
}

TEST_F(names, files_have_what_they_have)
{
	self->tables.source.is_live = false;
	self->tables.text[SOURCE_STACKS] = "2 c\n";
	EXPECT_EQ(NULL, names_stack(self->names, 2));
	EXPECT_EQ(0, self->tables.nr_read);
}

TEST_F(names, symbols)
{
	char text[64];

	self->tables.text[SOURCE_SYMBOLS] = "0000000000000000 T hidden\n"
		"ffffffff81000200 t second\nffffffff81000100 T first\n"
		"ffffffff81000110 d data\nffffffffc0000000 t third\t[veth]\nrubbish\n";
	names_symbol(self->names, 0xffffffff81000120, text, sizeof(text));
	EXPECT_STREQ("first+0x20", text);
	names_symbol(self->names, 0xffffffff81000200, text, sizeof(text));
	EXPECT_STREQ("second+0x0", text);
	names_symbol(self->names, 0xffffffffc0000004, text, sizeof(text));
	EXPECT_STREQ("third+0x4 [veth]", text);
	names_symbol(self->names, 0xffffffff810000ff, text, sizeof(text));
	EXPECT_STREQ("0xffffffff810000ff", text);
	/* Of no function, however long it may be. */
	names_symbol(self->names, 0xffffffffc1000000, text, sizeof(text));
	EXPECT_STREQ("0xffffffffc1000000", text);
	EXPECT_EQ(1, self->tables.nr_read);
}

TEST_HARNESS_MAIN
