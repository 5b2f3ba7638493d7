/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where records come from.  What this folder offers:
 *
 *   rings_open()	the rings of the loaded module
 *   file_open()	a file that was saved; file_write_*() save one
 *   chain_open()	several files of one host as one
 *   source_*()		both alike: records by CPU, and the tables that go with them
 *   merge_*()		the records of all CPUs as one stream, by time, and what was lost
 *   names_*()		names for the numbers in records
 *   health_of()	does the module see what it is to see
 *   host_of()		which host they come from
 */
#ifndef SKBTRACE_TOOLS_SOURCE_H
#define SKBTRACE_TOOLS_SOURCE_H

#include "chain.h"
#include "file.h"
#include "health.h"
#include "host.h"
#include "merge.h"
#include "names.h"
#include "records.h"
#include "rings.h"

#endif /* SKBTRACE_TOOLS_SOURCE_H */
