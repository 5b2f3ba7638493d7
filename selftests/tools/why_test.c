// SPDX-License-Identifier: GPL-2.0
/* Why a packet was dropped or changed: of what is known of a host, the right thing. */
#include "kselftest_harness.h"

#include "hops.h"
#include "ask/ask.h"
#include "show/show.h"
#include "show/show_why.h"
#include "why/why.h"

#define NETNS		4026532001u
#define OTHER_NETNS	4026532002u

static const char *facts;

static char *fixed_text(struct source *source, enum source_text which, struct error *error)
{
	static const char * const texts[SOURCE_NR_TEXTS] = {
		[SOURCE_POINTS] = "",
		[SOURCE_STATS] = "",
		[SOURCE_STACKS] = "",
		[SOURCE_REASONS] = "2 NOT_SPECIFIED\n3 NO_SOCKET\n8 NETFILTER_DROP\n"
				   "20 IP_RPFILTER\n21 PKT_TOO_BIG\n22 TC_INGRESS\n23 XDP\n",
		[SOURCE_NETNS] = "4026532001 blue\n",
		[SOURCE_SYMBOLS] = "ffffffff81000000 T nf_hook_slow\n"
				   "ffffffff81001000 T br_forward\n"
				   "ffffffff81002000 t __allowed_ingress\n"
				   "ffffffff81003000 t ip_error\n"
				   "ffffffff81004000 t nf_queue\n"
				   "ffffffff81005000 t br_flood\n"
				   "ffffffff81006000 t arp_error_report\n"
				   "ffffffff81007000 t ip_rcv_finish_core.constprop.0\n"
				   "ffffffff81008000 t veth_xdp_rcv_skb\n"
				   "ffffffff81009000 t frobnicate\n"
				   "ffffffff8100a000 t __dev_forward_skb\n"
				   "ffffffff8100b000 t br_multicast_flood\n"
				   "ffffffff8100c000 t last\n",
	};

	return strdup(which == SOURCE_FACTS ? facts : texts[which]);
}

enum dropper {
	NF_HOOK_SLOW, BR_FORWARD, ALLOWED_INGRESS, IP_ERROR, NF_QUEUE, BR_FLOOD,
	ARP_ERROR_REPORT, IP_RCV_FINISH, VETH_XDP_RCV, FROBNICATE, DEV_FORWARD, BR_MULTICAST_FLOOD,
};

static uint64_t caller(enum dropper which)
{
	return 0xffffffff81000000ULL + which * 0x1000 + 0x10;
}

static const struct source_ops text_ops = { .text = fixed_text };

FIXTURE(why)
{
	struct source source;
	struct names *names;
	struct why *why;
	struct show show;
	char *text;
	size_t len;
	struct test t;
};

FIXTURE_SETUP(why)
{
	struct error error;

	memset(&self->source, 0, sizeof(self->source));
	self->source.ops = &text_ops;
	self->names = names_new(&self->source, &error);
	ASSERT_NE(NULL, self->names);
	self->why = why_new(&self->source, self->names);
	ASSERT_NE(NULL, self->why);
	memset(&self->show, 0, sizeof(self->show));
	self->show.names = self->names;
	self->show.why = self->why;
	self->show.out = open_memstream(&self->text, &self->len);
	ASSERT_NE(NULL, self->show.out);
}

FIXTURE_TEARDOWN(why)
{
	fclose(self->show.out);
	free(self->text);
	why_free(self->why);
	names_free(self->names);
}

static void show_reasons(void *context, const struct journey *journey)
{
	FIXTURE_DATA(why) *self = context;
	struct verdict verdict;

	verdict_of(journey, 0, &verdict);
	show_why(&self->show, journey, &verdict);
}

/* The lines of the journey of these hops, on a host of which that is known. */
static const char *reasons(FIXTURE_DATA(why) *self, const char *known,
			   const struct hop *hops, size_t nr)
{
	const struct journey_config config = JOURNEY_CONFIG_DEFAULT;
	const struct journey_reasons numbers = {
		REASON_CONSUMED, REASON_UNSPECIFIED, REASON_NO_SOCKET, REASON_QUEUE_PURGE,
		REASON_SOCKET_CLOSE, REASON_OTHERHOST
	};
	struct test *t = &self->t;

	facts = known;
	t->ts = SEC;
	t->engine = journey_engine_new(&config, &numbers, show_reasons, self);
	while (nr--)
		feed(t, *hops++);
	journey_flush(t->engine);
	journey_engine_free(t->engine);
	fflush(self->show.out);
	return self->text ? self->text : "";
}

#define EXPECT_REASONS(expected, known, ...) do {				\
	const struct hop hops[] = { __VA_ARGS__ };				\
	EXPECT_STREQ(expected, reasons(self, known, hops, sizeof(hops) / sizeof(hops[0]))); \
} while (0)

#define BLUE	"netns 4026532001\n"
#define GREEN	"netns 4026532002\n"

#define AT(...)	{ __VA_ARGS__, .skb = 0x10, .netns = NETNS }
#define DROP(who, why)	{ "kfree_skb_reason", .skb = 0x10, .reason = why, .caller = caller(who) }
#define OLD_DROP(who)	{ "kfree_skb", .skb = 0x10, .caller = caller(who) }
#define GONE		{ "kfree_skbmem", .skb = 0x10 }
#define HOOK(family, number, returned) \
	{ "nf_hook_slow:return", .skb = 0x10, .netns = NETNS, .dev = "a0", .peer = "b0", \
	  .duration = 1500, .hook_family = family, .hook = number, .ret = returned }

#define GUARD	"hook 2 number=2 kind=nft table=why chain=guard dev=- policy=accept rules=2 drops=1 " \
		"mangles=0 queues=0\n"
#define OTHER_HOOK "hook 2 number=0 kind=nft table=why chain=other dev=- policy=drop rules=2 " \
		"drops=1 mangles=0 queues=0\n"
#define FILTER	"hook 2 number=2 kind=iptables table=filter chain=FORWARD dev=- policy=drop rules=0 " \
		"drops=0 mangles=0 queues=0\n"

TEST_F(why, a_chain_that_drops)
{
	EXPECT_REASONS("   why: dropped in netfilter's hook forward of ipv4 on a0 ⇒ b0, where "
		       "chain guard of table why drops (rules that drop: 1) -- see: ip netns exec "
		       "blue nft list chain ip why guard\n",
		       GREEN FILTER BLUE OTHER_HOOK GUARD,
		       AT("ip_forward", .dev = "a0"), DROP(NF_HOOK_SLOW, REASON_NETFILTER), GONE,
		       HOOK(2, 2, -1));
}

TEST_F(why, several_chains_that_may_have_dropped_it)
{
	EXPECT_REASONS("   why: dropped in netfilter's hook forward of ipv4 on a0 ⇒ b0, where "
		       "chain guard of table why drops (rules that drop: 1) -- see: ip netns exec "
		       "blue nft list chain ip why guard\n"
		       "   why: dropped in netfilter's hook forward of ipv4 on a0 ⇒ b0, where "
		       "chain FORWARD of table filter drops (policy drop) -- see: ip netns exec "
		       "blue iptables -t filter -vnL FORWARD\n",
		       BLUE GUARD FILTER,
		       AT("ip_forward", .dev = "a0"), OLD_DROP(NF_HOOK_SLOW), GONE, HOOK(2, 2, -1));
}

TEST_F(why, a_hook_without_a_chain_that_is_known)
{
	EXPECT_REASONS("   why: dropped in netfilter's hook forward of bridge on a0 ⇒ b0: no "
		       "chain of nftables or iptables there drops; a module (conntrack, ebtables, "
		       "...) may -- see: ip netns exec blue nft list ruleset; iptables-save\n",
		       BLUE GUARD,
		       AT("__br_forward", .dev = "a0"), DROP(NF_HOOK_SLOW, REASON_NETFILTER), GONE,
		       HOOK(7, 2, -1));
}

/* Inside, IPv4's hook has dropped it; bridge's was told that it is gone. */
TEST_F(why, the_innermost_hook_counts)
{
	EXPECT_REASONS("   why: dropped in netfilter's hook forward of ipv4 on a0 ⇒ b0, where "
		       "chain FORWARD of table filter drops (policy drop) -- see: ip netns exec "
		       "blue iptables -t filter -vnL FORWARD\n",
		       BLUE FILTER,
		       AT("br_nf_forward_ip", .dev = "a0"), DROP(NF_HOOK_SLOW, REASON_NETFILTER), GONE,
		       HOOK(2, 2, -1), HOOK(7, 2, 0));
}

TEST_F(why, a_queue_that_nobody_listens_to)
{
	EXPECT_REASONS("   why: a rule in netfilter's hook forward of ipv4 on a0 ⇒ b0 queues it "
		       "for a program (NFQUEUE), and none listens -- see: ip netns exec blue cat "
		       "/proc/net/netfilter/nfnetlink_queue\n",
		       BLUE GUARD,
		       AT("ip_forward", .dev = "a0"), DROP(NF_QUEUE, REASON_UNSPECIFIED), GONE,
		       HOOK(2, 2, 0));
}

TEST_F(why, a_queue_that_somebody_listens_to)
{
	EXPECT_REASONS("   may be: a rule in netfilter's hook forward of ipv4 on a0 ⇒ b0 queues "
		       "it for a program (NFQUEUE), whose queue was full or was not the one of "
		       "the rule -- see: ip netns exec blue cat "
		       "/proc/net/netfilter/nfnetlink_queue\n",
		       BLUE GUARD "nfqueue 7 pid=33\n",
		       AT("ip_forward", .dev = "a0"), OLD_DROP(NF_HOOK_SLOW), GONE, HOOK(2, 2, 0));
}

#define PORTS	"bridge br0 vlan_filtering=1 mcast_snooping=1 stp=0\n" \
		"port a0 bridge=br0 state=3 hairpin=0 isolated=0 flood=1 mcast_flood=1\n" \
		"port b0 bridge=br0 state=3 hairpin=0 isolated=0 flood=1 mcast_flood=1\n" \
		"vlan a0 vids=1,201pu\nvlan b0 vids=1pu,7,100-200u\n"

TEST_F(why, a_port_that_is_not_in_the_vlan)
{
	EXPECT_REASONS("   why: port a0 is not in VLAN 7: the bridge does not let it in (the "
		       "port's VLANs: 1,201pu) -- see: ip netns exec blue bridge vlan show dev "
		       "a0\n",
		       BLUE PORTS,
		       AT("br_allowed_ingress", .dev = "a0", .vlan = 7),
		       DROP(ALLOWED_INGRESS, REASON_UNSPECIFIED), GONE);
}

TEST_F(why, a_way_out_that_is_not_in_the_vlan)
{
	EXPECT_REASONS("   why: port b0 is not in VLAN 201, which it was to go out to (the port's "
		       "VLANs: 1pu,7,100-200u) -- see: ip netns exec blue bridge vlan show dev "
		       "b0\n",
		       BLUE PORTS,
		       AT("br_forward", .dev = "a0", .peer = "b0", .vlan = 201),
		       AT("br_allowed_egress", .dev = "a0", .vlan = 201),
		       DROP(BR_FORWARD, REASON_UNSPECIFIED), GONE);
}

/* In a range of VLANs: then it is something else. */
TEST_F(why, a_way_out_that_is_in_the_vlan)
{
	EXPECT_REASONS("   why: given up in br_forward(), for a reason that the kernel does not "
		       "tell -- see: skbtrace report --stack (module: stack=1); the kernel's "
		       "source of br_forward()\n",
		       BLUE PORTS,
		       AT("br_forward", .dev = "a0", .peer = "b0", .vlan = 150),
		       AT("br_allowed_egress", .dev = "a0", .vlan = 150),
		       DROP(BR_FORWARD, REASON_UNSPECIFIED), GONE);
}

TEST_F(why, no_port_in_the_vlan)
{
	EXPECT_REASONS("   why: no other port of br0 is in VLAN 201 -- see: ip netns exec blue "
		       "bridge vlan show\n",
		       BLUE PORTS,
		       AT("br_flood", .dev = "a0", .vlan = 201),
		       AT("br_allowed_egress", .dev = "a0", .vlan = 201),
		       DROP(BR_FLOOD, REASON_UNSPECIFIED), GONE);
}

TEST_F(why, out_of_the_port_that_it_came_in_by)
{
	EXPECT_REASONS("   why: it would have to go out of a0, the port that it came in by, which "
		       "is not in hairpin mode -- see: ip netns exec blue bridge -d link show dev "
		       "a0\n",
		       BLUE PORTS,
		       AT("br_forward", .dev = "a0", .peer = "a0", .vlan = 1),
		       DROP(BR_FORWARD, REASON_UNSPECIFIED), GONE);
}

/* Of a host of which nothing is known it is a guess. */
TEST_F(why, perhaps_out_of_the_port_that_it_came_in_by)
{
	EXPECT_REASONS("   may be: it would have to go out of a0, the port that it came in by, "
		       "which is not in hairpin mode -- see: ip netns exec blue bridge -d link "
		       "show dev a0\n",
		       "", AT("br_forward", .dev = "a0", .peer = "a0"), OLD_DROP(BR_FORWARD), GONE);
}

TEST_F(why, a_port_that_does_not_forward)
{
	EXPECT_REASONS("   why: port b0 is blocking, not forwarding (STP, or it is down) -- see: "
		       "ip netns exec blue bridge -d link show dev b0\n",
		       BLUE "port b0 bridge=br0 state=4 hairpin=0 isolated=0\n",
		       AT("br_forward", .dev = "a0", .peer = "b0"), OLD_DROP(BR_FORWARD), GONE);
}

TEST_F(why, no_port_to_flood_to)
{
	EXPECT_REASONS("   why: no other port of br0 forwards -- see: ip netns exec blue bridge "
		       "-d link show master br0\n",
		       BLUE "port a0 bridge=br0 state=3\nport b0 bridge=br0 state=4\nport c0 "
		       "bridge=br1 state=3\n",
		       AT("br_flood", .dev = "a0"), OLD_DROP(BR_FLOOD), GONE);
}

TEST_F(why, nobody_has_joined)
{
	EXPECT_REASONS("   why: multicast snooping: behind no other port has anybody joined "
		       "10.0.0.1, and none leads to a router -- see: ip netns exec blue bridge "
		       "mdb show\n",
		       BLUE PORTS,
		       AT("br_multicast_flood", .dev = "a0"), OLD_DROP(BR_MULTICAST_FLOOD), GONE);
}

TEST_F(why, forwarding_is_off)
{
	EXPECT_REASONS("   why: forwarding is off on a0, and 10.0.0.1 is not this host's -- see: "
		       "ip netns exec blue sysctl net.ipv4.conf.a0.forwarding\n",
		       BLUE "conf a0 rp_filter=1 forwarding=0 forwarding6=0\n",
		       AT("ip_rcv", .dev = "a0"), DROP(IP_ERROR, REASON_UNSPECIFIED), GONE);
}

TEST_F(why, no_route)
{
	EXPECT_REASONS("   may be: no route to 10.0.0.1, or one that is unreachable, prohibit or "
		       "blackhole -- see: ip netns exec blue ip route get 10.0.0.1\n",
		       BLUE "conf a0 rp_filter=1 forwarding=1 forwarding6=0\n",
		       AT("ip_rcv", .dev = "a0"), DROP(IP_ERROR, REASON_UNSPECIFIED), GONE);
}

TEST_F(why, the_way_back_is_another)
{
	EXPECT_REASONS("   why: rp_filter is 1 (strict) on a0: the way back to its source "
		       "10.0.0.7 is not out of there -- see: ip netns exec blue ip route get "
		       "10.0.0.7\n",
		       BLUE "conf all rp_filter=1\nconf a0 rp_filter=0 forwarding=1\n",
		       AT("ip_rcv", .dev = "a0", .flow = 7), DROP(IP_RCV_FINISH, 20), GONE);
}

/* Before 5.18 no reason says that it was that. */
TEST_F(why, the_way_back_may_be_another)
{
	EXPECT_REASONS("   may be: rp_filter is 2 (loose) on a0: there is no way back to its "
		       "source 10.0.0.7 -- see: ip netns exec blue ip route get 10.0.0.7\n",
		       BLUE "conf all rp_filter=1\nconf a0 rp_filter=2 forwarding=1\n",
		       AT("ip_rcv", .dev = "a0", .flow = 7), OLD_DROP(IP_RCV_FINISH), GONE);
}

TEST_F(why, a_neighbour_that_does_not_answer)
{
	EXPECT_REASONS("   why: 10.0.0.1 on b0 has not answered who it is (ARP) -- see: ip netns "
		       "exec blue ip neigh show dev b0\n",
		       BLUE "neigh b0 ip=10.0.0.5 state=failed\nneigh b0 ip=10.0.0.1 state=failed\n"
		       "neigh a0 ip=10.0.0.9 state=failed\n",
		       AT("ip_finish_output2", .dev = "b0"), OLD_DROP(ARP_ERROR_REPORT), GONE);
}

TEST_F(why, it_waits_for_a_neighbour)
{
	EXPECT_REASONS("   may be: 10.0.0.5 on b0 has not answered who it is (ARP) -- see: ip "
		       "netns exec blue ip neigh show dev b0\n",
		       BLUE "neigh b0 ip=10.0.0.5 state=incomplete\n",
		       AT("ip_finish_output2", .dev = "b0"));
}

#define PAIR(mtu)	BLUE "link b0 index=5 kind=veth mtu=1500 up=1 link=2 elsewhere=1\n" \
			GREEN "link b index=9 kind=veth mtu=70 up=1 link=5\n" \
			"link b index=2 kind=veth mtu=" mtu " up=1 link=5 elsewhere=1 xdp=driver:12\n"

TEST_F(why, the_other_end_takes_less)
{
	EXPECT_REASONS("   why: too long for the other end: its packet has 114 bytes, the MTU of "
		       "b is 100 -- see: ip -d link show dev b\n",
		       BLUE "link b0 index=5 kind=veth mtu=1500 up=1 link=2 elsewhere=1\n"
		       GREEN "link b index=2 kind=veth mtu=100 up=1 link=5\n",
		       AT("veth_xmit", .dev = "b0", .peer = "b"), OLD_DROP(DEV_FORWARD), GONE);
}

TEST_F(why, a_program_drops)
{
	EXPECT_REASONS("   why: XDP_DROP (or an error) of program 12 on b (driver mode) -- see: "
		       "ip netns exec blue bpftool net show; bpftool prog show id 12\n",
		       BLUE "link b0 index=5 kind=veth mtu=1500 up=1 link=2 elsewhere=1\n"
		       GREEN "link b index=2 kind=veth mtu=1500 up=1 link=5 xdp=driver:12\n",
		       AT("veth_xmit", .dev = "b0", .peer = "b"), OLD_DROP(VETH_XDP_RCV), GONE);
}

TEST_F(why, a_program_takes)
{
	EXPECT_REASONS("   may be: turned back or redirected (XDP_TX, XDP_REDIRECT) by XDP "
		       "program 12 on b (driver mode) -- see: ip netns exec blue bpftool prog "
		       "show id 12\n",
		       BLUE "link b0 index=5 kind=veth mtu=1500 up=1 link=2 elsewhere=1\n"
		       GREEN "link b index=2 kind=veth mtu=1500 up=1 link=5 xdp=driver:12\n",
		       AT("veth_xmit", .dev = "b0", .peer = "b"), GONE);
}

#define TC	"qdisc b0 kind=pfifo_fast root=1\n" \
		"filter a0 way=ingress kind=u32 pref=5 actions=drop\n" \
		"filter a0 way=egress kind=u32 pref=6 actions=pedit\n" \
		"filter b0 way=egress kind=flower pref=7 actions=pedit,csum\n" \
		"filter b0 way=egress kind=matchall pref=8 actions=mirred\n"

TEST_F(why, a_filter_of_tc_drops)
{
	EXPECT_REASONS("   why: dropped by a tc filter at ingress of a0: u32, pref 5, action drop "
		       "-- see: ip netns exec blue tc -s filter show dev a0 ingress\n",
		       BLUE TC,
		       AT("__netif_receive_skb_core", .dev = "a0"), DROP(FROBNICATE, 22), GONE);
}

TEST_F(why, a_filter_of_tc_writes)
{
	EXPECT_REASONS("   may be: a tc filter at egress of b0, flower, pref 7, with action "
		       "pedit,csum -- see: ip netns exec blue tc -s filter show dev b0 egress\n",
		       BLUE TC,
		       AT("__dev_queue_xmit", .dev = "b0"),
		       AT("dev_hard_start_xmit", .dev = "b0", .crc = 0xbad), GONE);
}

TEST_F(why, a_chain_that_writes)
{
	EXPECT_REASONS("   may be: chain edit of table inet t: rules that write into packets: 2 "
		       "-- see: ip netns exec blue nft list table inet t\n",
		       BLUE GUARD "hook 1 number=2 kind=nft table=t chain=edit dev=- "
		       "policy=accept rules=2 drops=0 mangles=2 queues=0\n",
		       AT("ip_forward", .dev = "a0"), AT("ip_output", .dev = "b0", .crc = 0xbad), GONE);
}

/* Where nothing is known to write, that is what is said. */
TEST_F(why, nothing_known_writes)
{
	EXPECT_REASONS("   may be: no tc filter, XDP program or rule of nftables that this host "
		       "tells of writes into packets there: a driver, a module, or whoever else "
		       "has the pages -- see: skbtrace report --stack (module: stack=1)\n",
		       BLUE GUARD, AT("ip_forward", .dev = "a0"),
		       AT("ip_output", .dev = "b0", .crc = 0xbad), GONE);
}

/* From a file of before, or of a namespace that could not be entered. */
TEST_F(why, nothing_is_known)
{
	EXPECT_REASONS("   why: given up in frobnicate(), for a reason that the kernel does not "
		       "tell -- see: skbtrace report --stack (module: stack=1); the kernel's "
		       "source of frobnicate()\n",
		       "", AT("ip_rcv", .dev = "a0"), DROP(FROBNICATE, REASON_UNSPECIFIED), GONE);
}

TEST_F(why, nobody_has_the_port)
{
	EXPECT_REASONS("   why: no socket here is bound to 10.0.0.1, udp port 80 -- see: ip netns "
		       "exec blue ss -uanp sport = :80\n",
		       BLUE, AT("udp_rcv", .dev = "b", .len = NO_PAYLOAD),
		       DROP(FROBNICATE, REASON_NO_SOCKET), GONE);
}

TEST_F(why, a_syn_to_a_full_queue)
{
	EXPECT_REASONS("   may be: the queue of the socket that listens at port 80 may be full: 3 "
		       "connections wait for its program to accept them -- see: ip netns exec blue "
		       "ss -ltn sport = :80\n",
		       BLUE "listen 22 family=tcp queued=1\nlisten 80 family=tcp queued=3\n",
		       AT("ip_rcv", .dev = "b", .l4proto = IPPROTO_TCP, .tcp_flags = 2, .len = NO_PAYLOAD),
		       AT("tcp_v4_rcv", .dev = "b", .l4proto = IPPROTO_TCP, .tcp_flags = 2,
			  .len = NO_PAYLOAD, .sp = 0x8000),
		       { "kfree_skbmem", .skb = 0x10, .sp = 0x7f00 });
}

/* An intact journey that arrived has no reasons, whatever there is on the host. */
TEST_F(why, all_is_well)
{
	EXPECT_REASONS("", BLUE TC PORTS GUARD FILTER,
		       AT("ip_rcv", .dev = "a0"), AT("__udp_enqueue_schedule_skb", .dev = "a0"), GONE);
}

/* Lines that are cut off, or are none, do no harm. */
TEST_F(why, facts_that_lie)
{
	EXPECT_REASONS("   why: port a0 is not in VLAN 7: the bridge does not let it in (the "
		       "port's VLANs: none) -- see: ip netns exec blue bridge vlan show dev a0\n",
		       "netns x\nnetns 4026532001\nvlan\nvlan a0\nvlan a0 vids\nport a0\nvlan a0 "
		       "vids=1-,2-\nport a0 state",
		       AT("br_allowed_ingress", .dev = "a0", .vlan = 7),
		       DROP(ALLOWED_INGRESS, REASON_UNSPECIFIED), GONE);
}

/* What a file has is believed by nobody: any bytes do no harm. */
TEST_F(why, facts_of_any_bytes)
{
	const struct hop places[][2] = {
		{ AT("br_allowed_ingress", .dev = "a0", .vlan = 7), DROP(ALLOWED_INGRESS, 2) },
		{ AT("br_flood", .dev = "a0", .vlan = 201), DROP(BR_FLOOD, 2) },
		{ AT("br_forward", .dev = "a0", .peer = "b0", .vlan = 201), DROP(BR_FORWARD, 2) },
		{ AT("ip_forward", .dev = "a0"), DROP(NF_HOOK_SLOW, REASON_NETFILTER) },
		{ AT("ip_rcv", .dev = "a0"), DROP(IP_RCV_FINISH, 20) },
		{ AT("ip_rcv", .dev = "a0"), DROP(IP_ERROR, 2) },
		{ AT("veth_xmit", .dev = "b0", .peer = "b"), DROP(VETH_XDP_RCV, 23) },
		{ AT("veth_xmit", .dev = "b0", .peer = "b"), DROP(DEV_FORWARD, 2) },
		{ AT("__netif_receive_skb_core", .dev = "a0"), DROP(FROBNICATE, 22) },
		{ AT("ip_finish_output2", .dev = "b0"), DROP(ARP_ERROR_REPORT, 2) },
		{ AT("__dev_queue_xmit", .dev = "b0"),
		  AT("dev_hard_start_xmit", .dev = "b0", .crc = 0xbad) },
		{ AT("ip_forward", .dev = "a0"), AT("ip_output", .dev = "b0", .crc = 0xbad) },
	};
	static const char right[] = PAIR("1500") BLUE PORTS GUARD FILTER TC
		"conf all rp_filter=1\nconf a0 rp_filter=2 forwarding=0\nneigh b0 ip=10.0.0.1 "
		"state=failed\nlisten 80 family=tcp queued=3\nnfqueue 7 pid=33\n";
	static const char marks[] = "\n =:,-0p9\xff\x01";
	char wrong[sizeof(right)];
	unsigned int i, k, seed = 1;

	for (i = 0; i < 600; i++) {
		const struct hop *hops = places[i % (sizeof(places) / sizeof(places[0]))];

		memcpy(wrong, right, sizeof(right));
		for (k = 0; k < 1 + i % 40; k++)
			wrong[rand_r(&seed) % (sizeof(right) - 1)] =
				marks[rand_r(&seed) % (sizeof(marks) - 1)];
		wrong[rand_r(&seed) % sizeof(right)] = '\0';
		/* It is asked for once. */
		why_free(self->why);
		self->why = why_new(&self->source, self->names);
		self->show.why = self->why;
		memset(&self->t, 0, sizeof(self->t));
		reasons(self, wrong, hops, 2);
	}
	EXPECT_NE(NULL, strstr(reasons(self, "", places[0], 0), "   why: "));
}

/* This machine answers, whoever asks; the text has what the reasons look for. */
TEST(host_answers)
{
	struct error error;
	char *text = ask_all(&error);

	ASSERT_NE(NULL, text);
	EXPECT_EQ(text, strstr(text, "netns "));
	EXPECT_NE(NULL, strstr(text, "\nlink lo index=1 "));
	EXPECT_NE(NULL, strstr(text, "\nconf all rp_filter="));
	free(text);
}

TEST_HARNESS_MAIN
