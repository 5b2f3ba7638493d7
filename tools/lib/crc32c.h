/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_CRC32C_H
#define SKBTRACE_TOOLS_CRC32C_H

#include <stdint.h>

uint32_t crc32c_combine(uint32_t first, uint32_t second, uint32_t second_len);
uint32_t crc32c_of_zeros(uint32_t len);

#endif /* SKBTRACE_TOOLS_CRC32C_H */
