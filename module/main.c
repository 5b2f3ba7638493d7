// SPDX-License-Identifier: GPL-2.0
/*
 * skbtrace: on which hop did the payload change?
 *
 * Probes the path of packets through veth pairs and bridges, records where
 * each skb was, with a digest of its payload, and shows it in debugfs.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/module.h>
#include <skbtrace/version.h>

#include "config.h"
#include "crc32c.h"
#include "debugfs.h"
#include "interrupts.h"
#include "messages.h"
#include "probes.h"
#include "ring.h"
#include "stacks.h"
#include "witness.h"

static const struct witness_told witness_told = {
	.suspend = probes_suspend,
	.see = probes_see,
};

static void apply(const struct config *in_force)
{
	probes_apply(in_force);
	messages_apply(in_force->on && in_force->socket);
}

static int __init skbtrace_init(void)
{
	int err;

	crc32c_init();
	err = rings_init(&config_ring_kb);
	if (err)
		return err;
	err = stacks_init();
	if (err)
		goto err_rings;
	err = trace_files_init();
	if (err)
		goto err_stacks;
	err = probes_init(interrupts_choose_handlers());
	if (err)
		goto err_files;
	config_run(apply);
	witness_init(&witness_told);
	if (!probes_attached()) {
		pr_err("no point can be probed: is this kernel built with CONFIG_KPROBES?\n");
		err = -EOPNOTSUPP;
		goto err_probes;
	}
	pr_info("%s: tracing, %u KiB of records on each of %u CPUs; cat /sys/kernel/debug/skbtrace\n",
		SKBTRACE_VERSION, config_ring_kb, num_online_cpus());
	return 0;

err_probes:
	config_stop();
	messages_apply(false);
	witness_exit();
	probes_exit();
err_files:
	trace_files_exit();
err_stacks:
	stacks_exit();
err_rings:
	rings_exit();
	return err;
}

static void __exit skbtrace_exit(void)
{
	config_stop();
	messages_apply(false);
	witness_exit();
	probes_exit();
	trace_files_exit();
	stacks_exit();
	rings_exit();
}

module_init(skbtrace_init);
module_exit(skbtrace_exit);

MODULE_DESCRIPTION("Follows packets through veth pairs and bridges and tells where the payload changed");
MODULE_LICENSE("GPL");
MODULE_VERSION(SKBTRACE_VERSION);
