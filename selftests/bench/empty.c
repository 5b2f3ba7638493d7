// SPDX-License-Identifier: GPL-2.0
/*
 * Probes that do nothing: what the kernel itself takes for each of them.
 *
 *	insmod empty.ko kind=kprobe|kretprobe|ftrace functions=NAME,... [count=1] [busy=N]
 *
 * With count=1 calls are counted, which costs a little.  busy=N makes each handler take
 * N rounds of a loop, so that something may come in between.  kind=kprobe,ftrace attaches
 * both, which shows what one of them misses.  What was counted is in
 * /sys/module/empty/parameters: kprobes, kretprobes, ftraced, missed.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#define MAX_FUNCTIONS	16

static char *kind[2] = { "kprobe" };
static int nr_kinds;
module_param_array(kind, charp, &nr_kinds, 0444);

static char *functions[MAX_FUNCTIONS];
static int nr_functions;
module_param_array(functions, charp, &nr_functions, 0444);

static bool count;
module_param(count, bool, 0444);

static uint busy;
module_param(busy, uint, 0444);

static atomic_long_t kprobes, kretprobes, ftraced;

static int counter_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%ld\n", atomic_long_read(kp->arg));
}

static const struct kernel_param_ops counter_ops = { .get = counter_get };

module_param_cb(kprobes, &counter_ops, &kprobes, 0444);
module_param_cb(kretprobes, &counter_ops, &kretprobes, 0444);
module_param_cb(ftraced, &counter_ops, &ftraced, 0444);

static struct kprobe kps[MAX_FUNCTIONS];
static struct kretprobe rps[MAX_FUNCTIONS];
static int nr_kps, nr_rps;

static int missed_get(char *buffer, const struct kernel_param *kp)
{
	unsigned long missed = 0;
	int i;

	for (i = 0; i < nr_kps; i++)
		missed += kps[i].nmissed;
	for (i = 0; i < nr_rps; i++)
		missed += rps[i].nmissed + rps[i].kp.nmissed;
	return sprintf(buffer, "%lu\n", missed);
}

static const struct kernel_param_ops missed_ops = { .get = missed_get };

module_param_cb(missed, &missed_ops, NULL, 0444);

/* For those whom nothing tells where in an skb to look. */
static int offsets_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "len=%zu dev=%zu ifindex=%zu\n", offsetof(struct sk_buff, len),
		       offsetof(struct sk_buff, dev), offsetof(struct net_device, ifindex));
}

static const struct kernel_param_ops offsets_ops = { .get = offsets_get };

module_param_cb(offsets, &offsets_ops, NULL, 0444);

static int __kprobes empty_handler(struct kprobe *kp, struct pt_regs *regs)
{
	return 0;
}

static int __kprobes counting_handler(struct kprobe *kp, struct pt_regs *regs)
{
	uint i;

	atomic_long_inc(&kprobes);
	for (i = 0; i < busy; i++)
		barrier();
	return 0;
}

static int __kprobes empty_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

static int __kprobes counting_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	atomic_long_inc(&kretprobes);
	return 0;
}

static int kprobes_attach(void)
{
	int i, err;

	for (i = 0; i < nr_functions; i++) {
		kps[i].symbol_name = functions[i];
		kps[i].pre_handler = count ? counting_handler : empty_handler;
		err = register_kprobe(&kps[i]);
		if (err) {
			pr_err("empty: kprobe at %s: error %d\n", functions[i], err);
			return err;
		}
		nr_kps++;
	}
	return 0;
}

static int kretprobes_attach(void)
{
	int i, err;

	for (i = 0; i < nr_functions; i++) {
		rps[i].kp.symbol_name = functions[i];
		rps[i].handler = count ? counting_return : empty_return;
		rps[i].maxactive = 64;
		err = register_kretprobe(&rps[i]);
		if (err) {
			pr_err("empty: kretprobe at %s: error %d\n", functions[i], err);
			return err;
		}
		nr_rps++;
	}
	return 0;
}

#if defined(CONFIG_DYNAMIC_FTRACE) && defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
/*
 * Before 02a474ca266a ("ftrace/x86: Allow for arguments to be passed in to ftrace_regs by
 * default"), 5.11, the callback is another, and has to keep from recursion itself.
 */
static void notrace empty_callback(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
}

static void notrace counting_callback(unsigned long ip, unsigned long parent_ip,
				      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	uint i;

	atomic_long_inc(&ftraced);
	for (i = 0; i < busy; i++)
		barrier();
}

static struct ftrace_ops ops;
static bool ops_registered;

static int ftrace_attach(void)
{
	int i, err;

	ops.func = count ? counting_callback : empty_callback;
	for (i = 0; i < nr_functions; i++) {
		err = ftrace_set_filter(&ops, functions[i], strlen(functions[i]), i == 0);
		if (err) {
			pr_err("empty: ftrace of %s: error %d\n", functions[i], err);
			return err;
		}
	}
	err = register_ftrace_function(&ops);
	ops_registered = !err;
	return err;
}

static void ftrace_detach(void)
{
	if (ops_registered)
		unregister_ftrace_function(&ops);
}
#else
static int ftrace_attach(void)
{
	pr_err("empty: no ftrace_ops on this kernel\n");
	return -EOPNOTSUPP;
}

static void ftrace_detach(void)
{
}
#endif

static void detach(void)
{
	ftrace_detach();
	while (nr_kps)
		unregister_kprobe(&kps[--nr_kps]);
	while (nr_rps)
		unregister_kretprobe(&rps[--nr_rps]);
}

static int attach(const char *what)
{
	if (!strcmp(what, "kprobe"))
		return kprobes_attach();
	if (!strcmp(what, "kretprobe"))
		return kretprobes_attach();
	if (!strcmp(what, "ftrace"))
		return ftrace_attach();
	return -EINVAL;
}

static int __init empty_init(void)
{
	int i, err = -EINVAL;

	for (i = 0; i < max(nr_kinds, 1); i++) {
		err = attach(kind[i]);
		if (err) {
			detach();
			break;
		}
	}
	return err;
}

static void __exit empty_exit(void)
{
	detach();
}

module_init(empty_init);
module_exit(empty_exit);
MODULE_DESCRIPTION("probes that do nothing, to measure the kernel's part");
MODULE_LICENSE("GPL");
