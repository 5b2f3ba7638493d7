/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TEXT_H
#define SKBTRACE_TEXT_H

struct seq_file;
struct skbtrace_message;
struct skbtrace_record;

void text_show_header(struct seq_file *m);
void text_show_record(struct seq_file *m, const struct skbtrace_record *record);
void text_show_message(struct seq_file *m, const struct skbtrace_message *message);
void text_show_reasons(struct seq_file *m);

#endif /* SKBTRACE_TEXT_H */
