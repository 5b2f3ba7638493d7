// SPDX-License-Identifier: GPL-2.0
/*
 * Hops as calls, indented by who called whom, as trace-cmd shows a function graph.
 *
 * A record has the stack pointer that its function was entered with.  Of two hops on one
 * stack the one entered later was called by the other if it is deeper, and the other has
 * not returned: which is known where returns are probed, and where stacks are recorded.
 * Else the next function that is no deeper says that the other has returned, or has ended
 * with a jump to it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "show_tree.h"
#include "text_fit.h"
#include "text_hops.h"
#include "text_pieces.h"

/* Stacks that have open calls at one time, and calls that are open on one. */
#define STACKS_MAX	16
#define CALLS_MAX	64

/* On x86 and arm64, of tasks and of interrupts. */
#define STACK_SIZE	16384u

/* How far back the call of a return is looked for. */
#define RETURN_HOPS	512

#define INDENT		2
#define NO_CALL		UINT32_MAX

/**
 * struct call - a function that was called
 * @hop: its hop: the entry, or the return if only that is probed
 * @back: the hop of its return, or JOURNEY_NO_HOP
 * @from_ns: when it was entered
 * @parent: who called it, or NO_CALL
 * @first: the first call that it made, or NO_CALL
 * @last: the last
 * @next: the next that its parent made; of two that have none, the next by time
 * @depth: how many are between it and the first on its stack
 */
struct call {
	uint32_t hop;
	uint32_t back;
	uint64_t from_ns;
	uint32_t parent;
	uint32_t first;
	uint32_t last;
	uint32_t next;
	unsigned int depth;
};

/**
 * struct stack - one with calls that have not returned
 * @of: a hop on it
 * @open: outermost first
 * @nr: how many
 * @used: when it was used last
 */
struct stack {
	const struct skbtrace_record *of;
	uint32_t open[CALLS_MAX];
	unsigned int nr;
	uint64_t used;
};

/**
 * struct tree - the calls of a journey
 * @show: how to show them
 * @journey: the journey
 * @verdict: what became of its payload
 * @calls: all of them, by the time when they were entered
 * @nr: how many
 * @roots: the first that nobody is known to have called, and the last
 * @stacks: those in use
 * @nr_stacks: how many
 * @column: where what is behind the functions begins
 * @branches: the packet went more ways than one: each hop says on which it is
 */
struct tree {
	struct show *show;
	const struct journey *journey;
	const struct verdict *verdict;
	struct call *calls;
	uint32_t nr;
	struct {
		uint32_t first, last;
	} roots;
	struct stack stacks[STACKS_MAX];
	unsigned int nr_stacks;
	int column;
	bool branches;
};

static const struct skbtrace_record *record_of(const struct tree *tree, uint32_t call)
{
	return &tree->journey->hops[tree->calls[call].hop].record;
}

static bool is_return(const struct skbtrace_record *record)
{
	return point_of(record->point)->kind == POINT_RETURN;
}

/* Is it the stack of the same task, or of the same interrupts on that CPU? */
static bool is_same_stack(const struct skbtrace_record *a, const struct skbtrace_record *b)
{
	uint64_t between = a->sp > b->sp ? a->sp - b->sp : b->sp - a->sp;

	return a->cpu == b->cpu && a->context == b->context && between < STACK_SIZE &&
	       (!text_is_task(a) || a->pid == b->pid);
}

/* The call that a return is of, if it has a hop as well. */
static uint32_t entry_of(const struct tree *tree, const struct skbtrace_record *record)
{
	uint32_t i, least = tree->nr > RETURN_HOPS ? tree->nr - RETURN_HOPS : 0;

	for (i = tree->nr; i-- > least;) {
		const struct skbtrace_record *entry = record_of(tree, i);

		if (tree->calls[i].back == JOURNEY_NO_HOP && !is_return(entry) &&
		    entry->sp == record->sp && is_same_stack(entry, record) &&
		    point_of(entry->point)->symbol == point_of(record->point)->symbol)
			return i;
	}
	return NO_CALL;
}

/* Each hop is a call, but for returns of those that are one already. */
static void find_calls(struct tree *tree)
{
	const struct journey *journey = tree->journey;
	uint32_t i, entry;

	for (i = 0; i < journey->nr_hops; i++) {
		const struct skbtrace_record *record = &journey->hops[i].record;
		struct call *call = &tree->calls[tree->nr];

		if (!filter_point(tree->show->filter, record))
			continue;
		entry = is_return(record) ? entry_of(tree, record) : NO_CALL;
		if (entry != NO_CALL) {
			tree->calls[entry].back = i;
			continue;
		}
		*call = (struct call){
			.hop = i, .back = is_return(record) ? i : JOURNEY_NO_HOP,
			.from_ns = record->ts_ns, .parent = NO_CALL, .first = NO_CALL,
			.last = NO_CALL, .next = NO_CALL,
		};
		if (is_return(record))
			call->from_ns -= record->duration_ns;
		tree->nr++;
	}
}

static int compare(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->hop < y->hop ? -1 : x->hop > y->hop;
}

static struct stack *stack_of(struct tree *tree, const struct skbtrace_record *record,
			      uint64_t used)
{
	struct stack *oldest = &tree->stacks[0];
	unsigned int i;

	for (i = 0; i < tree->nr_stacks; i++) {
		if (is_same_stack(tree->stacks[i].of, record)) {
			tree->stacks[i].used = used;
			return &tree->stacks[i];
		}
		if (tree->stacks[i].used < oldest->used)
			oldest = &tree->stacks[i];
	}
	if (tree->nr_stacks < STACKS_MAX)
		oldest = &tree->stacks[tree->nr_stacks++];
	oldest->of = record;
	oldest->nr = 0;
	oldest->used = used;
	return oldest;
}

/* Is a function among those that called a hop, as its stack says? */
static bool is_in_stack(struct tree *tree, const struct point *point,
			const struct skbtrace_record *record)
{
	const char *frame = names_stack(tree->show->names, record->stack_id);
	size_t len = strlen(point->symbol);

	for (; frame && *frame; frame += *frame == ';') {
		if (!strncmp(frame, point->symbol, len) && strchr("+.; ", frame[len]))
			return true;
		frame += strcspn(frame, ";");
	}
	return false;
}

/* As its return says; what it had called then has, too. */
static bool is_back(const struct tree *tree, uint32_t call, uint64_t now)
{
	const struct call *open = &tree->calls[call];

	return open->back != JOURNEY_NO_HOP &&
	       tree->journey->hops[open->back].record.ts_ns < now;
}

static bool is_one_of(const struct point *point, const char * const *symbols)
{
	for (; *symbols; symbols++)
		if (!strcmp(point->symbol, *symbols))
			return true;
	return false;
}

/*
 * Does a function call others that are probed?  Not those where a packet ends, nor those
 * that make, cut, merge and free skbs; but these may call each other, and be called there.
 * What GRO has taken goes on in lists, when it is not in the call any more.
 */
static bool hands_on(const struct point *point)
{
	static const char * const leaves[] = {
		"ip_rcv_core", "ip6_rcv_core", "enqueue_to_backlog", "napi_gro_receive",
		"gro_receive_skb", NULL
	};

	if (is_one_of(point, leaves))
		return false;
	switch (point->role) {
	case ROLE_DELIVER:
	case ROLE_CLONE:
	case ROLE_SEGMENTS:
	case ROLE_MERGE:
	case ROLE_CLONED:
	case ROLE_DROP:
	case ROLE_FREE:
		return false;
	default:
		return true;
	}
}

static bool is_skbs_own(const struct point *point)
{
	return !strcmp(point->group, "clone") || !strcmp(point->group, "free");
}

/*
 * Which calls there are not, whatever is deeper: a packet is received by who polls its
 * device, or by a bridge that it is for; and those that come in lists pass ip_rcv_core()
 * when __netif_receive_skb_core() has had all of them.
 */
static bool never_calls(const struct point *caller, const struct point *called)
{
	static const char * const receivers[] = {
		"__netif_receive_skb_core", "napi_gro_receive", "gro_receive_skb", NULL
	};
	static const char * const bridges[] = { "br_pass_frame_up", "br_netif_receive_skb", NULL };
	static const char * const checks[] = { "ip_rcv_core", "ip6_rcv_core", NULL };

	return (!hands_on(caller) && !is_skbs_own(called)) ||
	       (is_one_of(called, receivers) && !is_one_of(caller, bridges)) ||
	       (is_one_of(called, checks) && is_one_of(caller, receivers));
}

/* Where the stack was recorded it says so; else what functions are known to do. */
static bool cannot_have_called(struct tree *tree, uint32_t call,
			       const struct skbtrace_record *record)
{
	const struct skbtrace_record *caller = record_of(tree, call);

	if (caller->sp <= record->sp)
		return true;
	if (names_stack(tree->show->names, record->stack_id))
		return !is_in_stack(tree, point_of(caller->point), record);
	return never_calls(point_of(caller->point), point_of(record->point));
}

/* Take away what cannot have called a hop. */
static void close_calls(struct tree *tree, struct stack *stack,
			const struct skbtrace_record *record, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < stack->nr; i++)
		if (is_back(tree, stack->open[i], now))
			stack->nr = i;
	while (stack->nr && cannot_have_called(tree, stack->open[stack->nr - 1], record))
		stack->nr--;
	if (stack->nr == CALLS_MAX)
		stack->nr = 0;
}

static void append(struct tree *tree, uint32_t *first, uint32_t *last, uint32_t call)
{
	if (*first == NO_CALL)
		*first = call;
	else
		tree->calls[*last].next = call;
	*last = call;
}

static void find_callers(struct tree *tree)
{
	uint32_t i;

	for (i = 0; i < tree->nr; i++) {
		const struct skbtrace_record *record = record_of(tree, i);
		struct stack *stack = stack_of(tree, record, i);
		struct call *call = &tree->calls[i];
		struct call *parent;

		close_calls(tree, stack, record, call->from_ns);
		if (stack->nr) {
			call->parent = stack->open[stack->nr - 1];
			parent = &tree->calls[call->parent];
			call->depth = parent->depth + 1;
			append(tree, &parent->first, &parent->last, i);
		} else {
			append(tree, &tree->roots.first, &tree->roots.last, i);
		}
		stack->open[stack->nr++] = i;
	}
}

static int columns_of(const struct tree *tree, uint32_t call)
{
	return (int)tree->calls[call].depth * INDENT +
	       text_width(point_of(record_of(tree, call)->point)->symbol) + 5;
}

static void put_duration(FILE *out, bool known, uint64_t ns)
{
	if (known)
		fprintf(out, "%10.1f µs | ", ns / 1e3);
	else
		fprintf(out, "%13s | ", "");
}

static void put_call(struct tree *tree, uint32_t n, const struct skbtrace_record **above)
{
	char device[TEXT_DEVICE_LEN], netns[TEXT_NETNS_LEN];
	const struct call *call = &tree->calls[n];
	const struct skbtrace_record *record = record_of(tree, n);
	bool has_calls = call->first != NO_CALL;
	struct show *show = tree->show;
	FILE *out = show->out;

	fprintf(out, "%12.1f µs ",
		(double)(int64_t)(call->from_ns - tree->journey->first_ns) / 1e3);
	put_duration(out, !has_calls && call->back != JOURNEY_NO_HOP,
		     call->back == JOURNEY_NO_HOP ? 0 :
		     tree->journey->hops[call->back].record.duration_ns);
	fprintf(out, "%*s%s()%s%*s", (int)call->depth * INDENT, "",
		point_of(record->point)->symbol, has_calls ? " {" : ";",
		tree->column - columns_of(tree, n) + !has_calls, "");
	if (tree->branches)
		fprintf(out, "[%" PRIu32 "] ", tree->journey->hops[call->hop].life->number);
	fprintf(out, "%s  ", text_device(record, device));
	text_netns(show, record, netns);
	if (*netns && (!*above || (*above)->netns != record->netns))
		fprintf(out, "%s  ", netns);
	if (!has_calls || !is_return(record))
		text_hop_news(show, record, show->width ? *above : NULL);
	text_hop_notes(show, tree->journey, tree->verdict, call->hop);
	if (!has_calls && call->back != call->hop && call->back != JOURNEY_NO_HOP) {
		fputs(", ", out);
		text_hop_what(show, &tree->journey->hops[call->back].record);
	}
	putc('\n', out);
	if (show->stacks)
		text_stack(show, record, "                                  ");
	if (record->payload != SKBTRACE_PAYLOAD_NONE)
		*above = record;
}

static void put_brace(struct tree *tree, uint32_t n)
{
	const struct call *call = &tree->calls[n];
	const struct skbtrace_record *back = NULL;
	FILE *out = tree->show->out;

	if (call->back != JOURNEY_NO_HOP)
		back = &tree->journey->hops[call->back].record;
	fprintf(out, "%16s", "");
	put_duration(out, back, back ? back->duration_ns : 0);
	fprintf(out, "%*s}", (int)call->depth * INDENT, "");
	if (back) {
		fprintf(out, " /* %s ", point_of(back->point)->symbol);
		text_hop_what(tree->show, back);
		fputs(" */", out);
	}
	putc('\n', out);
}

/* What ran there, before the first of its calls. */
static void put_stack_of(struct tree *tree, uint32_t root)
{
	const struct skbtrace_record *record = record_of(tree, root);
	struct show *show = tree->show;

	fprintf(show->out, "   %scpu%u, %s", text_color(show, DIM), record->cpu,
		show_context(record));
	if (text_is_task(record)) {
		putc(' ', show->out);
		text_process(show->out, record);
	}
	fprintf(show->out, ":%s\n", text_color(show, RESET));
}

/* Down to the first that it called, else on to the next, else out of its callers. */
static void put_calls(struct tree *tree, uint32_t root, const struct skbtrace_record **above)
{
	uint32_t n = root;

	for (;;) {
		put_call(tree, n, above);
		if (tree->calls[n].first != NO_CALL) {
			n = tree->calls[n].first;
			continue;
		}
		while (n != root && tree->calls[n].next == NO_CALL) {
			n = tree->calls[n].parent;
			put_brace(tree, n);
		}
		if (n == root)
			return;
		n = tree->calls[n].next;
	}
}

static void put_tree(struct tree *tree)
{
	const struct skbtrace_record *above = NULL, *record, *last = NULL;
	uint32_t i;

	for (i = 0; i < tree->nr; i++)
		if (columns_of(tree, i) > tree->column)
			tree->column = columns_of(tree, i);
	for (i = tree->roots.first; i != NO_CALL; i = tree->calls[i].next) {
		record = record_of(tree, i);
		if (!last || !is_same_stack(last, record))
			put_stack_of(tree, i);
		put_calls(tree, i, &above);
		last = record;
	}
}

/**
 * show_tree() - print the hops of a journey by who called whom
 * @show: how
 * @journey: the journey
 * @verdict: what became of its payload
 */
void show_tree(struct show *show, const struct journey *journey, const struct verdict *verdict)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree)
		tree->calls = calloc(journey->nr_hops, sizeof(*tree->calls));
	/* By time is better than not at all. */
	if (!tree || !tree->calls) {
		free(tree);
		text_hops(show, journey, verdict);
		return;
	}
	tree->show = show;
	tree->journey = journey;
	tree->verdict = verdict;
	tree->roots.first = tree->roots.last = NO_CALL;
	tree->branches = text_branches(journey);
	find_calls(tree);
	qsort(tree->calls, tree->nr, sizeof(*tree->calls), compare);
	find_callers(tree);
	put_tree(tree);
	free(tree->calls);
	free(tree);
}
