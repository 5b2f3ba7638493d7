// SPDX-License-Identifier: GPL-2.0
/*
 * Do handlers of kprobes nest?  skbtrace's rings have one writer each because
 * they do not.  For tests alone.
 *
 * Functions of this module are probed.  The handlers of one of them, of the
 * kprobe as well as of the kretprobe at call and return, try to be interrupted:
 * they call a probed function themselves, send their CPU an interrupt and an
 * NMI, whose handlers call others, and wait for both.  Each handler sees
 * whether another was running on its CPU.
 *
 *	echo ROUNDS > parameters/run	on this CPU
 *	cat parameters/run		what came of it
 */
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/apic.h>
#include <asm/nmi.h>

MODULE_DESCRIPTION("handlers that try to nest, to test what skbtrace relies on");
MODULE_LICENSE("GPL");

/* Longer than an interrupt takes to come, if it may. */
#define WAIT	20000

/* Where a probed function is called from. */
enum from {
	FROM_TASK,
	FROM_HANDLER,		/* a kprobe's */
	FROM_CALL,		/* a kretprobe's, when the function is called */
	FROM_RETURN,		/* and when it returns */
	FROM_INTERRUPT,
	FROM_NMI,
	NR_FROM,
};

static const char * const from_names[] = {
	"task", "handler", "call", "return", "interrupt", "nmi",
};

struct state {
	int running;			/* handlers, on this CPU */
	enum from in;			/* which */
	bool nmi_sent;
	unsigned long nested;
	unsigned long interrupts[NR_FROM], nmis[NR_FROM];	/* came in one */
	unsigned long calls[NR_FROM];	/* of functions with a probe */
};

static DEFINE_PER_CPU(struct state, state);
static DEFINE_PER_CPU(struct irq_work, works);

/* One for each place, so that what is missed of it can be told. */
#define TARGET(name)							\
static noinline void name(void)						\
{									\
	barrier();	/* or there would be no call */			\
}
TARGET(from_task)
TARGET(from_handler)
TARGET(from_call)
TARGET(from_return)
TARGET(from_interrupt)
TARGET(from_nmi)

static void (* const targets[])(void) = {
	from_task, from_handler, from_call, from_return, from_interrupt,
	from_nmi,
};

static void call_target(struct state *s, enum from from)
{
	s->calls[from]++;
	targets[from]();
}

static void interrupted(struct irq_work *work)
{
	struct state *s = this_cpu_ptr(&state);

	if (s->running)
		s->interrupts[s->in]++;
	call_target(s, FROM_INTERRUPT);
}

static int nmi(unsigned int type, struct pt_regs *regs)
{
	struct state *s = this_cpu_ptr(&state);

	if (!s->nmi_sent)
		return NMI_DONE;
	s->nmi_sent = false;
	if (s->running)
		s->nmis[s->in]++;
	call_target(s, FROM_NMI);
	return NMI_HANDLED;
}

static bool enter(struct state *s, enum from in)
{
	if (s->running++) {
		s->nested++;
		return false;
	}
	s->in = in;
	return true;
}

static void leave(struct state *s)
{
	s->running--;
}

/* In a handler: whatever may interrupt it, come. */
static void provoke(struct state *s, enum from in)
{
	unsigned int i;

	call_target(s, in);
	irq_work_queue(this_cpu_ptr(&works));
	s->nmi_sent = true;
	apic->send_IPI_mask(cpumask_of(smp_processor_id()), NMI_VECTOR);
	for (i = 0; i < WAIT; i++)
		cpu_relax();
}

static int provoking_handler(struct kprobe *kp, struct pt_regs *regs)
{
	struct state *s = this_cpu_ptr(&state);

	if (enter(s, FROM_HANDLER))
		provoke(s, FROM_HANDLER);
	leave(s);
	return 0;
}

static int call_handler(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct state *s = this_cpu_ptr(&state);

	if (enter(s, FROM_CALL))
		provoke(s, FROM_CALL);
	leave(s);
	return 0;
}

static int return_handler(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct state *s = this_cpu_ptr(&state);

	if (enter(s, FROM_RETURN))
		provoke(s, FROM_RETURN);
	leave(s);
	return 0;
}

static unsigned long hits[NR_FROM];

static struct kprobe probes[NR_FROM];

static int counting_handler(struct kprobe *kp, struct pt_regs *regs)
{
	struct state *s = this_cpu_ptr(&state);

	hits[kp - probes]++;
	enter(s, FROM_TASK);
	leave(s);
	return 0;
}

static struct kretprobe returning = {
	.kp.addr = (kprobe_opcode_t *)from_task,
	.entry_handler = call_handler,
	.handler = return_handler,
	.maxactive = 64,
};

static DEFINE_MUTEX(run_lock);

static int run_set(const char *value, const struct kernel_param *kp)
{
	unsigned int rounds, i;

	if (kstrtouint(value, 0, &rounds))
		return -EINVAL;
	mutex_lock(&run_lock);
	for (i = 0; i < rounds; i++) {
		preempt_disable();
		call_target(this_cpu_ptr(&state), FROM_TASK);
		preempt_enable();
		cond_resched();
	}
	mutex_unlock(&run_lock);
	return 0;
}

static unsigned long sum(size_t offset)
{
	unsigned long n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += *(unsigned long *)((char *)per_cpu_ptr(&state, cpu) + offset);
	return n;
}

static int run_get(char *to, const struct kernel_param *kp)
{
	unsigned int n, i;

	n = scnprintf(to, PAGE_SIZE, "nested %lu\n",
		      sum(offsetof(struct state, nested)));
	for (i = 0; i < NR_FROM; i++)
		n += scnprintf(to + n, PAGE_SIZE - n,
			       "%s calls %lu hits %lu missed %lu interrupts %lu nmis %lu\n",
			       from_names[i],
			       sum(offsetof(struct state, calls[i])), hits[i],
			       probes[i].nmissed,
			       sum(offsetof(struct state, interrupts[i])),
			       sum(offsetof(struct state, nmis[i])));
	return n;
}

static const struct kernel_param_ops run_ops = {
	.set = run_set, .get = run_get,
};
module_param_cb(run, &run_ops, NULL, 0600);

static int __init nesting_init(void)
{
	unsigned int i;
	int cpu, err;

	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&works, cpu), interrupted);
	for (i = 0; i < NR_FROM; i++) {
		probes[i].addr = (kprobe_opcode_t *)targets[i];
		probes[i].pre_handler = i == FROM_TASK ? provoking_handler :
							 counting_handler;
		err = register_kprobe(&probes[i]);
		if (err)
			goto no_probe;
	}
	err = register_kretprobe(&returning);
	if (err)
		goto no_probe;
	err = register_nmi_handler(NMI_LOCAL, nmi, 0, "nesting");
	if (err)
		goto no_nmi;
	return 0;

no_nmi:
	unregister_kretprobe(&returning);
no_probe:
	while (i--)
		unregister_kprobe(&probes[i]);
	return err;
}

static void __exit nesting_exit(void)
{
	unsigned int i;
	int cpu;

	unregister_nmi_handler(NMI_LOCAL, "nesting");
	unregister_kretprobe(&returning);
	for (i = 0; i < NR_FROM; i++)
		unregister_kprobe(&probes[i]);
	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&works, cpu));
}

module_init(nesting_init);
module_exit(nesting_exit);
