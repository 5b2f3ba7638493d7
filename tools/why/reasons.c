// SPDX-License-Identifier: GPL-2.0
/* Which reasons are looked for where: the one table. */
#include <stddef.h>

#include "seam.h"

#define CHANGED		(1u << SEAM_CHANGED)
#define DROPPED		(1u << SEAM_DROPPED)
#define FREED		(1u << SEAM_FREED)
#define WAITING		(1u << SEAM_WAITING)
#define ARRIVED		(1u << SEAM_ARRIVED)

#define BRIDGE_OUT	"br_forward br_flood br_multicast_flood br_allowed_egress __br_forward"
#define NEIGH_CALLERS	"arp_error_report ndisc_error_report neigh_invalidate __neigh_event_send " \
			"neigh_destroy neigh_release neigh_timer_handler neigh_resolve_output " \
			"neigh_flush_dev __skb_queue_purge skb_queue_purge_reason"
#define XDP_CALLERS	"veth_xdp_rcv_skb veth_xdp_rcv veth_xdp_rcv_one do_xdp_generic " \
			"netif_receive_generic_xdp bpf_prog_run_generic_xdp"
#define IP_ROUTE_IN	"ip_rcv_finish ip_rcv_finish_core ip_route_input_slow ip_rcv " \
			"ip_list_rcv_finish"

/*
 * What happened; where the packet was last, NULL for anywhere; and then who dropped it, or
 * for which of the kernel's reasons, of which one is to be so (both NULL: whoever, why
 * ever).  The best known come first.
 */
static const struct {
	unsigned int kinds;
	const char *points;
	const char *callers;
	const char *reasons;
	reason *reason;
} table[] = {
	{ DROPPED, NULL, "nf_queue __nf_queue nf_queue_entry_free nf_hook_slow", NULL,
	  reason_nfqueue },
	{ DROPPED, NULL, "nf_hook_slow nf_hook nft_do_chain reject_tg nft_reject_inet_eval",
	  "NETFILTER_DROP", reason_netfilter },
	{ DROPPED, NULL, "br_allowed_ingress __allowed_ingress", NULL, reason_vlan_in },
	{ DROPPED, BRIDGE_OUT, NULL, NULL, reason_hairpin },
	{ DROPPED, BRIDGE_OUT, NULL, NULL, reason_port },
	{ DROPPED, BRIDGE_OUT, NULL, NULL, reason_vlan_out },
	{ DROPPED, BRIDGE_OUT, NULL, NULL, reason_isolated },
	{ DROPPED, "br_multicast_flood", NULL, NULL, reason_snooping },
	{ DROPPED, "br_handle_frame br_handle_frame_finish br_allowed_ingress "
	  "__netif_receive_skb_core", "br_handle_frame br_handle_frame_finish", NULL,
	  reason_port },
	{ DROPPED, NULL, XDP_CALLERS, "XDP", reason_xdp },
	{ DROPPED, "veth_xmit", NULL, NULL, reason_veth_mtu },
	{ FREED, "veth_xmit __netif_receive_skb_core", NULL, NULL, reason_xdp_took },
	{ DROPPED, "__netif_receive_skb_core __dev_queue_xmit napi_gro_receive gro_receive_skb",
	  "__netif_receive_skb_core __dev_queue_xmit sch_handle_ingress sch_handle_egress "
	  "handle_ing tc_run tcf_classify", "TC_INGRESS TC_EGRESS", reason_tc },
	{ DROPPED, "__dev_queue_xmit", NULL, "QDISC_DROP QDISC_OVERLIMIT QDISC_CONGESTED "
	  "FQ_HORIZON_LIMIT CAKE_FLOOD", reason_qdisc },
	{ DROPPED, "__dev_queue_xmit", "kfree_skb_list kfree_skb_list_reason __dev_queue_xmit "
	  "__dev_xmit_skb netem_enqueue tbf_enqueue pfifo_enqueue bfifo_enqueue qdisc_drop", NULL,
	  reason_qdisc },
	{ DROPPED, NULL, IP_ROUTE_IN, "IP_RPFILTER", reason_rp_filter },
	{ DROPPED, NULL, "ip_error ip6_forward ip6_pkt_drop ip6_pkt_discard", "IP_INNOROUTES",
	  reason_forwarding },
	{ DROPPED, NULL, "ip_forward ip_finish_output __ip_finish_output ip_fragment "
	  "ip_do_fragment ip6_forward ip6_fragment ip6_finish_output __ip6_finish_output",
	  "PKT_TOO_BIG", reason_mtu },
	{ DROPPED, "ip_finish_output2 ip6_finish_output2", NEIGH_CALLERS,
	  "NEIGH_FAILED NEIGH_QUEUEFULL NEIGH_CREATEFAIL NEIGH_DEAD", reason_neighbour },
	{ WAITING, "ip_finish_output2 ip6_finish_output2", NULL, NULL, reason_neighbour },
	{ ARRIVED, NULL, NULL, NULL, reason_accept },
	{ DROPPED | FREED, "tcp_v4_rcv tcp_v6_rcv", NULL, NULL, reason_accept },
	{ DROPPED, NULL, "__udp4_lib_rcv __udp6_lib_rcv udp_rcv udpv6_rcv tcp_v4_rcv tcp_v6_rcv",
	  "NO_SOCKET", reason_no_socket },
	{ DROPPED, NULL, NULL, "SOCKET_RCVBUFF PROTO_MEM SOCKET_BACKLOG", reason_socket_full },
	{ DROPPED, "__udp_enqueue_schedule_skb", NULL, NULL, reason_socket_full },
	{ DROPPED, NULL, NULL, "UDP_CSUM TCP_CSUM IP_CSUM SKB_CSUM ICMP_CSUM", reason_checksum },
	{ CHANGED, NULL, NULL, NULL, reason_tc_writes },
	{ CHANGED, NULL, NULL, NULL, reason_xdp_writes },
	{ CHANGED, NULL, NULL, NULL, reason_hook_writes },
	{ CHANGED, NULL, NULL, NULL, reason_queued },
	{ CHANGED, NULL, NULL, NULL, reason_offload },
	/* The last words. */
	{ CHANGED, NULL, NULL, NULL, reason_nothing_known },
	{ DROPPED, NULL, NULL, NULL, reason_caller },
};

/**
 * reasons_at_seam() - what may have been the reason
 * @seam: where what happened
 * @lines: the reasons are added to these
 */
void reasons_at_seam(const struct seam *seam, struct why_lines *lines)
{
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!(table[i].kinds & 1u << seam->kind) ||
		    (table[i].points && !seam_is_at(seam, table[i].points)))
			continue;
		if ((table[i].callers || table[i].reasons) &&
		    !(table[i].callers && seam_is_called_from(seam, table[i].callers)) &&
		    !(table[i].reasons && seam_has_reason(seam, table[i].reasons)))
			continue;
		table[i].reason(seam, lines);
	}
}
