/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records that prove by their content that they are whole.
 *
 * All words of a record are a function of its index, its timestamp and a
 * number that no other record has, and the last word is a checksum of the
 * others.  A record made of two, or read before it was finished, does not
 * add up.
 *
 * Include it after ring.h; RECORD_STORE(p, v) is how a word is stored.
 */
#ifndef SELFTESTS_RING_RECORD_H
#define SELFTESTS_RING_RECORD_H

#define WORD_INDEX	0
#define WORD_TS		1
#define WORD_SERIAL	2
#define WORD_SUM	(RING_WORDS - 1)

static inline __u64 record_mix(__u64 x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ULL;
	return x ^ (x >> 29);
}

static inline __u64 record_word(__u64 serial, unsigned int word)
{
	return record_mix(serial * RING_WORDS + word + 1);
}

/* What the last word is to be.  A word in the wrong place changes it too. */
static inline __u64 record_sum(__u64 index, __u64 ts, __u64 serial)
{
	__u64 sum = record_mix(index);
	unsigned int i;

	sum = record_mix(sum ^ ts);
	sum = record_mix(sum ^ serial);
	for (i = WORD_SERIAL + 1; i < WORD_SUM; i++)
		sum = record_mix(sum ^ record_word(serial, i));
	return sum;
}

/**
 * record_fill() - what a caller of ring_claim() does to the slot
 * @slot: the slot
 * @serial: a number no other record has
 *
 * The checksum is stored last: a slot without it was not finished.
 */
static inline void record_fill(struct skbtrace_record *slot, __u64 serial)
{
	__u64 *word = (__u64 *)slot;
	unsigned int i;

	RECORD_STORE(&word[WORD_SERIAL], serial);
	for (i = WORD_SERIAL + 1; i < WORD_SUM; i++)
		RECORD_STORE(&word[i], record_word(serial, i));
	RECORD_STORE(&word[WORD_SUM], record_sum(slot->index, slot->ts_ns, serial));
}

/* The record, as ring_read() delivered it, is whole. */
static inline int record_whole(const struct skbtrace_record *record)
{
	const __u64 *word = (const __u64 *)record;
	unsigned int i;

	for (i = WORD_SERIAL + 1; i < WORD_SUM; i++)
		if (word[i] != record_word(word[WORD_SERIAL], i))
			return 0;
	return word[WORD_SUM] == record_sum(word[WORD_INDEX], word[WORD_TS], word[WORD_SERIAL]);
}

static inline __u64 record_serial(const struct skbtrace_record *record)
{
	return ((const __u64 *)record)[WORD_SERIAL];
}

#endif /* SELFTESTS_RING_RECORD_H */
