// SPDX-License-Identifier: GPL-2.0
/* Why a packet was dropped: what no socket took; and the last words. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

#define TCP_SYN	0x02

/**
 * reason_accept() - those that want a connection wait for it to be accepted
 * @seam: where
 * @lines: added to
 */
void reason_accept(const struct seam *seam, struct why_lines *lines)
{
	const struct skbtrace_record *last = seam->last;
	struct fact listener = { NULL, "" };
	struct why_line *line;
	char port[16];

	if (last->l4proto != IPPROTO_TCP || !(last->flags & SKBTRACE_F_PORTS))
		return;
	snprintf(port, sizeof(port), "%u", ntohs(last->dport));
	while (facts_next(&seam->facts, "listen", &listener)) {
		long queued = fact_number(&listener, "queued", 0);

		if (strcmp(listener.name, port) || !queued)
			continue;
		line = seam_say(lines, false, "the queue of the socket that listens at port %s "
				"may be full: %ld connection%s its program to "
				"accept%s", port, queued,
				queued == 1 ? " waits for" : "s wait for",
				queued == 1 ? " it" : " them");
		seam_look(line, seam, "ss -ltn sport = :%s", port);
		return;
	}
}

/**
 * reason_no_socket() - nobody has that port
 * @seam: where
 * @lines: added to
 */
void reason_no_socket(const struct seam *seam, struct why_lines *lines)
{
	const struct skbtrace_record *last = seam->last;
	bool tcp = last->l4proto == IPPROTO_TCP;
	char address[46];
	struct why_line *line;

	if (!(last->flags & SKBTRACE_F_PORTS) || (!tcp && last->l4proto != IPPROTO_UDP))
		return;
	line = seam_say(lines, seam_has_reason(seam, "NO_SOCKET"), "no socket here is bound to "
			"%s, %s port %u",
			word_address(last, last->daddr, address), tcp ? "tcp" : "udp",
			ntohs(last->dport));
	seam_look(line, seam, "ss -%sanp sport = :%u", tcp ? "t" : "u", ntohs(last->dport));
}

/**
 * reason_socket_full() - the program does not read as fast as it is sent to
 * @seam: where
 * @lines: added to
 */
void reason_socket_full(const struct seam *seam, struct why_lines *lines)
{
	const struct skbtrace_record *last = seam->last;
	bool known = seam_has_reason(seam, "SOCKET_RCVBUFF");
	struct fact limit;
	struct why_line *line;

	if (seam_has_reason(seam, "PROTO_MEM")) {
		line = seam_say(lines, true, "the memory for sockets is used up (net.ipv4.udp_mem, "
				"net.ipv4.tcp_mem)");
		seam_look(line, seam, "cat /proc/net/sockstat");
		return;
	}

	if (facts_find(&seam->facts, "sysctl", "net.core.rmem_max", &limit))
		line = seam_say(lines, known, "the buffer of the receiving socket is full: its "
				"program does not read as fast (SO_RCVBUF; net.core.rmem_max is "
				"%ld)",
				fact_number(&limit, "value", 0));
	else
		line = seam_say(lines, known, "the buffer of the receiving socket is full: its "
				"program does not read as fast (SO_RCVBUF)");
	if (last->flags & SKBTRACE_F_PORTS)
		seam_look(line, seam, "ss -%sanmp sport = :%u",
			  last->l4proto == IPPROTO_TCP ? "t" : "u", ntohs(last->dport));
}

/**
 * reason_checksum() - its checksum is wrong
 * @seam: where
 * @lines: added to
 */
void reason_checksum(const struct seam *seam, struct why_lines *lines)
{
	static const char * const summed[] = {
		"none: nobody had looked at it before", "unnecessary",
		"complete: a device added it up", "partial"
	};
	struct why_line *line;

	line = seam_say(lines, true, "its checksum is wrong (ip_summed %s)",
			summed[seam->last->flags & SKBTRACE_F_IP_SUMMED]);
	seam_look(line, seam, "echo 1 >/sys/module/skbtrace/parameters/verify_csum");
	/* A parameter is of the host, not of a namespace. */
	snprintf(line->look, sizeof(line->look),
		 "echo 1 >/sys/module/skbtrace/parameters/verify_csum # names the first hop with "
		 "it");
}

/* What these functions drop packets for; where a function has many reasons it is not here. */
static const struct {
	const char *functions;
	const char *text;
} known_callers[] = {
	{ "ip_rcv_core ip_rcv", "its IP header is wrong or longer than the packet, or it is for "
	  "another host" },
	{ "ip6_rcv_core ipv6_rcv", "its IPv6 header is wrong or longer than the packet, or it is "
	  "for another host" },
	{ "ip_expire ip_frag_reasm ip_frag_queue ip_defrag inet_frag_rbtree_purge ip6_frag_expire "
	  "inet_frags_flush inet_frag_destroy ip6frag_expire_frag_queue inet_frag_queue_insert",
	  "a fragment whose other fragments did not come, in time or at all" },
	{ "ip_forward", "its time to live is over, its route forbids it, or IPsec does" },
	{ "ip6_forward", "its hop limit is over, its route forbids it, or IPsec does" },
	{ "br_handle_frame", "a frame to a reserved address (802.1D), or from an invalid one" },
	{ "enqueue_to_backlog netif_rx_internal", "the CPU's backlog is full "
	  "(net.core.netdev_max_backlog), or the device is down" },
	{ "__netif_receive_skb_core __netif_receive_skb", "no protocol takes it (its ethertype), "
	  "or it was only to be looked at by packet sockets" },
	{ "veth_xmit", "the other end is gone, down or without room" },
	{ "tun_net_xmit", "the program at the tun device does not read, or filters" },
	{ "vxlan_rcv vxlan_xmit vxlan_xmit_one vxlan_mdb_xmit", "vxlan: no such VNI, no remote for "
	  "its address, or no route" },
	{ "tcp_v4_rcv tcp_v6_rcv tcp_v4_do_rcv tcp_v6_do_rcv tcp_rcv_established "
		"tcp_rcv_state_process tcp_data_queue "
		"tcp_validate_incoming", "no connection that it is of, or not within its "
	  "window, or its socket is full" },
	{ "icmp_rcv icmpv6_rcv icmp_unreach", "of no use to ICMP here: not for us, filtered or "
	  "unknown" },
	{ "arp_process arp_rcv", "ARP that is not for this host" },
	{ "packet_rcv tpacket_rcv", "the packet socket has no room or filters it" },
	{ "xfrm_input xfrm4_rcv_encap __xfrm_policy_check", "IPsec: no state, or the policy" },
	{ "sk_filter_trim_cap tcp_filter", "the socket's filter (SO_ATTACH_FILTER, BPF)" },
	{ "unix_release_sock skb_release_data skb_queue_purge __skb_queue_purge "
	  "skb_queue_purge_reason inet_sock_destruct tcp_write_queue_purge", "the queue that it "
		  "was "
	  "in was thrown away: its socket, device or neighbour is gone" },
	{ "dev_hard_start_xmit validate_xmit_skb validate_xmit_skb_list __dev_queue_xmit",
	  "the device is down, or cannot send it (offloads)" },
	{ "macvlan_handle_frame macvlan_queue_xmit macvlan_broadcast", "macvlan: no such address, "
		"or the host's own, which its macvlans do not reach" },
	{ "ip_mr_input ip6_mr_input", "multicast routing" },
	{ "ip6_mc_input ip_mc_input", "multicast that nobody here has joined" },
};

/**
 * reason_caller() - the last words: which function dropped it, and what for, as a rule
 * @seam: where
 * @lines: added to, if there are none yet
 */
void reason_caller(const struct seam *seam, struct why_lines *lines)
{
	bool named = *seam->reason && !seam_has_reason(seam, "NOT_SPECIFIED");
	struct why_line *line;
	unsigned int i;

	if (lines->nr)
		return;
	for (i = 0; i < sizeof(known_callers) / sizeof(known_callers[0]); i++)
		if (seam_is_called_from(seam, known_callers[i].functions))
			break;
	if (i < sizeof(known_callers) / sizeof(known_callers[0]))
		line = seam_say(lines, false, "given up in %s(): %s", seam->caller,
				known_callers[i].text);
	else if (*seam->caller && !named)
		line = seam_say(lines, true, "given up in %s(), for a reason that the kernel does "
				"not tell", seam->caller);
	else
		return;
	snprintf(line->look, sizeof(line->look), "skbtrace report --stack (module: stack=1); the "
		 "kernel's source of %s()", seam->caller);
}
