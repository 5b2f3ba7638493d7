/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CRC-32C (RFC 3720, appendix B.4) that a probe handler may compute.
 *
 * The kernel's crc32c() may want the FPU or a module that plain insmod does
 * not load, so the instruction is used here, on general registers.
 */
#ifndef SKBTRACE_MODULE_CRC32C_H
#define SKBTRACE_MODULE_CRC32C_H

#include <linux/types.h>
#include <skbtrace/crc32c.h>

#include "compat.h"

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>

extern struct crc32c_shifts crc32c_shifts;
#endif

void crc32c_init(void);

/**
 * crc32c_update() - go on with a CRC-32C
 * @crc: what was returned for the bytes before, ~0 at the beginning; the CRC
 *	is the complement of what is returned for the last
 * @p: the bytes
 * @len: how many
 *
 * Context: any, after crc32c_init().
 */
static inline u32 crc32c_update(u32 crc, const void *p, size_t len)
{
#ifdef CONFIG_X86_64
	if (boot_cpu_has(X86_FEATURE_XMM4_2))
		return crc32c_by_instruction(&crc32c_shifts, crc, p, len);
#endif
	return kernel_crc32c(crc, p, len);
}

#endif /* SKBTRACE_MODULE_CRC32C_H */
