/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CRC-32C (RFC 3720, appendix B.4) that a probe handler may compute.
 *
 * The kernel's crc32c() may want the FPU or a module that plain insmod does
 * not load, so the instruction is used here, on general registers.
 */
#ifndef SKBTRACE_CRC32C_H
#define SKBTRACE_CRC32C_H

#include <linux/types.h>

#include "compat.h"

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>

static inline u32 crc32c_instruction(u32 crc32, const u8 *p, size_t len)
{
	u64 crc = crc32;

	for (; len >= 8; len -= 8, p += 8)
		asm("crc32q %1, %0" : "+r" (crc) : "rm" (*(const u64 *)p));
	crc32 = crc;
	for (; len; len--, p++)
		asm("crc32b %1, %0" : "+r" (crc32) : "rm" (*p));
	return crc32;
}
#endif

/**
 * crc32c_update() - go on with a CRC-32C
 * @crc: what was returned for the bytes before, ~0 at the beginning; the CRC
 *	is the complement of what is returned for the last
 * @p: the bytes
 * @len: how many
 *
 * Context: any.
 */
static inline u32 crc32c_update(u32 crc, const void *p, size_t len)
{
#ifdef CONFIG_X86_64
	if (boot_cpu_has(X86_FEATURE_XMM4_2))
		return crc32c_instruction(crc, p, len);
#endif
	return kernel_crc32c(crc, p, len);
}

#endif /* SKBTRACE_CRC32C_H */
