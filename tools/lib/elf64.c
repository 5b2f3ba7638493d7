// SPDX-License-Identifier: GPL-2.0
/* As much of ELF as it takes to find a function: files may be cut off, or lie. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf64.h"

/**
 * struct image - a file in memory
 * @data: its bytes
 * @size: how many
 * @sections: its table of sections
 * @nr: how many
 * @names: the section that has their names
 */
struct image {
	const uint8_t *data;
	uint64_t size;
	const Elf64_Shdr *sections;
	unsigned int nr;
	const Elf64_Shdr *names;
};

static bool is_within(const struct image *image, uint64_t offset, uint64_t len)
{
	return offset <= image->size && len <= image->size - offset;
}

static bool has_data(const struct image *image, const Elf64_Shdr *section)
{
	return section->sh_type != SHT_NOBITS &&
	       is_within(image, section->sh_offset, section->sh_size);
}

/* A string in a section, "" if it is not there whole. */
static const char *string_at(const struct image *image, const Elf64_Shdr *section,
			     uint64_t offset)
{
	const char *text = (const char *)image->data + section->sh_offset + offset;

	if (!has_data(image, section) || offset >= section->sh_size ||
	    !memchr(text, 0, section->sh_size - offset))
		return "";
	return text;
}

static bool find_sections(struct image *image)
{
	const Elf64_Ehdr *header = (const void *)image->data;

	if (image->size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shoff % 8 ||
	    header->e_shentsize != sizeof(Elf64_Shdr) ||
	    !is_within(image, header->e_shoff, sizeof(Elf64_Shdr)))
		return false;
	image->sections = (const void *)(image->data + header->e_shoff);
	/* Many sections: then the first has the numbers. */
	image->nr = header->e_shnum ? header->e_shnum : image->sections[0].sh_size;
	if (!is_within(image, header->e_shoff, (uint64_t)image->nr * sizeof(Elf64_Shdr)))
		return false;
	image->names = &image->sections[header->e_shstrndx == SHN_XINDEX ?
					image->sections[0].sh_link : header->e_shstrndx];
	return image->names < image->sections + image->nr;
}

static bool find_symbol(const struct image *image, const Elf64_Shdr *table, const char *symbol,
			struct elf64_function *function)
{
	const Elf64_Sym *symbols = (const void *)(image->data + table->sh_offset);
	const Elf64_Ehdr *header = (const void *)image->data;
	const Elf64_Shdr *strings, *section;
	uint64_t i;

	if (!has_data(image, table) || table->sh_offset % 8 || table->sh_link >= image->nr)
		return false;
	strings = &image->sections[table->sh_link];
	for (i = 0; i < table->sh_size / sizeof(*symbols); i++) {
		if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FUNC || !symbols[i].st_shndx ||
		    symbols[i].st_shndx >= image->nr ||
		    strcmp(string_at(image, strings, symbols[i].st_name), symbol))
			continue;
		section = &image->sections[symbols[i].st_shndx];
		function->address = symbols[i].st_value;
		function->size = symbols[i].st_size;
		function->is_object = header->e_type == ET_REL;
		function->has_code = section->sh_type != SHT_NOBITS;
		snprintf(function->section, sizeof(function->section), "%s",
			 string_at(image, image->names, section->sh_name));
		return true;
	}
	return false;
}

static bool find(struct image *image, const char *symbol, struct elf64_function *function)
{
	bool found = false, lines = false;
	unsigned int i;

	if (!find_sections(image))
		return false;
	for (i = 0; i < image->nr; i++) {
		const Elf64_Shdr *section = &image->sections[i];
		const char *name = string_at(image, image->names, section->sh_name);

		lines |= !strcmp(name, ".debug_line") || !strcmp(name, ".zdebug_line");
		if (!found && section->sh_type == SHT_SYMTAB)
			found = find_symbol(image, section, symbol, function);
	}
	function->has_lines = lines;
	return found;
}

/**
 * elf64_find() - find a function in a file
 * @path: the file
 * @symbol: the function's name
 * @function: set to where it is
 *
 * Return: is it there.
 */
bool elf64_find(const char *path, const char *symbol, struct elf64_function *function)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image image = { 0 };
	bool found = false;
	struct stat st;
	void *data;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size) {
		data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data != MAP_FAILED) {
			image.data = data;
			image.size = st.st_size;
			found = find(&image, symbol, function);
			munmap(data, st.st_size);
		}
	}
	close(fd);
	return found;
}

/**
 * elf64_build_id() - what a kernel or module is told apart by
 * @notes_path: /sys/kernel/notes, or a module's note
 * @id: set to it
 *
 * Return: is there one.
 */
bool elf64_build_id(const char *notes_path, char id[ELF64_ID_LEN])
{
	FILE *file = fopen(notes_path, "r");
	Elf64_Nhdr note;
	uint8_t name[64], bytes[64];
	bool found = false;
	unsigned int i;

	while (file && !found && fread(&note, sizeof(note), 1, file) == 1) {
		const uint32_t name_len = note.n_namesz + -note.n_namesz % 4;
		const uint32_t len = note.n_descsz + -note.n_descsz % 4;

		if (name_len > sizeof(name) || fread(name, 1, name_len, file) != name_len)
			break;
		if (len > sizeof(bytes)) {
			/* Not one; sysfs cannot seek in all versions. */
			for (i = 0; i < len; i++)
				getc(file);
			continue;
		}
		if (fread(bytes, 1, len, file) != len)
			break;
		found = note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			!memcmp(name, "GNU", 4) && note.n_descsz < ELF64_ID_LEN / 2 + 1;
		for (i = 0; found && i < note.n_descsz; i++)
			snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	}
	if (file)
		fclose(file);
	return found;
}
