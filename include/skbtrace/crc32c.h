/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * CRC-32C (RFC 3720, appendix B.4): put together from parts, and computed with
 * the instruction of x86 on general registers only.
 *
 * A CRC is a polynomial over GF(2) modulo the generator, here with its bits
 * reversed: bit 31 is x^0.  To put bytes behind others is to multiply what
 * stands for the latter by x^8 for each byte.
 *
 * The instruction takes 3 cycles, but one can begin in each: so three stretches
 * of the bytes are gone through side by side, and their CRCs put together.
 *
 * No kernel function is used here: module and reader include this, and
 * selftests/tools compares it with a CRC computed bit by bit.
 */
#ifndef SKBTRACE_CRC32C_H
#define SKBTRACE_CRC32C_H

#include <linux/types.h>

#define CRC32C_GENERATOR	0x82f63b78u
#define CRC32C_X_TO_0		0x80000000u
#define CRC32C_X_TO_8		0x00800000u

static inline __u32 crc32c_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

	for (; a; a <<= 1) {
		if (a & CRC32C_X_TO_0)
			product ^= b;
		b = b & 1 ? b >> 1 ^ CRC32C_GENERATOR : b >> 1;
	}
	return product;
}

/**
 * crc32c_append_zeros() - what becomes of a CRC when bytes of zeros follow
 * @crc: the CRC, not complemented
 * @len: how many
 */
static inline __u32 crc32c_append_zeros(__u32 crc, __u32 len)
{
	__u32 power = CRC32C_X_TO_8;

	for (; len; len >>= 1) {
		if (len & 1)
			crc = crc32c_multiply(power, crc);
		power = crc32c_multiply(power, power);
	}
	return crc;
}

#ifdef __x86_64__
/**
 * struct crc32c_shift - crc32c_append_zeros() for one length, by table
 * @len: the length, bytes; a multiple of CRC32C_ROUND
 * @by: what comes of each value of each 4 bits of a CRC.  Tables for 8 bits
 *	would take half the steps, but 4 KiB of a cache that is the traced
 *	host's.
 */
struct crc32c_shift {
	__u32 len;
	__u32 by[8][16];
};

/*
 * Lengths of a stretch, each for three side by side, the longest first: a page,
 * the payload of an Ethernet frame less what tunnels take, and what is just
 * worth the two shifts.
 */
#define CRC32C_SHIFTS		3
#define CRC32C_SHIFT_LENS	{ 1344, 448, 168 }
#define CRC32C_LONG		(3 * 168)
#define CRC32C_ROUND		56	/* divides all of them */

/**
 * struct crc32c_shifts - the tables
 * @shift: one for each of CRC32C_SHIFT_LENS
 */
struct crc32c_shifts {
	struct crc32c_shift shift[CRC32C_SHIFTS];
};

/**
 * crc32c_shifts_init() - make the tables
 * @shifts: the tables
 */
static inline void crc32c_shifts_init(struct crc32c_shifts *shifts)
{
	static const __u32 lens[CRC32C_SHIFTS] = CRC32C_SHIFT_LENS;
	struct crc32c_shift *shift = shifts->shift;
	unsigned int i, nibble, value;

	for (i = 0; i < CRC32C_SHIFTS; i++, shift++) {
		shift->len = lens[i];
		for (nibble = 0; nibble < 8; nibble++)
			for (value = 0; value < 16; value++)
				shift->by[nibble][value] =
					crc32c_append_zeros(value << 4 * nibble,
							    lens[i]);
	}
}

static inline __u32 crc32c_shifted(const struct crc32c_shift *shift, __u32 crc)
{
	return shift->by[0][crc & 15] ^
	       shift->by[1][crc >> 4 & 15] ^
	       shift->by[2][crc >> 8 & 15] ^
	       shift->by[3][crc >> 12 & 15] ^
	       shift->by[4][crc >> 16 & 15] ^
	       shift->by[5][crc >> 20 & 15] ^
	       shift->by[6][crc >> 24 & 15] ^
	       shift->by[7][crc >> 28];
}

/*
 * Arrays of bytes, because payloads begin anywhere; of memory, because left to
 * itself the compiler may load first, one more instruction.
 */
#define CRC32C_64(crc, p) \
	__asm__("crc32q %1, %0" : "+r" (crc) : "m" (*(const __u8 (*)[8])(p)))
#define CRC32C_32(crc, p) \
	__asm__("crc32l %1, %0" : "+r" (crc) : "m" (*(const __u8 (*)[4])(p)))
#define CRC32C_16(crc, p) \
	__asm__("crc32w %1, %0" : "+r" (crc) : "m" (*(const __u8 (*)[2])(p)))
#define CRC32C_8(crc, p) \
	__asm__("crc32b %1, %0" : "+r" (crc) : "m" (*(const __u8 *)(p)))

/* One stretch. */
static inline __u32 crc32c_one(__u32 crc32, const __u8 *p, __u64 len)
{
	__u64 crc = crc32;

	for (; len >= 32; len -= 32, p += 32) {
		CRC32C_64(crc, p);
		CRC32C_64(crc, p + 8);
		CRC32C_64(crc, p + 16);
		CRC32C_64(crc, p + 24);
	}
	if (len & 16) {
		CRC32C_64(crc, p);
		CRC32C_64(crc, p + 8);
		p += 16;
	}
	if (len & 8) {
		CRC32C_64(crc, p);
		p += 8;
	}
	crc32 = crc;
	if (len & 4) {
		CRC32C_32(crc32, p);
		p += 4;
	}
	if (len & 2) {
		CRC32C_16(crc32, p);
		p += 2;
	}
	if (len & 1)
		CRC32C_8(crc32, p);
	return crc32;
}

/* The next 8 bytes of each of three stretches. */
#define CRC32C_3X64(a, b, c, p, len) do {		\
	CRC32C_64(a, p);				\
	CRC32C_64(b, (p) + (len));			\
	CRC32C_64(c, (p) + 2 * (len));			\
} while (0)

/* Three stretches of @shift->len bytes. */
static inline __u32 crc32c_three(const struct crc32c_shift *shift, __u32 crc,
				 const __u8 *p)
{
	const __u64 len = shift->len;
	const __u8 *end = p + len;
	__u64 a = crc, b = 0, c = 0;

	do {
		CRC32C_3X64(a, b, c, p, len);
		CRC32C_3X64(a, b, c, p + 8, len);
		CRC32C_3X64(a, b, c, p + 16, len);
		CRC32C_3X64(a, b, c, p + 24, len);
		CRC32C_3X64(a, b, c, p + 32, len);
		CRC32C_3X64(a, b, c, p + 40, len);
		CRC32C_3X64(a, b, c, p + 48, len);
		p += CRC32C_ROUND;
	} while (p < end);
	return crc32c_shifted(shift, crc32c_shifted(shift, a) ^ b) ^ c;
}

/* Not inlined, so that short ones, which are, need few registers. */
#define CRC32C_FUNCTION	__attribute__((__noinline__, __unused__))

static CRC32C_FUNCTION __u32
crc32c_long(const struct crc32c_shift *shift, __u32 crc, const __u8 *p,
	    __u64 len)
{
	const struct crc32c_shift *end = shift + CRC32C_SHIFTS;

	for (; shift < end; shift++)
		for (; len >= 3 * shift->len; len -= 3 * shift->len) {
			crc = crc32c_three(shift, crc, p);
			p += 3 * shift->len;
		}
	return crc32c_one(crc, p, len);
}

/**
 * crc32c_by_instruction() - go on with a CRC-32C
 * @shifts: the tables
 * @crc: what was returned for the bytes before, ~0 at the beginning
 * @p: the bytes
 * @len: how many
 *
 * The CPU has SSE4.2.
 *
 * Return: the CRC, not complemented: what __crc32c_le() of the kernel returns.
 */
static inline __u32 crc32c_by_instruction(const struct crc32c_shifts *shifts,
					  __u32 crc, const __u8 *p, __u64 len)
{
	if (len >= CRC32C_LONG)
		return crc32c_long(shifts->shift, crc, p, len);
	return crc32c_one(crc, p, len);
}
#endif /* __x86_64__ */

#endif /* SKBTRACE_CRC32C_H */
