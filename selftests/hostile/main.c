// SPDX-License-Identifier: GPL-2.0
/*
 * Skbs that lie, for functions that skbtrace probes.  For tests alone.
 *
 * An skb whose lengths do not add up would not get far in a kernel.  So most
 * of the functions are decoys: they are here, have the names of functions of
 * modules that are not loaded, or that this kernel does not have, and look at
 * nothing.  The others are the kernel's, and drop at once what is not for this
 * host, or hand it to the driver, which is ours.
 *
 *	echo KIND > parameters/cast	all skbs of that kind, to all functions
 *	cat parameters/cast		how many skbs that was, and how many went
 *					to each function
 *
 * An skb ends or begins where a page does behind (or before) which nothing is
 * mapped: whoever reads on faults, KASAN or not.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "hostile.h"

MODULE_DESCRIPTION("skbs that lie, to test skbtrace with");
MODULE_LICENSE("GPL");

unsigned int seed = 7878;
module_param(seed, uint, 0400);
MODULE_PARM_DESC(seed, "of what is at random");

unsigned int rounds = 2000;
module_param(rounds, uint, 0600);
MODULE_PARM_DESC(rounds, "skbs at random");

static DEFINE_MUTEX(cast_lock);

static int cast_set(const char *value, const struct kernel_param *kp)
{
	unsigned int i, k;

	for (i = 0; i < nr_kinds; i++) {
		if (!sysfs_streq(value, kinds[i].name))
			continue;
		if (!skb)
			return -ENODEV;
		mutex_lock(&cast_lock);
		nr_skbs = 0;
		for (k = 0; k < nr_targets; k++)
			targets[k].calls = 0;
		kinds[i].cast();
		mutex_unlock(&cast_lock);
		return 0;
	}
	return -EINVAL;
}

static int cast_get(char *buffer, const struct kernel_param *kp)
{
	unsigned int i, len;

	mutex_lock(&cast_lock);
	len = sprintf(buffer, "skbs %u\n", nr_skbs);
	for (i = 0; i < nr_targets; i++)
		if (targets[i].f)
			len += sprintf(buffer + len, "%s %u\n", targets[i].name,
				       targets[i].calls);
	mutex_unlock(&cast_lock);
	return len;
}

static const struct kernel_param_ops cast_ops = {
	.set = cast_set,
	.get = cast_get,
};
module_param_cb(cast, &cast_ops, NULL, 0600);

static int __init hostile_init(void)
{
	int ret = targets_find();

	if (ret)
		return ret;
	return skbs_alloc();
}
module_init(hostile_init);

static void __exit hostile_exit(void)
{
	skbs_free();
}
module_exit(hostile_exit);
