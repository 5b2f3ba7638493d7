/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What is probed: one row a point.  Adding a point is adding a row.
 *
 * The table makes the probes, the "points" file, the names in the reader and
 * what the journeys make of a hop.  A symbol that a kernel does not have, has
 * inlined or has only with its arguments changed is reported absent, never
 * guessed, so rows for one function under the names of several kernels stand
 * side by side.
 *
 *   P(id, symbol, kind, group, module, skb, data, dev, twin, role)
 *
 * id      number of the point in records.  Never changes and is not used
 *	   again: saved records outlive the module that made them.
 * symbol  the kernel's function.
 * kind    ENTRY or RETURN (a kretprobe, 2.5 times as dear: only where the
 *	   return value is worth it).
 * group   tcp udp ip core veth bridge netfilter clone free.
 * module  who owns the symbol: veth, bridge, br_netfilter, vmlinux (or a
 *	   module that it may be built as).
 * skb     which argument carries the skb, and how: ARG0.. by value; the others
 *	   moved between kernels and are resolved in module/compat.h:
 *	     OKFN   (sk, skb) once, (net, sk, skb) since
 *	     XMIT   (skb, flow) once, (sk, skb, flow) since
 *	     CORE   struct sk_buff * once, struct sk_buff ** since
 *	     PTR0   struct sk_buff ** on all kernels
 *	     LIST0  argument 0 is the first of a list of skbs, each a hop
 * data    where skb->data stands on entry:
 *	     LINK       at the link header
 *	     NET        at the network header
 *	     NET_TX     likewise, but the length in the IP header is not set yet
 *	     TRANSPORT  at or behind the transport header, which
 *			skb->transport_header marks
 *	     SEGMENT    at the TCP header; no IP header yet, addresses are those
 *			of the sending socket: the argument before the skb, or
 *			skb->sk where there is none
 *	     BYTES      at the payload; no header yet, that socket and
 *			TCP_SKB_CB say the rest
 *	     AUTO       at the link or network header, told by comparing
 *	     NONE       not looked at (the skb is not ours to read, or going)
 * dev     where the device comes from:
 *	     SKB     skb->dev
 *	     XMIT    skb->dev, sending: its peer is where the packet goes
 *	     PORT0   skb->dev, on its way to the bridge port in argument 0
 *	     MASTER  skb->dev, a bridge port, on its way up to its bridge
 *	     ROUTE   the route's: skb_dst(skb)->dev
 *	     SOCKET  the sending socket's route
 *	     HOOK    the device that the packet came in by and the one that it is to go
 *		     out of, as netfilter's hook has them: argument 1 says it
 *	     NONE    skb->dev may be stale or another member of its union
 * twin    CONSTPROP: the symbol is also taken as symbol.constprop.0, because
 *	   nothing up to the skb argument can be a constant.  EXACT: it is not.
 * role    what the hop means to a journey:
 *	     PASS     it was here
 *	     BIRTH    a new transmission starts here
 *	     DELIVER  its payload has arrived at a socket or protocol
 *	     TRANSPORT the transport protocol has it: delivered, if it has no
 *		      payload to queue
 *	     CLONE    the return value is a new skb with the same payload; of an
 *		      ENTRY point the other of arguments 0 and 1 is
 *	     SEGMENTS the return value is a list of new skbs with parts of the payload:
 *		      a record each; of an ENTRY point likewise
 *	     MERGE    the skb's bytes have gone on in another skb, which the other of
 *		      arguments 0 and 1 is, if the return value is 0; else there is
 *		      no record
 *	     CLONED   the packet socket's copy ends here
 *	     DROP     given up, perhaps with a reason; the end if @users is 1
 *	     FREE     the memory goes back: the pointer's life is over
 *	     QUEUED   the return value is 0, or an error: the socket had no room
 *	     NETDEV, RXHANDLER, HOOK, BACKLOG
 *		      the return value is a netdev_tx_t, an
 *		      rx_handler_result_t, nf_hook_slow's, NET_RX_*
 *
 * What makes an skb of another is here, or goes through what is: skb_share_check(),
 * skb_clone_sk() and skb_expand_head() clone; skb_realloc_headroom() does, or copies;
 * XDP's copies (veth, generic) and skb_copy_expand() have skb_copy_header() fill them
 * in; fragments get ip_copy_metadata() or ip6_copy_metadata(), whether they are made or
 * are of a list that the packet has.  Left out:
 *   skb_copy_ubufs, pskb_expand_head, __pskb_pull_tail: the skb stays, its data moves
 *   tcp_fragment, tso_fragment, tcp_mtu_probe, tcp_collapse, tcp_shifted_skb, and
 *	     skb_split and skb_shift, of which these are made: bytes move among the skbs
 *	     of a socket's queue, and their sequence numbers tell
 *   the tcp_tx_skb_cache of 5.3 to 5.13, which is off: the same
 *   __xdp_build_skb_from_frame, build_skb: no skb was there before (XDP_REDIRECT)
 *   nf_send_reset, icmp_send and others that answer: what they send is new
 */
#ifndef SKBTRACE_POINTS_H
#define SKBTRACE_POINTS_H

#define SKBTRACE_POINTS(P) \
	P(1, __tcp_transmit_skb, ENTRY, tcp, vmlinux, ARG1, BYTES, SOCKET, EXACT, BIRTH) \
	P(2, tcp_transmit_skb, ENTRY, tcp, vmlinux, ARG1, BYTES, SOCKET, EXACT, BIRTH) \
	P(3, tcp_v4_rcv, ENTRY, tcp, vmlinux, ARG0, TRANSPORT, SKB, EXACT, TRANSPORT) \
	P(4, tcp_v6_rcv, ENTRY, tcp, ipv6, ARG0, TRANSPORT, SKB, EXACT, TRANSPORT) \
	P(5, tcp_queue_rcv, ENTRY, tcp, vmlinux, ARG1, TRANSPORT, NONE, CONSTPROP, DELIVER) \
	P(6, skb_copy_datagram_iovec, ENTRY, tcp, vmlinux, ARG0, NONE, NONE, EXACT, DELIVER) \
	P(7, tcp_try_rmem_schedule, ENTRY, tcp, vmlinux, ARG1, TRANSPORT, NONE, EXACT, DELIVER) \
	P(10, udp_rcv, ENTRY, udp, vmlinux, ARG0, TRANSPORT, SKB, EXACT, TRANSPORT) \
	P(11, udpv6_rcv, ENTRY, udp, ipv6, ARG0, TRANSPORT, SKB, EXACT, TRANSPORT) \
	P(12, __udp_enqueue_schedule_skb, ENTRY, udp, vmlinux, ARG1, TRANSPORT, SKB, EXACT, DELIVER) \
	P(13, __udp_enqueue_schedule_skb, RETURN, udp, vmlinux, ARG1, NONE, SKB, EXACT, QUEUED) \
	P(21, ip_queue_xmit, ENTRY, ip, vmlinux, XMIT, SEGMENT, SOCKET, EXACT, PASS) \
	P(22, inet6_csk_xmit, ENTRY, ip, ipv6, XMIT, SEGMENT, SOCKET, EXACT, PASS) \
	P(23, ip_send_skb, ENTRY, ip, vmlinux, ARG1, NET_TX, ROUTE, EXACT, BIRTH) \
	P(24, ip6_send_skb, ENTRY, ip, ipv6, ARG0, NET_TX, ROUTE, EXACT, BIRTH) \
	P(25, ip_output, ENTRY, ip, vmlinux, OKFN, NET, ROUTE, EXACT, PASS) \
	P(26, ip6_output, ENTRY, ip, ipv6, OKFN, NET, ROUTE, EXACT, PASS) \
	P(27, ip_finish_output2, ENTRY, ip, vmlinux, OKFN, NET, ROUTE, EXACT, PASS) \
	P(28, ip6_finish_output2, ENTRY, ip, ipv6, OKFN, NET, ROUTE, EXACT, PASS) \
	P(29, ip_rcv, ENTRY, ip, vmlinux, ARG0, NET, SKB, EXACT, PASS) \
	P(30, ip_rcv_core, ENTRY, ip, vmlinux, ARG0, NET, SKB, CONSTPROP, PASS) \
	P(31, ipv6_rcv, ENTRY, ip, ipv6, ARG0, NET, SKB, EXACT, PASS) \
	P(32, ip6_rcv_core, ENTRY, ip, ipv6, ARG0, NET, SKB, CONSTPROP, PASS) \
	P(33, ip_local_deliver, ENTRY, ip, vmlinux, ARG0, NET, SKB, EXACT, PASS) \
	P(34, ip6_input, ENTRY, ip, ipv6, ARG0, NET, SKB, EXACT, PASS) \
	P(35, ip_forward, ENTRY, ip, vmlinux, ARG0, NET, SKB, EXACT, PASS) \
	P(36, ip6_forward, ENTRY, ip, ipv6, ARG0, NET, SKB, EXACT, PASS) \
	P(37, icmp_rcv, ENTRY, ip, vmlinux, ARG0, TRANSPORT, SKB, EXACT, DELIVER) \
	P(38, icmpv6_rcv, ENTRY, ip, ipv6, ARG0, TRANSPORT, SKB, EXACT, DELIVER) \
	P(39, arp_rcv, ENTRY, ip, vmlinux, ARG0, NET, SKB, EXACT, DELIVER) \
	P(40, xfrm_output, ENTRY, ip, vmlinux, ARG1, NET, ROUTE, EXACT, PASS) \
	P(50, __dev_queue_xmit, ENTRY, core, vmlinux, ARG0, LINK, SKB, EXACT, PASS) \
	P(51, dev_hard_start_xmit, ENTRY, core, vmlinux, LIST0, LINK, SKB, EXACT, PASS) \
	P(52, loopback_xmit, ENTRY, core, vmlinux, ARG0, LINK, SKB, EXACT, PASS) \
	P(53, netif_rx_internal, ENTRY, core, vmlinux, ARG0, NET, SKB, EXACT, PASS) \
	P(54, enqueue_to_backlog, ENTRY, core, vmlinux, ARG0, NET, SKB, EXACT, PASS) \
	P(55, napi_gro_receive, ENTRY, core, vmlinux, ARG1, NET, SKB, EXACT, PASS) \
	P(56, gro_receive_skb, ENTRY, core, vmlinux, ARG1, NET, SKB, EXACT, PASS) \
	P(57, __netif_receive_skb_core, ENTRY, core, vmlinux, CORE, NET, SKB, CONSTPROP, PASS) \
	P(58, packet_rcv, ENTRY, core, af_packet, ARG0, AUTO, SKB, EXACT, CLONED) \
	P(59, tpacket_rcv, ENTRY, core, af_packet, ARG0, AUTO, SKB, EXACT, CLONED) \
	P(70, veth_xmit, ENTRY, veth, veth, ARG0, LINK, XMIT, EXACT, PASS) \
	P(71, veth_xmit, RETURN, veth, veth, ARG0, NONE, XMIT, EXACT, NETDEV) \
	P(72, netkit_xmit, ENTRY, veth, vmlinux, ARG0, LINK, XMIT, EXACT, PASS) \
	P(80, br_handle_frame, ENTRY, bridge, bridge, PTR0, NET, MASTER, EXACT, PASS) \
	P(81, br_handle_frame, RETURN, bridge, bridge, PTR0, NONE, MASTER, EXACT, RXHANDLER) \
	P(82, br_handle_frame_finish, ENTRY, bridge, bridge, OKFN, NET, SKB, EXACT, PASS) \
	P(83, __br_forward, ENTRY, bridge, bridge, ARG1, NET, PORT0, EXACT, PASS) \
	P(84, br_forward_finish, ENTRY, bridge, bridge, OKFN, NET, SKB, EXACT, PASS) \
	P(85, br_dev_queue_push_xmit, ENTRY, bridge, bridge, OKFN, NET, SKB, EXACT, PASS) \
	P(86, br_pass_frame_up, ENTRY, bridge, bridge, ARG0, NET, MASTER, EXACT, PASS) \
	P(87, br_netif_receive_skb, ENTRY, bridge, bridge, OKFN, NET, SKB, EXACT, PASS) \
	P(88, br_dev_xmit, ENTRY, bridge, bridge, ARG0, LINK, SKB, EXACT, PASS) \
	P(89, br_forward, ENTRY, bridge, bridge, ARG1, NET, PORT0, EXACT, PASS) \
	P(90, br_flood, ENTRY, bridge, bridge, ARG1, NET, SKB, EXACT, PASS) \
	P(91, br_multicast_flood, ENTRY, bridge, bridge, ARG1, NET, SKB, EXACT, PASS) \
	P(92, br_allowed_ingress, ENTRY, bridge, bridge, ARG2, NET, SKB, EXACT, PASS) \
	P(93, br_allowed_egress, ENTRY, bridge, bridge, ARG1, NET, SKB, EXACT, PASS) \
	P(100, br_nf_pre_routing, ENTRY, netfilter, br_netfilter, ARG1, NET, SKB, EXACT, PASS) \
	P(101, br_nf_pre_routing_finish, ENTRY, netfilter, br_netfilter, OKFN, NET, SKB, EXACT, PASS) \
	P(102, br_nf_forward_ip, ENTRY, netfilter, br_netfilter, ARG1, NET, SKB, EXACT, PASS) \
	P(103, br_nf_forward, ENTRY, netfilter, br_netfilter, ARG1, NET, SKB, EXACT, PASS) \
	P(104, br_nf_forward_finish, ENTRY, netfilter, br_netfilter, OKFN, NET, SKB, EXACT, PASS) \
	P(105, br_nf_post_routing, ENTRY, netfilter, br_netfilter, ARG1, NET, SKB, EXACT, PASS) \
	P(106, br_nf_dev_queue_xmit, ENTRY, netfilter, br_netfilter, OKFN, NET, SKB, EXACT, PASS) \
	P(107, nf_hook_slow, RETURN, netfilter, vmlinux, ARG0, NONE, HOOK, EXACT, HOOK) \
	P(120, skb_clone, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, CLONE) \
	P(121, skb_copy, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, CLONE) \
	P(122, __pskb_copy, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, CLONE) \
	P(123, __pskb_copy_fclone, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, CLONE) \
	P(124, skb_copy_expand, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, CLONE) \
	P(125, skb_copy_header, ENTRY, clone, vmlinux, ARG1, NONE, NONE, EXACT, CLONE) \
	P(126, skb_morph, RETURN, clone, vmlinux, ARG1, NONE, NONE, EXACT, CLONE) \
	P(127, skb_segment, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, SEGMENTS) \
	P(128, skb_segment_list, RETURN, clone, vmlinux, ARG0, NONE, NONE, EXACT, SEGMENTS) \
	P(129, ip_copy_metadata, ENTRY, clone, vmlinux, ARG1, NONE, NONE, EXACT, SEGMENTS) \
	P(130, kfree_skb, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, DROP) \
	P(131, kfree_skb_reason, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, DROP) \
	P(132, sk_skb_reason_drop, ENTRY, free, vmlinux, ARG1, NONE, NONE, EXACT, DROP) \
	P(133, kfree_skbmem, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(134, kfree_skb_partial, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(135, napi_consume_skb, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(136, napi_skb_free_stolen_head, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(137, kfree_skb_list_reason, ENTRY, free, vmlinux, LIST0, NONE, NONE, EXACT, DROP) \
	P(138, __kfree_skb_defer, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(139, __napi_kfree_skb, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(140, skb_attempt_defer_free, ENTRY, free, vmlinux, ARG0, NONE, NONE, EXACT, FREE) \
	P(141, napi_reuse_skb, ENTRY, free, vmlinux, ARG1, NONE, NONE, EXACT, FREE) \
	P(145, ip6_copy_metadata, ENTRY, clone, ipv6, ARG1, NONE, NONE, EXACT, SEGMENTS) \
	P(146, skb_gro_receive, RETURN, clone, vmlinux, ARG1, NONE, NONE, EXACT, MERGE) \
	P(147, skb_gro_receive_list, RETURN, clone, vmlinux, ARG1, NONE, NONE, EXACT, MERGE) \
	P(148, skb_try_coalesce, RETURN, clone, vmlinux, ARG1, NONE, NONE, EXACT, MERGE)

#define SKBTRACE_POINT_ID_MAX	255

#endif /* SKBTRACE_POINTS_H */
