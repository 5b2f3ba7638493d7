// SPDX-License-Identifier: GPL-2.0
/*
 * Where the module finds the functions of a kernel that lets it look at all names:
 * what compilers make of a name, what modules have. Its own code, with a kernel of our
 * making around it.
 */
#include <stdbool.h>

#include "kselftest_harness.h"

/* In the place of compat.h: what it uses of the kernel. */
#define SKBTRACE_COMPAT_H
#define HAVE_KALLSYMS_ON_EACH_SYMBOL

struct module {
	const char *name;
};

struct mutex {
	int held;
};

static struct mutex module_mutex;

static void mutex_lock(struct mutex *mutex) { mutex->held++; }
static void mutex_unlock(struct mutex *mutex) { mutex->held--; }

static void strscpy(char *to, const char *from, size_t size)
{
	snprintf(to, size, "%s", from);
}

struct name {
	const char *name;
	struct module *module;
	unsigned long address;
};

static struct module veth = { "veth" }, bridge = { "bridge" };
static const struct name *kernel;

static int kallsyms_on_each_symbol(int (*fn)(void *data, const char *name,
					     struct module *module,
					     unsigned long address), void *data)
{
	const struct name *name;
	int err = 0;

	for (name = kernel; name->name && !err; name++)
		err = fn(data, name->name, name->module, name->address);
	return err;
}

#pragma GCC diagnostic ignored "-Waddress"
#include "../../module/symbols.c"

/* look(KERNEL, symbol...): the symbols are in "symbols" then */
#define look(kernel_, ...)						\
	struct symbol symbols[] = { __VA_ARGS__ };			\
	kernel = (kernel_);						\
	ASSERT_TRUE(symbols_look(symbols, ARRAY_SIZE(symbols)));	\
	ASSERT_EQ(0, module_mutex.held)

#define OF(module_, name_)	{ .name = name_, .module = module_ }
/* Its .constprop.N will do. */
#define ANY_OF(module_, name_)						\
	{ .name = name_, .module = module_, .takes_constprop = true }

TEST(each_is_found_where_it_is)
{
	static const struct name names[] = {
		{ "ip_rc", NULL, 1 }, { "ip_rcv", NULL, 2 }, { "ip_rcv_core", NULL, 3 },
		{ "veth_xmit", &veth, 4 }, { }
	};

	look(names, OF("vmlinux", "ip_rcv"), OF("veth", "veth_xmit"), OF("veth", "veth_xmit"),
	     OF("vmlinux", "tcp_v4_rcv"));
	EXPECT_EQ(2, symbols[0].address);
	EXPECT_STREQ("ip_rcv", symbols[0].found);
	EXPECT_STREQ("", symbols[0].twin);
	/* Entry and return of one function. */
	EXPECT_EQ(4, symbols[1].address);
	EXPECT_EQ(4, symbols[2].address);
	EXPECT_EQ(0, symbols[3].address);
}

/* Before gcc 9 N counts the clones of a whole file. */
TEST(constprop_of_any_number_is_taken_where_the_point_says_so)
{
	static const struct name names[] = {
		{ "tcp_queue_rcv.constprop.4711", NULL, 1 },
		{ "tcp_v4_rcv.constprop.0", NULL, 2 }, { }
	};

	look(names, ANY_OF("vmlinux", "tcp_queue_rcv"),
	     OF("vmlinux", "tcp_v4_rcv"));
	EXPECT_EQ(1, symbols[0].address);
	EXPECT_STREQ("tcp_queue_rcv.constprop.4711", symbols[0].found);
	EXPECT_EQ(0, symbols[1].address);
	EXPECT_STREQ("tcp_v4_rcv.constprop.0", symbols[1].twin);
}

TEST(the_function_itself_is_preferred_before_and_behind_its_clone)
{
	static const struct name before[] = {
		{ "f", NULL, 1 }, { "f.constprop.0", NULL, 2 }, { }
	};
	static const struct name behind[] = {
		{ "f.constprop.0", NULL, 2 }, { "f", NULL, 1 }, { "f", NULL, 3 }, { }
	};
	int i;

	for (i = 0; i < 2; i++) {
		look(i ? behind : before, ANY_OF("vmlinux", "f"));
		EXPECT_EQ(1, symbols[0].address);
		EXPECT_STREQ("f", symbols[0].found);
		EXPECT_STREQ("f.constprop.0", symbols[0].twin);
	}
}

TEST(what_may_have_other_arguments_is_told_and_not_taken)
{
	static const struct name names[] = {
		{ "f.isra.0", NULL, 1 }, { "g.part.12", NULL, 2 },
		{ "h.isra.3.constprop.7", NULL, 3 }, { "i.constprop.0.isra.1", NULL, 4 },
		{ "j.cold", NULL, 5 }, { "j.constprop.", NULL, 6 }, { }
	};

	look(names, ANY_OF("vmlinux", "f"),
	     ANY_OF("vmlinux", "g"),
	     ANY_OF("vmlinux", "h"),
	     ANY_OF("vmlinux", "i"),
	     ANY_OF("vmlinux", "j"));
	for (unsigned int i = 0; i < ARRAY_SIZE(symbols); i++)
		EXPECT_EQ(0, symbols[i].address);
	EXPECT_STREQ("f.isra.0", symbols[0].twin);
	EXPECT_STREQ("g.part.12", symbols[1].twin);
	EXPECT_STREQ("h.isra.3.constprop.7", symbols[2].twin);
	EXPECT_STREQ("i.constprop.0.isra.1", symbols[3].twin);
}

/* A module's list has what it uses of others as well. */
TEST(only_its_own_module_has_a_function)
{
	static const struct name names[] = {
		{ "br_forward", &veth, 1 }, { "skb_clone", &veth, 2 }, { "br_forward", &bridge, 3 },
		{ }
	};

	look(names, OF("bridge", "br_forward"), OF("vmlinux", "skb_clone"));
	EXPECT_EQ(3, symbols[0].address);
	EXPECT_EQ(0, symbols[1].address);
}

TEST(a_module_is_there_if_it_is_loaded_or_built_in)
{
	static const struct name names[] = {
		{ "ipv6_rcv", NULL, 1 }, { "other", &bridge, 2 }, { }
	};

	look(names, OF("ipv6", "ipv6_rcv"), OF("ipv6", "ip6_rcv_core"),
	     OF("bridge", "br_forward"), OF("veth", "veth_xmit"));
	EXPECT_TRUE(symbols[0].has_module);
	EXPECT_TRUE(symbols[1].has_module);
	EXPECT_TRUE(symbols[2].has_module);
	EXPECT_FALSE(symbols[3].has_module);
}

TEST_HARNESS_MAIN
