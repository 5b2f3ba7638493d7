// SPDX-License-Identifier: GPL-2.0
/* Two looks at the same bytes of a stream, compared. */
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/crc32c.h"
#include "pair.h"

/* The other look has gone on for so long: what it does not have by now it never will. */
#define GONE_ON_NS	(2 * NSEC_PER_SEC)

/* Nothing came of it for so long. */
#define GIVEN_UP_NS	(60 * NSEC_PER_SEC)

static struct piece *piece_at(const struct pieces *look, uint32_t n)
{
	return &look->piece[look->first + n];
}

static int make_room(struct pieces *look)
{
	uint32_t room = look->room ? 2 * look->room : 16;
	struct piece *more;

	if (look->first + look->nr < look->room)
		return 0;
	if (look->first >= look->room / 2 && look->first) {
		memmove(look->piece, look->piece + look->first, look->nr * sizeof(*more));
		look->first = 0;
		return 0;
	}
	more = realloc(look->piece, room * sizeof(*more));
	if (!more)
		return -1;
	look->piece = more;
	look->room = room;
	return 0;
}

/*
 * Bytes that a look has already, or some of them, once more.  If they are other bytes it
 * is not known which of them went on.
 */
static void add_again(struct pieces *pieces, uint32_t first, uint32_t end,
		      const struct piece *piece)
{
	uint64_t to = piece_at(pieces, first)->from;
	uint32_t crc = 0, n;

	for (n = first; n < end && piece_at(pieces, n)->from == to; n++) {
		to = piece_at(pieces, n)->to;
		crc = crc32c_combine(crc, piece_at(pieces, n)->crc, to - piece_at(pieces, n)->from);
	}
	if (n != end || piece_at(pieces, first)->from != piece->from || to != piece->to ||
	    crc == piece->crc)
		return;
	for (n = first; n < end; n++)
		piece_at(pieces, n)->doubt = DOUBT_TWICE;
}

/**
 * pair_add() - what a look says of some bytes
 * @pair: the pair
 * @look: which look, 0 or 1
 * @piece: the bytes and their CRC
 *
 * Return: 1, 0 if the look has some of the bytes already, or -1 without memory.
 */
int pair_add(struct pair *pair, unsigned int look, const struct piece *piece)
{
	struct pieces *pieces = &pair->look[look];
	uint32_t n, first;

	if (piece->from >= piece->to || piece->from < pair->done)
		return 0;
	/* Mostly it goes to the end. */
	n = pieces->nr;
	while (n && piece_at(pieces, n - 1)->from >= piece->to)
		n--;
	for (first = n; first && piece_at(pieces, first - 1)->to > piece->from;)
		first--;
	if (first < n) {
		add_again(pieces, first, n, piece);
		/* What was gone through may not be as it was. */
		memset(pair->run, 0, sizeof(pair->run));
		return 0;
	}
	if (make_room(pieces))
		return -1;
	memmove(piece_at(pieces, n + 1), piece_at(pieces, n), (pieces->nr - n) * sizeof(*piece));
	*piece_at(pieces, n) = *piece;
	pieces->nr++;
	return 1;
}

/**
 * pair_remove() - a look was mistaken
 * @pair: the pair
 * @look: which look, 0 or 1
 * @from: where the first piece begins
 * @to: where the last one ends
 * @ts_ns: when they were seen
 *
 * What is judged stays so.
 */
void pair_remove(struct pair *pair, unsigned int look, uint64_t from, uint64_t to, uint64_t ts_ns)
{
	struct pieces *pieces = &pair->look[look];
	uint32_t n, nr = 0;

	for (n = 0; n < pieces->nr; n++) {
		const struct piece *piece = piece_at(pieces, n);

		if (piece->from >= from && piece->to <= to && piece->witness.ts_ns == ts_ns)
			continue;
		if (nr != n)
			*piece_at(pieces, nr) = *piece;
		nr++;
	}
	if (nr == pieces->nr)
		return;
	pieces->nr = nr;
	memset(pair->run, 0, sizeof(pair->run));
}

static void drop(struct pair *pair, unsigned int look, uint32_t n)
{
	struct pieces *pieces = &pair->look[look];

	pieces->first += n;
	pieces->nr -= n;
	if (!pieces->nr)
		pieces->first = 0;
	memset(pair->run, 0, sizeof(pair->run));
}

/* Take the next piece of a look, if it follows. */
static bool go_on(struct pair *pair, unsigned int look)
{
	const struct pieces *pieces = &pair->look[look];
	struct pair_run *run = &pair->run[look];
	const struct piece *piece;

	if (run->n == pieces->nr)
		return false;
	piece = piece_at(pieces, run->n);
	if (run->n && piece->from != run->to)
		return false;
	run->crc = crc32c_combine(run->crc, piece->crc, piece->to - piece->from);
	run->to = piece->to;
	run->is_late |= piece->is_late;
	if (!run->doubt)
		run->doubt = piece->doubt;
	run->n++;
	return true;
}

/* The look whose run ends first. */
static unsigned int shorter(const struct pair *pair)
{
	return pair->run[1].to < pair->run[0].to;
}

/*
 * Judge from a cut that both have to the next one.  What was gone through stays so if
 * there is none yet.  Return: false in that case.
 */
static bool compare(struct pair *pair, pair_judged judged, void *context)
{
	struct pair_run *a = &pair->run[0], *b = &pair->run[1];
	struct span_result span = {
		.from = piece_at(&pair->look[0], 0)->from,
		.before = piece_at(&pair->look[0], 0),
		.after = piece_at(&pair->look[1], 0),
	};
	uint32_t nr_a, nr_b;

	if (!a->n) {
		go_on(pair, 0);
		go_on(pair, 1);
	}
	while (a->to != b->to)
		if (!go_on(pair, shorter(pair)))
			return false;
	span.to = a->to;
	span.is_late = a->is_late || b->is_late;
	span.doubt = a->doubt ? a->doubt : b->doubt;
	span.result = span.doubt ? PAIR_UNKNOWN :
		      a->crc == b->crc ? PAIR_SAME : PAIR_DIFFERS;
	pair->done = span.to;
	judged(context, pair, &span);
	nr_a = a->n;
	nr_b = b->n;
	drop(pair, 0, nr_a);
	drop(pair, 1, nr_b);
	return true;
}

static bool is_full(const struct pair *pair)
{
	return pair->look[0].nr > PAIR_PIECES_MAX || pair->look[1].nr > PAIR_PIECES_MAX;
}

/*
 * A piece waits for what a look shall have behind its first @n pieces: will that come?
 * What the look has there instead says since when it is beyond.
 */
static bool will_not_come(const struct pair *pair, unsigned int look, uint32_t n,
			  const struct piece *waiting, uint64_t now_ns)
{
	const struct pieces *pieces = &pair->look[look];
	uint64_t since = waiting->witness.ts_ns;

	if (is_full(pair) || now_ns > since + GIVEN_UP_NS)
		return true;
	if (n == pieces->nr)
		return false;
	if (piece_at(pieces, n)->witness.ts_ns > since)
		since = piece_at(pieces, n)->witness.ts_ns;
	return now_ns > since + GONE_ON_NS;
}

/* Has the other look bytes of a piece that it is given up for? */
static bool is_crossed(const struct pair *pair, unsigned int look, const struct span_result *span)
{
	const struct pieces *other = &pair->look[!look];

	return other->nr && piece_at(other, 0)->from < span->to &&
	       piece_at(other, 0)->to > span->from;
}

/* The first piece of a look is compared with nothing. */
static void give_up(struct pair *pair, unsigned int look, pair_judged judged, void *context)
{
	struct pieces *pieces = &pair->look[look];
	const struct piece *piece = piece_at(pieces, 0);
	struct span_result span = {
		.from = piece->from > pair->done ? piece->from : pair->done,
		.to = piece->to,
		.result = PAIR_MISSING,
	};

	if (look)
		span.after = piece;
	else
		span.before = piece;
	if (is_crossed(pair, look, &span))
		span.doubt = DOUBT_CUTS;
	if (span.to > span.from) {
		pair->done = span.to;
		judged(context, pair, &span);
	}
	drop(pair, look, 1);
}

/* What begins before what is judged has no cut in common any more. */
static bool has_passed(const struct pair *pair, unsigned int look)
{
	return pair->look[look].nr && piece_at(&pair->look[look], 0)->from < pair->done;
}

/**
 * pair_judge() - compare what can be compared by now
 * @pair: the pair
 * @now_ns: the time of the latest record
 * @is_end: nothing else will come
 * @judged: is called with each span, in order
 * @context: its
 */
void pair_judge(struct pair *pair, uint64_t now_ns, bool is_end, pair_judged judged, void *context)
{
	struct pieces *a = &pair->look[0], *b = &pair->look[1];

	while (a->nr || b->nr) {
		unsigned int first;

		if (has_passed(pair, 0) || has_passed(pair, 1)) {
			first = !has_passed(pair, 0);
		} else if (a->nr && b->nr && piece_at(a, 0)->from == piece_at(b, 0)->from) {
			if (compare(pair, judged, context))
				continue;
			first = !shorter(pair);
			if (!is_end && !will_not_come(pair, !first, pair->run[!first].n,
						      piece_at(&pair->look[first], 0), now_ns))
				return;
		} else {
			first = !a->nr || (b->nr && piece_at(b, 0)->from < piece_at(a, 0)->from);
			if (!is_end && !will_not_come(pair, !first, 0,
						      piece_at(&pair->look[first], 0), now_ns))
				return;
		}
		give_up(pair, first, judged, context);
	}
}

/**
 * pair_free() - forget all pieces
 * @pair: the pair
 */
void pair_free(struct pair *pair)
{
	free(pair->look[0].piece);
	free(pair->look[1].piece);
	memset(pair, 0, sizeof(*pair));
}
