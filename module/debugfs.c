// SPDX-License-Identifier: GPL-2.0
/*
 * The files.  All can be read by root alone, and nothing can be written: so
 * kernel lockdown lets them be (Documentation of kernel_lockdown(7): files
 * with a mode other than 0400, or with write, ioctl or mmap, are refused).
 *
 * Each open file has its own cursors: reading takes nothing from anyone else.
 */
#define pr_fmt(fmt) "skbtrace: " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <skbtrace/version.h>

#include "compat.h"
#include "config.h"
#include "debugfs.h"
#include "messages.h"
#include "probes.h"
#include "ring.h"
#include "stacks.h"
#include "text.h"
#include "witness.h"

/*
 * Writers wake nobody: they run where that is not allowed.  Who waits for
 * records is woken to look again by work that is queued only while somebody
 * waits.
 */
#define WAKE_INTERVAL	(HZ / 50 ?: 1)

static DECLARE_WAIT_QUEUE_HEAD(readers);

static void wake_readers(struct work_struct *unused)
{
	wake_up_interruptible(&readers);
}

static DECLARE_DELAYED_WORK(wake_work, wake_readers);

/*
 * skbtrace.d/cpuN: the records of one CPU.
 */

/* Handed to user space at once: with the rest of struct cpu_reader nearly a page. */
#define CPU_BATCH	20

struct cpu_reader {
	struct mutex lock;	/* of what follows, against threads that share us */
	const struct ring *ring;
	u64 cursor;
	u64 lost;
	struct skbtrace_record batch[CPU_BATCH];
};

static int cpu_open(struct inode *inode, struct file *file)
{
	struct cpu_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	reader->ring = inode->i_private;
	reader->cursor = ring_oldest(reader->ring);
	file->private_data = reader;
	return 0;
}

static int cpu_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

/* Is there anything to read, as far as one can see without reading it? */
static bool cpu_has_records(const struct cpu_reader *reader)
{
	return READ_ONCE(reader->cursor) != RING_LOAD(&reader->ring->head);
}

static ssize_t cpu_copy(struct cpu_reader *reader, char __user *buf,
			size_t count)
{
	const size_t size = sizeof(reader->batch[0]);
	ssize_t copied = 0;
	size_t nr, room;

	do {
		u64 cursor = reader->cursor, lost = reader->lost;

		room = min_t(size_t, (count - copied) / size, CPU_BATCH);
		for (nr = 0; nr < room; nr++)
			if (!ring_read(reader->ring, &reader->cursor,
				       &reader->lost, &reader->batch[nr]))
				break;
		if (copy_to_user(buf + copied, reader->batch, nr * size)) {
			reader->cursor = cursor;
			reader->lost = lost;
			return copied ?: -EFAULT;
		}
		copied += nr * size;
		cond_resched();
	} while (nr && nr == room && !signal_pending(current));
	return copied;
}

static ssize_t cpu_read(struct file *file, char __user *buf, size_t count,
			loff_t *ppos)
{
	struct cpu_reader *reader = file->private_data;
	ssize_t copied;
	int err;

	if (count < sizeof(struct skbtrace_record))
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&reader->lock))
			return -ERESTARTSYS;
		copied = cpu_copy(reader, buf, count);
		mutex_unlock(&reader->lock);
		if (copied)
			return copied;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		/* The next record may be claimed but not complete: look again. */
		err = wait_event_interruptible_timeout(readers,
				cpu_has_records(reader), WAKE_INTERVAL);
		if (err < 0)
			return err;
	}
}

static __poll_t cpu_poll(struct file *file, poll_table *wait)
{
	struct cpu_reader *reader = file->private_data;

	poll_wait(file, &readers, wait);
	if (cpu_has_records(reader))
		return EPOLLIN | EPOLLRDNORM;
	schedule_delayed_work(&wake_work, WAKE_INTERVAL);
	return 0;
}

/*
 * As /dev/kmsg: to the oldest record (SEEK_SET) or behind the newest. Where that is,
 * as an index, says SEEK_CUR: what is overwritten before the first read is lost too.
 */
static loff_t cpu_llseek(struct file *file, loff_t offset, int whence)
{
	struct cpu_reader *reader = file->private_data;

	if (offset)
		return -ESPIPE;
	mutex_lock(&reader->lock);
	switch (whence) {
	case SEEK_SET:
		reader->cursor = ring_oldest(reader->ring);
		break;
	case SEEK_END:
		reader->cursor = RING_LOAD(&reader->ring->head);
		break;
	case SEEK_CUR:
		offset = reader->cursor;
		break;
	default:
		offset = -EINVAL;
	}
	mutex_unlock(&reader->lock);
	return offset;
}

static const struct file_operations cpu_fops = {
	.owner = THIS_MODULE,
	.open = cpu_open,
	.release = cpu_release,
	.read = cpu_read,
	.poll = cpu_poll,
	.llseek = cpu_llseek,
};

/*
 * skbtrace: all that is retained, merged by time, as text, then the end.
 */

/* One CPU's part of a merge. */
struct merge_cpu {
	const struct ring *ring;
	unsigned int id;
	u64 cursor;
	u64 end;		/* what is written later is not ours */
	u64 lost;
	bool valid;		/* @record is the next */
	struct skbtrace_record record;
};

struct merge {
	loff_t pos;		/* of what merge_oldest() is now */
	unsigned int nr;
	struct merge_cpu cpu[];
};

static void merge_fill(struct merge_cpu *cpu)
{
	u64 left = cpu->end - cpu->cursor;
	u64 lost = 0;

	cpu->valid = left &&
		     ring_read(cpu->ring, &cpu->cursor, &lost, &cpu->record) &&
		     cpu->record.index < cpu->end;
	if (!cpu->valid)
		cpu->cursor = cpu->end;
	cpu->lost += min(lost, left);
}

static void merge_begin(struct merge *merge)
{
	unsigned int i;

	merge->pos = 1;
	for (i = 0; i < merge->nr; i++) {
		struct merge_cpu *cpu = &merge->cpu[i];

		cpu->lost = 0;
		cpu->end = RING_LOAD(&cpu->ring->head);
		cpu->cursor = cpu->end - min(cpu->end, cpu->ring->nr_slots);
		merge_fill(cpu);
	}
}

/*
 * The CPU whose record is the next; after the last record, one that lost the
 * rest of its own.
 */
static struct merge_cpu *merge_oldest(struct merge *merge)
{
	struct merge_cpu *oldest = NULL, *bereft = NULL;
	unsigned int i;

	for (i = 0; i < merge->nr; i++) {
		struct merge_cpu *cpu = &merge->cpu[i];

		if (cpu->valid &&
		    (!oldest || cpu->record.ts_ns < oldest->record.ts_ns))
			oldest = cpu;
		if (!cpu->valid && cpu->lost)
			bereft = cpu;
	}
	return oldest ?: bereft;
}

/*
 * The item at a position: 0 is the header, the records follow.  seq_file asks
 * for the same or the next one, how often depends on the kernel; after an
 * lseek() back it begins anew.
 */
static void *merge_seek(struct merge *merge, loff_t pos)
{
	struct merge_cpu *oldest;

	if (!pos || pos < merge->pos)
		merge_begin(merge);
	if (!pos)
		return SEQ_START_TOKEN;
	oldest = merge_oldest(merge);
	while (oldest && merge->pos < pos) {
		merge->pos++;
		merge_fill(oldest);
		oldest = merge_oldest(merge);
	}
	return oldest;
}

static void *trace_start(struct seq_file *m, loff_t *pos)
{
	return merge_seek(m->private, *pos);
}

static void *trace_next(struct seq_file *m, void *v, loff_t *pos)
{
	return merge_seek(m->private, ++*pos);
}

static void trace_stop(struct seq_file *m, void *v)
{
}

static int trace_show(struct seq_file *m, void *v)
{
	const struct merge *merge = m->private;
	struct merge_cpu *cpu = v;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "# skbtrace %s: what %u CPUs retain, oldest first; see skbtrace.d/stats for losses\n",
			   SKBTRACE_VERSION, merge->nr);
		text_show_header(m);
		return 0;
	}
	if (cpu->lost)
		seq_printf(m, "# lost %llu records of CPU %u: overwritten while this was read\n",
			   cpu->lost, cpu->id);
	if (cpu->valid && !(cpu->record.flags & SKBTRACE_F_HIDDEN))
		text_show_record(m, &cpu->record);
	/* Whoever does not fit is shown again. */
	if (!seq_has_overflowed(m))
		cpu->lost = 0;
	return 0;
}

static const struct seq_operations trace_seq_ops = {
	.start = trace_start,
	.next = trace_next,
	.stop = trace_stop,
	.show = trace_show,
};

static int trace_open(struct inode *inode, struct file *file)
{
	struct merge *merge;
	int cpu, err;

	merge = kvzalloc(sizeof(*merge) +
			 num_possible_cpus() * sizeof(merge->cpu[0]),
			 GFP_KERNEL);
	if (!merge)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		const struct ring *ring = &per_cpu(cpu_trace, cpu).ring;

		if (!ring->slots)
			continue;
		merge->cpu[merge->nr].ring = ring;
		merge->cpu[merge->nr++].id = cpu;
	}
	err = seq_open(file, &trace_seq_ops);
	if (err) {
		kvfree(merge);
		return err;
	}
	((struct seq_file *)file->private_data)->private = merge;
	return 0;
}

static int trace_release(struct inode *inode, struct file *file)
{
	kvfree(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

static const struct file_operations trace_fops = {
	.owner = THIS_MODULE,
	.open = trace_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = trace_release,
};

/*
 * The tables.
 */

static void stats_line(struct seq_file *m, const char *who, u64 attempts,
		       u64 committed, u64 nested, u64 rate_limited,
		       u64 no_ring, u64 malformed, u64 untracked, u64 no_stack,
		       u64 long_lists)
{
	seq_printf(m, "%s attempts %llu committed %llu nested %llu rate_limited %llu no_ring %llu malformed %llu untracked %llu no_stack %llu long_lists %llu\n",
		   who, attempts, committed, nested, rate_limited, no_ring,
		   malformed, untracked, no_stack, long_lists);
}

static int stats_show(struct seq_file *m, void *v)
{
	u64 total[9] = { 0 };
	unsigned int i;
	int cpu, work, err;

	seq_printf(m, "version %s\nabi %u\nrecord_size %u\n", SKBTRACE_VERSION,
		   SKBTRACE_ABI, SKBTRACE_RECORD_SIZE);
	err = config_show(m);
	if (err)
		return err;
	work = witness_sees();
	if (work < 0)
		seq_printf(m, "kprobes unknown: error %d\n", work);
	else
		seq_printf(m, "kprobes %s\n", work ? "on" : "off");
	seq_printf(m, "interruptions %u\n", witness_interruptions());
	seq_printf(m, "missed %lu\n", probes_missed());
	messages_show_counts(m);
	for_each_possible_cpu(cpu) {
		struct cpu_trace *trace = &per_cpu(cpu_trace, cpu);
		u64 n[ARRAY_SIZE(total)];
		char who[16];

		n[3] = local_read(&trace->rate_limited);
		n[4] = local_read(&trace->no_ring);
		n[0] = RING_LOAD(&trace->ring.attempts) + n[3] + n[4];
		n[1] = RING_LOAD(&trace->ring.head);
		n[2] = RING_LOAD(&trace->ring.nested);
		n[5] = local_read(&trace->malformed);
		n[6] = local_read(&trace->untracked);
		n[7] = local_read(&trace->no_stack);
		n[8] = local_read(&trace->long_lists);
		for (i = 0; i < ARRAY_SIZE(n); i++)
			total[i] += n[i];
		if (!trace->ring.slots && !n[0])
			continue;
		snprintf(who, sizeof(who), "cpu%d", cpu);
		stats_line(m, who, n[0], n[1], n[2], n[3], n[4], n[5], n[6],
			   n[7], n[8]);
	}
	stats_line(m, "total", total[0], total[1], total[2], total[3],
		   total[4], total[5], total[6], total[7], total[8]);
	return 0;
}

static int points_show(struct seq_file *m, void *v)
{
	probes_show(m);
	messages_show(m);
	return 0;
}

static int stack_table_show(struct seq_file *m, void *v)
{
	stacks_show(m);
	return 0;
}

static int reasons_show(struct seq_file *m, void *v)
{
	text_show_reasons(m);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(stats);
DEFINE_SHOW_ATTRIBUTE(points);
DEFINE_SHOW_ATTRIBUTE(stack_table);
DEFINE_SHOW_ATTRIBUTE(reasons);

static struct dentry *trace_file;
static struct dentry *trace_dir;

static int make_file(const char *name, struct dentry *dir, void *data,
		     const struct file_operations *fops)
{
	struct dentry *dentry = debugfs_create_file(name, 0400, dir, data, fops);

	if (IS_ERR_OR_NULL(dentry)) {
		pr_err("cannot create %s in debugfs: error %ld (is debugfs switched off, or the name taken?)\n",
		       name, dentry ? PTR_ERR(dentry) : -EEXIST);
		return dentry ? PTR_ERR(dentry) : -EEXIST;
	}
	if (!dir)
		trace_file = dentry;
	return 0;
}

/**
 * trace_files_init() - make the files in debugfs
 *
 * Context: process, may sleep.
 * Return: 0, or an error that has been logged.
 */
int trace_files_init(void)
{
	char name[16];
	int cpu, err;

	trace_dir = debugfs_create_dir("skbtrace.d", NULL);
	if (IS_ERR_OR_NULL(trace_dir)) {
		err = trace_dir ? PTR_ERR(trace_dir) : -EEXIST;
		trace_dir = NULL;
		pr_err("cannot create skbtrace.d in debugfs: error %d (is debugfs switched off?)\n",
		       err);
		return err;
	}
	err = make_file("skbtrace", NULL, NULL, &trace_fops) ?:
	      make_file("stats", trace_dir, NULL, &stats_fops) ?:
	      make_file("points", trace_dir, NULL, &points_fops) ?:
	      make_file("stacks", trace_dir, NULL, &stack_table_fops) ?:
	      make_file("reasons", trace_dir, NULL, &reasons_fops);
	for_each_possible_cpu(cpu) {
		struct ring *ring = &per_cpu(cpu_trace, cpu).ring;

		if (err)
			break;
		if (!ring->slots)
			continue;
		snprintf(name, sizeof(name), "cpu%d", cpu);
		err = make_file(name, trace_dir, ring, &cpu_fops);
	}
	if (err)
		trace_files_exit();
	return err;
}

/**
 * trace_files_exit() - remove the files
 *
 * None is open: an open file holds the module.
 *
 * Context: process, may sleep.
 */
void trace_files_exit(void)
{
	debugfs_remove(trace_file);
	debugfs_remove_recursive(trace_dir);
	cancel_delayed_work_sync(&wake_work);
}
