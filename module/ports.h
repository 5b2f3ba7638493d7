/* SPDX-License-Identifier: GPL-2.0 */
/* The UDP ports that tunnels have. */
#ifndef SKBTRACE_PORTS_H
#define SKBTRACE_PORTS_H

/* Of 64 bits the one for a port: several have the same. */
#define PORT_BIT(port)	(1ull << ((port) & 63))

#define PORT_VXLAN	4789
#define PORT_VXLAN_OLD	8472	/* Linux's default, from before it was assigned */
#define PORT_VXLAN_GPE	4790
#define PORT_GENEVE	6081
#define PORT_GTP	2152

#define TUNNEL_PORTS	(PORT_BIT(PORT_VXLAN) | PORT_BIT(PORT_VXLAN_OLD) |  \
			 PORT_BIT(PORT_VXLAN_GPE) | PORT_BIT(PORT_GENEVE) | \
			 PORT_BIT(PORT_GTP))

#endif /* SKBTRACE_PORTS_H */
