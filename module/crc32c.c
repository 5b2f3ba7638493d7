// SPDX-License-Identifier: GPL-2.0
/* The tables of the CRC.  How they are used is in include/skbtrace/crc32c.h. */
#include <linux/cache.h>
#include <linux/init.h>

#include "crc32c.h"

#ifdef CONFIG_X86_64
struct crc32c_shifts crc32c_shifts __read_mostly;
#endif

/**
 * crc32c_init() - make the tables, before the first crc32c_update()
 *
 * Context: any.
 */
void __init crc32c_init(void)
{
#ifdef CONFIG_X86_64
	crc32c_shifts_init(&crc32c_shifts);
#endif
}
