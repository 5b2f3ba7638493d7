/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_DEBUGFS_H
#define SKBTRACE_DEBUGFS_H

int trace_files_init(void);
void trace_files_exit(void);

#endif /* SKBTRACE_DEBUGFS_H */
