/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_ELF64_H
#define SKBTRACE_TOOLS_ELF64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 20 bytes as hexadecimal digits: SHA-1. */
#define ELF64_ID_LEN	41
#define ELF64_NAME_LEN	128

/**
 * struct elf64_function - where a function is in a file
 * @address: its address, in its section if the file is an object
 * @size: its bytes, 0 if that is not known
 * @is_object: addresses are relative to sections
 * @has_code: the file has the instructions
 * @has_lines: it has debugging information
 * @section: name of the section that it is in
 */
struct elf64_function {
	uint64_t address;
	uint64_t size;
	bool is_object;
	bool has_code;
	bool has_lines;
	char section[ELF64_NAME_LEN];
};

bool elf64_find(const char *path, const char *symbol, struct elf64_function *function);
bool elf64_build_id(const char *notes_path, char id[ELF64_ID_LEN]);

#endif /* SKBTRACE_TOOLS_ELF64_H */
