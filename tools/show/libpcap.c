// SPDX-License-Identifier: GPL-2.0
/*
 * libpcap's compiler, loaded when somebody asks for it: who gives no expression
 * needs no libpcap, neither to build nor to run.
 */
#include "libpcap.h"

#ifdef SKBTRACE_STATIC

/* A static program can load libraries only of the libc that it was built with. */
int libpcap_compile(const char *text, struct sock_filter **insns, unsigned int *nr,
		    struct error *error)
{
	(void)insns;
	(void)nr;
	return error_set(error, "\"%s\": this is the static skbtrace, which cannot load libpcap to "
			 "compile expressions; give it a program, as \"tcpdump -y RAW -ddd\" "
			 "prints it elsewhere", text);
}

#else

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What pcap/pcap.h and pcap/bpf.h declare; the same since libpcap 0.8. */
struct bpf_program {
	unsigned int bf_len;
	struct sock_filter *bf_insns;	/* has the layout of struct bpf_insn */
};

#define DLT_RAW			12	/* begins with the IP header */
#define SNAPLEN			65535
#define NETMASK_UNKNOWN		0xffffffffu

struct libpcap {
	void *handle;
	void *(*open_dead)(int linktype, int snaplen);
	int (*compile)(void *pcap, struct bpf_program *program, const char *text, int optimize,
		       uint32_t netmask);
	char *(*geterr)(void *pcap);
	void (*freecode)(struct bpf_program *program);
	void (*close)(void *pcap);
};

static int find(const struct libpcap *lib, const char *name, void *function)
{
	void *symbol = dlsym(lib->handle, name);

	/* ISO C knows no way from an object's pointer to a function's. */
	memcpy(function, &symbol, sizeof(symbol));
	return symbol ? 0 : -1;
}

static int load(struct libpcap *lib, struct error *error)
{
	/* The name it gives itself, and the one that Debian gives it. */
	lib->handle = dlopen("libpcap.so.1", RTLD_NOW);
	if (!lib->handle)
		lib->handle = dlopen("libpcap.so.0.8", RTLD_NOW);
	if (!lib->handle)
		return error_set(error, "libpcap, which compiles expressions, is not here: install "
				 "the package libpcap (Debian, Ubuntu: libpcap0.8)");
	if (find(lib, "pcap_open_dead", &lib->open_dead) ||
	    find(lib, "pcap_compile", &lib->compile) ||
	    find(lib, "pcap_geterr", &lib->geterr) ||
	    find(lib, "pcap_freecode", &lib->freecode) ||
	    find(lib, "pcap_close", &lib->close)) {
		error_set(error, "libpcap is not as expected: %s", dlerror());
		dlclose(lib->handle);
		return -1;
	}
	return 0;
}

static int compile(const struct libpcap *lib, const char *text, struct sock_filter **insns,
		   unsigned int *nr, struct error *error)
{
	void *pcap = lib->open_dead(DLT_RAW, SNAPLEN);
	struct bpf_program program;
	int ret = 0;

	if (!pcap)
		return error_set(error, "out of memory");
	if (lib->compile(pcap, &program, text, 1, NETMASK_UNKNOWN)) {
		error_set(error, "\"%s\": %s", text, lib->geterr(pcap));
		lib->close(pcap);
		return -1;
	}
	*nr = program.bf_len;
	*insns = malloc(*nr * sizeof(**insns));
	if (*insns)
		memcpy(*insns, program.bf_insns, *nr * sizeof(**insns));
	else
		ret = error_set(error, "out of memory");
	lib->freecode(&program);
	lib->close(pcap);
	return ret;
}

/**
 * libpcap_compile() - make a program of an expression
 * @text: as of pcap-filter(7)
 * @insns: set to the program, for packets that begin with the IP header; to be
 *	freed
 * @nr: set to the number of its instructions
 * @error: set if it fails
 *
 * Return: 0 or -1.
 */
int libpcap_compile(const char *text, struct sock_filter **insns, unsigned int *nr,
		    struct error *error)
{
	struct libpcap lib;
	int ret;

	memset(&lib, 0, sizeof(lib));
	if (load(&lib, error))
		return -1;
	ret = compile(&lib, text, insns, nr, error);
	dlclose(lib.handle);
	return ret;
}

#endif /* SKBTRACE_STATIC */
