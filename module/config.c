// SPDX-License-Identifier: GPL-2.0
/*
 * The parameters: checked, shown, and given to the handlers as one object.
 *
 * They are set at insmod, before anything else of the module runs, and while
 * it is loaded through /sys/module/skbtrace/parameters.  A value that makes
 * no sense is refused with EINVAL and a line in the log; the old one stays.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "config.h"
#include "names.h"
#include "ports.h"

/*
 * One is in force, the other is where the next is put together.  Nothing is
 * allocated: a parameter may be set, and a later one refused, before there is
 * a module that could free anything.
 */
static struct config configs[2] = {
	{
		.on = true,
		.digest = true,
		.sample = 1,
		.points = { .nr = 1, .glob = { "*" } },
		.digest_limit = U32_MAX,
		.tunnel_ports = TUNNEL_PORTS,
	},
};

/* What handlers read; under config_lock for all others. */
struct config __rcu *config = (struct config __force __rcu *)&configs[0];

static DEFINE_MUTEX(config_lock);

/* What a change has to be told to, while the probes exist; under config_lock. */
static void (*apply)(const struct config *in_force);

/* There may be handlers that read what is in force; under config_lock. */
static bool is_read;

/* Why a value was refused, where that takes more than to say what is wanted. */
static char refusal[128];	/* under config_lock */

/* Kilobytes a CPU; 0 until load chooses, see rings_init(). */
unsigned int config_ring_kb;
module_param_named(ring_kb, config_ring_kb, uint, 0444);
MODULE_PARM_DESC(ring_kb, "memory for records on each CPU, KiB (0: chosen at load)");

static int parse_bool(const char *word, void *field)
{
	return kstrtobool(word, field);
}

static int parse_u32(const char *word, void *field)
{
	return kstrtou32(word, 0, field);
}

static int parse_sample(const char *word, void *field)
{
	u32 n;
	int err = kstrtou32(word, 0, &n);

	if (err)
		return err;
	if (!n)
		return -EINVAL;
	*(u32 *)field = n;
	return 0;
}

/* Behind a "+" the list adds to what is followed by default. */
static int parse_devices(const char *words, void *field)
{
	struct device_list *list = field;
	int err;

	list->adds = *words == '+';
	err = globs_parse(&list->globs, words + list->adds);
	return err ?: list->adds && !list->globs.nr ? -EINVAL : 0;
}

/* Unlike dev=, an empty list means nothing: say on=0. */
static int parse_points(const char *words, void *field)
{
	const char *glob, *nearest;
	int err;

	if (!*words)
		return -EINVAL;
	err = globs_parse(field, words);
	if (err)
		return err;
	glob = names_unmatched(field, &nearest);
	if (glob) {
		snprintf(refusal, sizeof(refusal),
			 nearest ? "no point is called %s (is %s meant?); " :
				   "no point is called %s; ", glob, nearest);
		return -EINVAL;
	}
	if (!names_are_matched(field)) {
		strscpy(refusal, "that leaves no point; ", sizeof(refusal));
		return -EINVAL;
	}
	return 0;
}

static int parse_numbers(const char *words, void *field)
{
	return numbers_parse(field, words);
}

static int parse_pids(const char *words, void *field)
{
	/* pid=$(pgrep nothing) */
	if (!*words)
		pr_info("pid= is empty: packets of all processes are followed\n");
	return numbers_parse(field, words);
}

static int parse_ports(const char *words, void *field)
{
	const struct numbers *ports = field;
	int err = numbers_parse(field, words);
	unsigned int i;

	for (i = 0; !err && i < ports->nr; i++)
		if (!ports->number[i] || ports->number[i] > U16_MAX)
			err = -EINVAL;
	return err;
}

static void start_filter(struct program *filter, bool is_ipv6, u8 protocol)
{
	u32 start = cbpf_start(filter->insns, is_ipv6 ? 6 : 4, protocol);
	const struct sock_filter *insn = &filter->insns[start];

	filter->start[is_ipv6][protocol] = start;
	filter->rejects[is_ipv6][protocol] = insn->code == (BPF_RET | BPF_K) &&
					     !insn->k;
}

static int parse_filter(const char *words, void *field)
{
	struct program *filter = field;
	struct cbpf_error error = { CBPF_NO_INSN, "is longer than a page" };
	int nr = -1, uses_memory = 0;
	unsigned int protocol;

	BUILD_BUG_ON(CBPF_INSNS_MAX > 256);	/* or start[] does not hold it */
	/* What is shown has as many numbers, and a byte between them. */
	if (strlen(words) <= CBPF_TEXT_MAX)
		nr = cbpf_parse(filter->insns, CBPF_INSNS_MAX, words, &error);
	if (nr > 0)
		uses_memory = cbpf_check(filter->insns, nr, &error);
	if (nr >= 0 && uses_memory >= 0) {
		filter->nr = nr;
		filter->uses_memory = uses_memory;
		for (protocol = 0; nr && protocol < 256; protocol++) {
			start_filter(filter, 0, protocol);
			start_filter(filter, 1, protocol);
		}
		return 0;
	}
	if (error.insn == CBPF_NO_INSN)
		snprintf(refusal, sizeof(refusal), "it %s; ", error.what);
	else
		snprintf(refusal, sizeof(refusal), "instruction %u %s; ",
			 error.insn, error.what);
	return -EINVAL;
}

static int show_bool(char *buf, size_t size, const void *field)
{
	return scnprintf(buf, size, "%d", *(const bool *)field);
}

static int show_u32(char *buf, size_t size, const void *field)
{
	return scnprintf(buf, size, "%u", *(const u32 *)field);
}

static int show_devices(char *buf, size_t size, const void *field)
{
	const struct device_list *list = field;
	int len = scnprintf(buf, size, "%s", list->adds ? "+" : "");

	return len + globs_show(buf + len, size - len, &list->globs);
}

static int show_globs(char *buf, size_t size, const void *field)
{
	return globs_show(buf, size, field);
}

static int show_numbers(char *buf, size_t size, const void *field)
{
	return numbers_show(buf, size, field);
}

/* As nfbpf_compile prints it, for "iptables -m bpf": on one line. */
static int show_filter(char *buf, size_t size, const void *field)
{
	const struct program *filter = field;
	const struct sock_filter *insn = filter->insns;
	unsigned int i;
	int len;

	if (!filter->nr)
		return 0;
	len = scnprintf(buf, size, "%u", filter->nr);
	for (i = 0; i < filter->nr; i++, insn++)
		len += scnprintf(buf + len, size - len, ",%u %u %u %u",
				 insn->code, insn->jt, insn->jf, insn->k);
	return len;
}

/* One parameter: a field of struct config and how to read and show it. */
struct parameter {
	const char *name;
	size_t offset;
	int (*parse)(const char *words, void *field);
	int (*show)(char *buf, size_t size, const void *field);
	const char *wants;
};

/* So much of a refused value is in the log, on one line. */
#define REFUSED_LEN	64

static void log_refused(const struct parameter *param, char *val)
{
	bool is_long = strlen(val) > REFUSED_LEN;
	unsigned char *c;

	for (c = (unsigned char *)val; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = ' ';
	pr_err("%s=%.*s%s refused: %swants %s\n", param->name, REFUSED_LEN, val,
	       is_long ? "..." : "", refusal, param->wants);
}

static bool probes_differ(const struct config *a, const struct config *b)
{
	return a->on != b->on || a->socket != b->socket ||
	       memcmp(&a->points, &b->points, sizeof(a->points));
}

/* What is derived from the parameters once, for all packets. */
static void derive(struct config *new)
{
	unsigned int i;

	new->asks_for_more = new->stack || new->verify_csum;
	new->digest_limit = new->digest_max ?: U32_MAX;
	new->tunnel_ports = TUNNEL_PORTS;
	for (i = 0; i < new->vxlan_port.nr; i++)
		new->tunnel_ports |= PORT_BIT(new->vxlan_port.number[i]);
}

static void put_in_force(const struct config *old, struct config *new)
{
	derive(new);
	rcu_assign_pointer(config, new);
	if (apply && probes_differ(old, new))
		apply(new);
	/* The old one is written to next time. */
	if (is_read)
		synchronize_rcu();
}

static int parameter_set(const char *val, const struct kernel_param *kp)
{
	const struct parameter *param = kp->arg;
	struct config *new, *old;
	char *copy, *words;
	int err;

	copy = kstrdup(val, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	words = strim(copy);

	mutex_lock(&config_lock);
	old = rcu_dereference_protected(config, lockdep_is_held(&config_lock));
	new = old == &configs[0] ? &configs[1] : &configs[0];
	*new = *old;
	*refusal = '\0';
	err = param->parse(words, (char *)new + param->offset);
	if (!err) {
		put_in_force(old, new);
	} else if (err != -ENOMEM) {
		err = -EINVAL;
		log_refused(param, words);
	}
	mutex_unlock(&config_lock);
	kfree(copy);
	return err;
}

static int parameter_get(char *buf, const struct kernel_param *kp)
{
	const struct parameter *param = kp->arg;
	int len;

	mutex_lock(&config_lock);
	len = param->show(buf, PAGE_SIZE - 1,
			  (char *)rcu_dereference_protected(config,
					lockdep_is_held(&config_lock)) +
			  param->offset);
	mutex_unlock(&config_lock);
	return len + scnprintf(buf + len, PAGE_SIZE - len, "\n");
}

static const struct kernel_param_ops parameter_ops = {
	.set = parameter_set,
	.get = parameter_get,
};

#define PARAMETER(_name, _parse, _show, _wants, _description)		\
	static struct parameter parameter_##_name = {			\
		.name = #_name,						\
		.offset = offsetof(struct config, _name),		\
		.parse = _parse,					\
		.show = _show,						\
		.wants = _wants,					\
	};								\
	module_param_cb(_name, &parameter_ops, &parameter_##_name, 0600); \
	MODULE_PARM_DESC(_name, _description)

PARAMETER(on, parse_bool, show_bool, "0 or 1", "trace (default 1)");
PARAMETER(dev, parse_devices, show_devices,
	  "device names or globs separated by commas, 32 at the most, behind a + if they add to the default",
	  "follow packets that touch these devices, with a + in front these as well (default: every veth, bridge and bridge port)");
PARAMETER(points, parse_points, show_globs,
	  "globs of functions or groups separated by commas, -glob to exclude, 32 at the most",
	  "where to probe (default *)");
PARAMETER(netns, parse_numbers, show_numbers,
	  "inode numbers of network namespaces separated by commas, 32 at the most",
	  "follow packets of these namespaces (default: all)");
PARAMETER(pid, parse_pids, show_numbers,
	  "process ids separated by commas, 32 at the most",
	  "follow packets that these processes send (default: all)");
PARAMETER(filter, parse_filter, show_filter,
	  "what \"tcpdump -y RAW -ddd\" prints, of 256 instructions and a page at the most",
	  "follow packets that this program of classic BPF, for raw IP, admits (default: all)");
PARAMETER(stack, parse_bool, show_bool, "0 or 1",
	  "record the stack at each hop (default 0)");
PARAMETER(digest, parse_bool, show_bool, "0 or 1",
	  "compute the payload digest at each hop (default 1)");
PARAMETER(digest_max, parse_u32, show_u32, "a number of bytes, 0 for all",
	  "digest at most so many bytes of a payload (default 0: all)");
PARAMETER(verify_csum, parse_bool, show_bool, "0 or 1",
	  "verify the packet's own checksum at each hop (default 0)");
PARAMETER(socket, parse_bool, show_bool, "0 or 1",
	  "digest what applications write to sockets and read from them, in their memory (default 0)");
PARAMETER(vxlan_port, parse_ports, show_numbers,
	  "UDP ports separated by commas, 32 at the most",
	  "UDP ports that are VXLAN's besides 4789 and 8472 (default: none)");
PARAMETER(sample, parse_sample, show_u32, "a number of at least 1",
	  "follow one flow in so many (default 1: all)");
PARAMETER(max_rate, parse_u32, show_u32, "a number, 0 for no limit",
	  "records a second on each CPU (default 0: no limit)");

static const struct parameter * const parameters[] = {
	&parameter_on, &parameter_dev, &parameter_points, &parameter_netns,
	&parameter_pid, &parameter_filter, &parameter_stack,
	&parameter_digest, &parameter_digest_max, &parameter_verify_csum,
	&parameter_socket, &parameter_vxlan_port, &parameter_sample, &parameter_max_rate,
};

/**
 * config_show() - print what is in force, a line a parameter
 * @m: where to
 *
 * Context: process, may sleep.  Return: 0 or -ENOMEM.
 */
int config_show(struct seq_file *m)
{
	const struct config *in_force;
	const size_t size = PAGE_SIZE;
	char *buf = kmalloc(size, GFP_KERNEL);
	unsigned int i;

	if (!buf)
		return -ENOMEM;
	mutex_lock(&config_lock);
	in_force = rcu_dereference_protected(config,
					     lockdep_is_held(&config_lock));
	for (i = 0; i < ARRAY_SIZE(parameters); i++) {
		*buf = '\0';
		parameters[i]->show(buf, size, (const char *)in_force +
						parameters[i]->offset);
		seq_printf(m, "%s %s\n", parameters[i]->name, buf);
	}
	mutex_unlock(&config_lock);
	seq_printf(m, "ring_kb %u\n", config_ring_kb);
	kfree(buf);
	return 0;
}

/**
 * config_run() - from now on a change takes effect at once
 * @with: called with the parameters now, and whenever others ask for points
 *
 * Context: process, may sleep.
 */
void config_run(void (*with)(const struct config *in_force))
{
	mutex_lock(&config_lock);
	apply = with;
	is_read = true;
	apply(rcu_dereference_protected(config, lockdep_is_held(&config_lock)));
	mutex_unlock(&config_lock);
}

/**
 * config_stop() - from now on a change is told nobody
 *
 * Handlers may still run and read what is in force.
 *
 * Context: process, may sleep.
 */
void config_stop(void)
{
	mutex_lock(&config_lock);
	apply = NULL;
	mutex_unlock(&config_lock);
}
