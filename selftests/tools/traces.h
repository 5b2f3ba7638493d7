/* SPDX-License-Identifier: GPL-2.0 */
/* The recorded traces of the folder traces. */
#ifndef SKBTRACE_SELFTESTS_TRACES_H
#define SKBTRACE_SELFTESTS_TRACES_H

/* In the program itself: it may run where there is nothing but it. */
#define TRACE(name)								\
	asm(".pushsection .rodata\n"						\
	    "trace_" #name ": .incbin \"tools/traces/" #name ".skbtrace\"\n"	\
	    "trace_" #name "_end: .byte 0\n"					\
	    ".popsection\n");							\
	extern const char trace_ ## name[] __attribute__((visibility("hidden")));	\
	extern const char trace_ ## name ## _end[] __attribute__((visibility("hidden")))

#endif /* SKBTRACE_SELFTESTS_TRACES_H */
