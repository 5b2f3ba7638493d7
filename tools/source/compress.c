// SPDX-License-Identifier: GPL-2.0
/*
 * zstd and zlib, loaded when somebody wants to write or read what is compressed: who does
 * not needs neither, neither to build nor to run.
 */
#include "compress.h"

#ifdef SKBTRACE_STATIC

/* A static program can load libraries only of the libc that it was built with. */
struct compressor *compressor_open(enum compression compression, struct error *error)
{
	(void)compression;
	error_set(error, "this is the static skbtrace, which cannot load a library to compress");
	return NULL;
}

struct compressor *compressor_open_best(struct error *error)
{
	return compressor_open(COMPRESS_ZSTD, error);
}

void compressor_close(struct compressor *compressor)
{
	(void)compressor;
}

enum compression compressor_is(const struct compressor *compressor)
{
	(void)compressor;
	return COMPRESS_NONE;
}

size_t compressor_room(const struct compressor *compressor, size_t len)
{
	(void)compressor;
	return len;
}

size_t compress_bytes(struct compressor *compressor, void *to, size_t room, const void *from,
		      size_t len)
{
	(void)compressor;
	(void)to;
	(void)room;
	(void)from;
	(void)len;
	return 0;
}

int uncompress_bytes(struct compressor *compressor, void *to, size_t len, const void *from,
		     size_t packed_len)
{
	(void)compressor;
	(void)to;
	(void)len;
	(void)from;
	(void)packed_len;
	return -1;
}

#else

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The fastest: records have much in common, more effort gains little. */
#define LEVEL	1

/* What zstd.h declares; the same since 1.0. */
struct zstd {
	void *(*new_context)(void);
	size_t (*free_context)(void *context);
	size_t (*compress)(void *context, void *to, size_t room, const void *from, size_t len,
			   int level);
	size_t (*decompress)(void *to, size_t room, const void *from, size_t len);
	size_t (*bound)(size_t len);
	unsigned int (*is_error)(size_t code);
};

/* What zlib.h declares; uLong is unsigned long. */
struct zlib {
	int (*compress)(unsigned char *to, unsigned long *to_len, const unsigned char *from,
			unsigned long len, int level);
	int (*uncompress)(unsigned char *to, unsigned long *to_len, const unsigned char *from,
			  unsigned long len);
	unsigned long (*bound)(unsigned long len);
};

/**
 * struct compressor - a library
 * @compression: which
 * @handle: dlopen()'s
 * @zstd: its functions, if it is that
 * @context: zstd's memory
 * @zlib: its functions, if it is that
 */
struct compressor {
	enum compression compression;
	void *handle;
	struct zstd zstd;
	void *context;
	struct zlib zlib;
};

static int find(const struct compressor *compressor, const char *name, void *function)
{
	void *symbol = dlsym(compressor->handle, name);

	/* ISO C knows no way from an object's pointer to a function's. */
	memcpy(function, &symbol, sizeof(symbol));
	return symbol ? 0 : -1;
}

static int find_zstd(struct compressor *compressor)
{
	struct zstd *zstd = &compressor->zstd;

	if (find(compressor, "ZSTD_createCCtx", &zstd->new_context) ||
	    find(compressor, "ZSTD_freeCCtx", &zstd->free_context) ||
	    find(compressor, "ZSTD_compressCCtx", &zstd->compress) ||
	    find(compressor, "ZSTD_decompress", &zstd->decompress) ||
	    find(compressor, "ZSTD_compressBound", &zstd->bound) ||
	    find(compressor, "ZSTD_isError", &zstd->is_error))
		return -1;
	compressor->context = zstd->new_context();
	return compressor->context ? 0 : -1;
}

static int find_zlib(struct compressor *compressor)
{
	struct zlib *zlib = &compressor->zlib;

	return find(compressor, "compress2", &zlib->compress) ||
	       find(compressor, "uncompress", &zlib->uncompress) ||
	       find(compressor, "compressBound", &zlib->bound) ? -1 : 0;
}

static const struct {
	const char *file;
	const char *package;
	int (*find)(struct compressor *compressor);
} libraries[] = {
	[COMPRESS_ZSTD] = { "libzstd.so.1", "libzstd (Debian, Ubuntu: libzstd1)", find_zstd },
	[COMPRESS_ZLIB] = { "libz.so.1", "zlib (Debian, Ubuntu: zlib1g)", find_zlib },
};

/**
 * compressor_open() - load a library
 * @compression: which
 * @error: set if it fails
 *
 * Return: what to call it by, or NULL.
 */
struct compressor *compressor_open(enum compression compression, struct error *error)
{
	struct compressor *compressor = calloc(1, sizeof(*compressor));

	if (!compressor) {
		error_set(error, "out of memory");
		return NULL;
	}
	compressor->compression = compression;
	compressor->handle = dlopen(libraries[compression].file, RTLD_NOW);
	if (compressor->handle && !libraries[compression].find(compressor))
		return compressor;
	if (compressor->handle)
		error_set(error, "%s is not as expected", libraries[compression].file);
	else
		error_set(error, "%s is not here: install the package %s",
			  libraries[compression].file, libraries[compression].package);
	compressor_close(compressor);
	return NULL;
}

/**
 * compressor_open_best() - load the one of the libraries here that compresses best
 * @error: set if there is none
 *
 * Return: what to call it by, or NULL.
 */
struct compressor *compressor_open_best(struct error *error)
{
	struct compressor *compressor = compressor_open(COMPRESS_ZSTD, error);

	if (!compressor)
		compressor = compressor_open(COMPRESS_ZLIB, error);
	if (!compressor)
		error_set(error, "neither libzstd.so.1 nor libz.so.1 is here");
	return compressor;
}

/**
 * compressor_close() - unload a library
 * @compressor: what it is called by, or NULL
 */
void compressor_close(struct compressor *compressor)
{
	if (!compressor)
		return;
	if (compressor->context)
		compressor->zstd.free_context(compressor->context);
	if (compressor->handle)
		dlclose(compressor->handle);
	free(compressor);
}

/**
 * compressor_is() - which library it is
 * @compressor: what it is called by
 */
enum compression compressor_is(const struct compressor *compressor)
{
	return compressor->compression;
}

/**
 * compressor_room() - how long it may become when it is compressed
 * @compressor: the library
 * @len: bytes
 */
size_t compressor_room(const struct compressor *compressor, size_t len)
{
	if (compressor->compression == COMPRESS_ZSTD)
		return compressor->zstd.bound(len);
	return compressor->zlib.bound(len);
}

/**
 * compress_bytes() - compress
 * @compressor: the library
 * @to: where to
 * @room: compressor_room() of @len at least
 * @from: what
 * @len: how many bytes
 *
 * Return: how many it has become, or 0 if there is no memory.
 */
size_t compress_bytes(struct compressor *compressor, void *to, size_t room, const void *from,
		      size_t len)
{
	unsigned long packed = room;
	size_t ret;

	if (compressor->compression == COMPRESS_ZLIB)
		return compressor->zlib.compress(to, &packed, from, len, LEVEL) ? 0 : packed;
	ret = compressor->zstd.compress(compressor->context, to, room, from, len, LEVEL);
	return compressor->zstd.is_error(ret) ? 0 : ret;
}

/**
 * uncompress_bytes() - undo that
 * @compressor: the library
 * @to: where to
 * @len: how many bytes there were
 * @from: what they have become
 * @packed_len: how many bytes that is
 *
 * Return: 0, or -1 if it is not what has become of as many bytes.
 */
int uncompress_bytes(struct compressor *compressor, void *to, size_t len, const void *from,
		     size_t packed_len)
{
	unsigned long got = len;

	if (compressor->compression == COMPRESS_ZLIB &&
	    compressor->zlib.uncompress(to, &got, from, packed_len))
		return -1;
	if (compressor->compression == COMPRESS_ZLIB)
		return got == len ? 0 : -1;
	return compressor->zstd.decompress(to, len, from, packed_len) == len ? 0 : -1;
}

#endif /* SKBTRACE_STATIC */
