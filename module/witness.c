// SPDX-License-Identifier: GPL-2.0
/*
 * Are probes seen to work?  All can be switched off behind our back, in
 * debugfs's kprobes/enabled or with kernel.ftrace_enabled, and nobody tells us.
 * So a function of our own is probed, and called to see.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>

#include "compat.h"
#include "witness.h"

static unsigned int witnessed;

static noinline void witness(void)
{
	barrier();	/* or there would be no call */
}

static int __kprobes witness_handler(struct kprobe *kp, struct pt_regs *regs)
{
	WRITE_ONCE(witnessed, READ_ONCE(witnessed) + 1);
	return 0;
}

static struct kprobe witness_probe = {
	.addr = (kprobe_opcode_t *)witness,
	.pre_handler = witness_handler,
};

static int witness_error;

/* Of two calls at once one might be counted for the other. */
static DEFINE_MUTEX(witness_lock);

/**
 * witness_init() - probe our own function
 *
 * Context: process, may sleep.
 */
void witness_init(void)
{
	witness_error = register_kprobe(&witness_probe);
}

/**
 * witness_exit() - probe it no longer
 *
 * Context: process, may sleep.
 */
void witness_exit(void)
{
	if (!witness_error)
		unregister_kprobe(&witness_probe);
}

/**
 * witness_sees() - does the kernel let probes see anything at present
 *
 * A call that the kernel skips, for an interrupt with a probe of its own, is no
 * proof: so there are some.
 *
 * Context: process, may sleep.
 * Return: 1 or 0, or an error where one cannot say.
 */
int witness_sees(void)
{
	unsigned int before;
	int i, sees = 0;

	if (witness_error)
		return witness_error;
	mutex_lock(&witness_lock);
	before = READ_ONCE(witnessed);
	for (i = 0; i < 10 && !sees; i++) {
		witness();
		sees = READ_ONCE(witnessed) != before;
	}
	mutex_unlock(&witness_lock);
	return sees;
}
