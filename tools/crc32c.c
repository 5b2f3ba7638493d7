/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CRC32C (RFC 3720, appendix B.4) of two stretches of bytes from those of each.
 *
 * A CRC is a polynomial over GF(2) modulo the generator, here with its bits
 * reversed: bit 31 is x^0.  To put bytes behind others is to multiply what
 * stands for the latter by x^8 for each byte; what begins and ends a CRC
 * (inversion) cancels out.
 */
#include "crc32c.h"

#define GENERATOR	0x82f63b78u
#define X_TO_0		0x80000000u
#define X_TO_8		0x00800000u

static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (; a; a <<= 1) {
		if (a & X_TO_0)
			product ^= b;
		b = b & 1 ? b >> 1 ^ GENERATOR : b >> 1;
	}
	return product;
}

/**
 * crc32c_combine() - CRC32C of bytes that stand one after the other
 * @first: CRC32C of the first bytes
 * @second: CRC32C of those that follow
 * @second_len: how many follow
 */
uint32_t crc32c_combine(uint32_t first, uint32_t second, uint32_t second_len)
{
	uint32_t power = X_TO_8;

	for (; second_len; second_len >>= 1) {
		if (second_len & 1)
			first = multiply(power, first);
		power = multiply(power, power);
	}
	return first ^ second;
}
