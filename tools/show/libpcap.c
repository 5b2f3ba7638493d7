// SPDX-License-Identifier: GPL-2.0
/*
 * libpcap's compiler, loaded when somebody asks for it: who gives no expression
 * needs no libpcap, neither to build nor to run.  A static program cannot load it: it has
 * it within, if there was a libpcap.a when it was built (SKBTRACE_LIBPCAP).
 */
#include "libpcap.h"

#if defined(SKBTRACE_STATIC) && !defined(SKBTRACE_LIBPCAP)

/* A static program can load libraries only of the libc that it was built with. */
int libpcap_compile(const char *text, struct sock_filter **insns, unsigned int *nr,
		    struct error *error)
{
	(void)insns;
	(void)nr;
	return error_set(error, "\"%s\": this is a static skbtrace that was built without "
			 "libpcap.a, and cannot compile expressions; give it a program, as "
			 "\"tcpdump -y RAW -ddd\" prints it elsewhere", text);
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

#ifdef SKBTRACE_LIBPCAP

#ifdef __GLIBC__
#include <nss.h>
#endif

void *pcap_open_dead(int linktype, int snaplen);
int pcap_compile(void *pcap, struct bpf_program *program, const char *text, int optimize,
		 uint32_t netmask);
char *pcap_geterr(void *pcap);
void pcap_freecode(struct bpf_program *program);
void pcap_close(void *pcap);

/*
 * Packets are captured by nobody here. Were these two not defined, libpcap.a would bring
 * D-Bus with it, and in some distributions InfiniBand.
 */
int dbus_findalldevs(void *devices, char *text);
void *dbus_create(const char *device, char *text, int *is_ours);
int rdmasniff_findalldevs(void *devices, char *text);
void *rdmasniff_create(const char *device, char *text, int *is_ours);

int dbus_findalldevs(void *devices, char *text)
{
	(void)devices;
	(void)text;
	return 0;
}

void *dbus_create(const char *device, char *text, int *is_ours)
{
	(void)device;
	(void)text;
	*is_ours = 0;
	return NULL;
}

int rdmasniff_findalldevs(void *devices, char *text)
{
	return dbus_findalldevs(devices, text);
}

void *rdmasniff_create(const char *device, char *text, int *is_ours)
{
	return dbus_create(device, text, is_ours);
}

/*
 * Names of hosts, ports and protocols are looked up in files, and by DNS: what else
 * nsswitch.conf has would have to be loaded.
 */
static int load(struct libpcap *lib, struct error *error)
{
#ifdef __GLIBC__
	static const char * const databases[] = { "services", "protocols", "networks", "ethers" };
	unsigned int i;

	__nss_configure_lookup("hosts", "files dns");
	for (i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		__nss_configure_lookup(databases[i], "files");
#endif
	(void)error;
	lib->open_dead = pcap_open_dead;
	lib->compile = pcap_compile;
	lib->geterr = pcap_geterr;
	lib->freecode = pcap_freecode;
	lib->close = pcap_close;
	return 0;
}

static void unload(struct libpcap *lib)
{
	(void)lib;
}

#else

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

static void unload(struct libpcap *lib)
{
	dlclose(lib->handle);
}

#endif /* SKBTRACE_LIBPCAP */

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
	unload(&lib);
	return ret;
}

#endif /* SKBTRACE_STATIC && !SKBTRACE_LIBPCAP */
