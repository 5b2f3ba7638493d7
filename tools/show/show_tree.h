/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_SHOW_TREE_H
#define SKBTRACE_TOOLS_SHOW_TREE_H

#include "show.h"

void show_tree(struct show *show, const struct journey *journey, const struct verdict *verdict);

#endif /* SKBTRACE_TOOLS_SHOW_TREE_H */
