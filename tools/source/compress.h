/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compression by a library that is loaded when it is asked for: zstd's or zlib's, of
 * which every distribution has one.
 */
#ifndef SKBTRACE_TOOLS_COMPRESS_H
#define SKBTRACE_TOOLS_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* The numbers are those of the saved format, see struct file_packed. */
enum compression {
	COMPRESS_NONE,
	COMPRESS_ZSTD,
	COMPRESS_ZLIB,
};

struct compressor;

struct compressor *compressor_open(enum compression compression, struct error *error);
struct compressor *compressor_open_best(struct error *error);
void compressor_close(struct compressor *compressor);
enum compression compressor_is(const struct compressor *compressor);
size_t compressor_room(const struct compressor *compressor, size_t len);
size_t compress_bytes(struct compressor *compressor, void *to, size_t room, const void *from,
		      size_t len);
int uncompress_bytes(struct compressor *compressor, void *to, size_t len, const void *from,
		     size_t packed_len);

#endif /* SKBTRACE_TOOLS_COMPRESS_H */
