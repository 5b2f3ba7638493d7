/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TUNNEL_H
#define SKBTRACE_TUNNEL_H

#include <linux/types.h>

#include "walk.h"

enum walk_next tunnel_of_network(struct walk *walk);
enum walk_next tunnel_of_transport(struct walk *walk);
bool is_tunnel_port(const struct walk *walk, u16 port);
enum walk_next tunnel_of_port(struct walk *walk, u16 port);

#endif /* SKBTRACE_TUNNEL_H */
