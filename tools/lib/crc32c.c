// SPDX-License-Identifier: GPL-2.0
/* CRC32C (RFC 3720, appendix B.4) of two stretches of bytes from those of each. */
#include <skbtrace/crc32c.h>

#include "crc32c.h"

/**
 * crc32c_combine() - CRC32C of bytes that stand one after the other
 * @first: CRC32C of the first bytes
 * @second: CRC32C of those that follow
 * @second_len: how many follow
 *
 * What begins and ends a CRC (inversion) cancels out.
 */
uint32_t crc32c_combine(uint32_t first, uint32_t second, uint32_t second_len)
{
	return crc32c_append_zeros(first, second_len) ^ second;
}

/**
 * crc32c_of_zeros() - CRC32C of bytes that are all 0
 * @len: how many
 */
uint32_t crc32c_of_zeros(uint32_t len)
{
	return ~crc32c_append_zeros(~0u, len);
}
