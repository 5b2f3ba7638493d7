// SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note
/*
 * Classic BPF: read, checked and run.  In module and reader; see cbpf.h.
 */
#include <skbtrace/cbpf.h>

static int cbpf_refuse(struct cbpf_error *error, __u32 insn,
			      const char *what)
{
	error->insn = insn;
	error->what = what;
	return -1;
}

static int cbpf_is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' ||
	       c == ';';
}

static const char *cbpf_skip_gap(const char *text)
{
	while (cbpf_is_gap(*text))
		text++;
	return text;
}

/* Return: what follows a decimal number up to @max, or NULL if there is none. */
static const char *cbpf_number(const char *text, __u32 max,
				      __u32 *number)
{
	__u64 n = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		n = n * 10 + (*text - '0');
		if (n > max)
			return NULL;
	}
	if (*text && !cbpf_is_gap(*text))
		return NULL;
	*number = n;
	return text;
}

static const char *cbpf_read_insn(const char *text, __u32 number,
					 struct sock_filter *insn,
					 struct cbpf_error *error)
{
	static const char * const wrong[] = {
		"has a code that is no number up to 65535",
		"has a jt that is no number up to 255",
		"has a jf that is no number up to 255",
		"has a k that is no number up to 4294967295",
	};
	static const __u32 max[] = { 0xffff, 0xff, 0xff, 0xffffffff };
	__u32 field[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		text = cbpf_skip_gap(text);
		if (!*text) {
			cbpf_refuse(error, number, i ?
				    "lacks some of its code, jt, jf and k" :
				    "is missing: the first number says how many there are");
			return NULL;
		}
		text = cbpf_number(text, max[i], &field[i]);
		if (!text) {
			cbpf_refuse(error, number, wrong[i]);
			return NULL;
		}
	}
	insn->code = field[0];
	insn->jt = field[1];
	insn->jf = field[2];
	insn->k = field[3];
	return text;
}

/**
 * cbpf_parse() - read a program
 * @insns: where to
 * @max: how many instructions there is room for
 * @text: as "tcpdump -ddd" prints it: how many instructions there are, and
 *	code, jt, jf and k of each; between the numbers may be blanks, newlines,
 *	commas and semicolons
 * @error: set if it fails
 *
 * Return: the number of instructions, 0 for "0" and an empty text; or -1.
 */
int cbpf_parse(struct sock_filter *insns, __u32 max,
			     const char *text, struct cbpf_error *error)
{
	__u32 nr, i;

	text = cbpf_skip_gap(text);
	if (!*text)
		return 0;
	text = cbpf_number(text, 0xffffffff, &nr);
	if (!text)
		return cbpf_refuse(error, CBPF_NO_INSN,
				   "does not begin with the number of instructions");
	if (nr > max)
		return cbpf_refuse(error, CBPF_NO_INSN,
				   "has too many instructions");
	for (i = 0; i < nr; i++) {
		text = cbpf_read_insn(text, i, &insns[i], error);
		if (!text)
			return -1;
	}
	if (*cbpf_skip_gap(text))
		return cbpf_refuse(error, CBPF_NO_INSN,
				   "has more instructions than its first number says");
	return nr;
}

/* What is wrong with an instruction that has @left others behind it, or NULL. */
static const char *cbpf_wrong(const struct sock_filter *insn, __u32 left)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LDX | BPF_B | BPF_MSH:
		/* SKF_AD_OFF, SKF_NET_OFF, SKF_LL_OFF: of an skb, not of bytes. */
		if (insn->k >> 31)
			return "loads from a negative offset, an extension of Linux";
		return NULL;
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_MOD | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
		return NULL;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return insn->k < BPF_MEMWORDS ? NULL :
		       "has no such word of memory, there are 16";
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return insn->k ? NULL : "divides by zero";
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return insn->k < 32 ? NULL : "shifts by more than 31 bits";
	case BPF_JMP | BPF_JA:
		/* libpcap makes loops of "protochain". */
		if (insn->k >> 31)
			return "jumps back";
		return insn->k < left ? NULL : "jumps behind the last";
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return insn->jt < left && insn->jf < left ? NULL :
		       "jumps behind the last";
	}
	return "has a code that classic BPF does not know";
}

/**
 * cbpf_check() - can a program be run
 * @insns: the program
 * @nr: its number of instructions, at least 1
 * @error: set if not
 *
 * What passes ends after @nr steps at the latest, since all jumps lead forward,
 * and reads and writes nothing that is not its own or the packet's.
 *
 * Return: 1 if it uses memory, 0 if not, or -1.
 */
int cbpf_check(const struct sock_filter *insns, __u32 nr,
			     struct cbpf_error *error)
{
	int uses_memory = 0;
	const char *wrong;
	__u32 i;

	for (i = 0; i < nr; i++) {
		wrong = cbpf_wrong(&insns[i], nr - 1 - i);
		if (wrong)
			return cbpf_refuse(error, i, wrong);
		uses_memory |= BPF_CLASS(insns[i].code) == BPF_ST ||
			       BPF_CLASS(insns[i].code) == BPF_STX ||
			       insns[i].code == (BPF_LD | BPF_MEM) ||
			       insns[i].code == (BPF_LDX | BPF_MEM);
	}
	if (BPF_CLASS(insns[nr - 1].code) != BPF_RET)
		return cbpf_refuse(error, nr - 1,
				   "is the last, and does not return");
	return uses_memory;
}

/**
 * cbpf_start() - where a program begins for IPv4 or IPv6 and a protocol
 * @insns: a program that has passed cbpf_check()
 * @version: 4 or 6
 * @protocol: what is at cbpf_protocol_at() of the header
 *
 * libpcap's programs begin with asking for these, more than once, and most
 * packets that are rejected are rejected because of the answers.
 *
 * Return: a number of instructions that make no difference to a packet with
 * such an IP header, all of which is there.
 */
__u32 cbpf_start(const struct sock_filter *insns, __u32 version,
			       __u32 protocol)
{
	__u32 start = 0, at = 0, a;

	for (;;) {
		if (insns[at].code != (BPF_LD | BPF_B | BPF_ABS))
			break;
		if (insns[at].k == 0 &&
		    insns[at + 1].code == (BPF_ALU | BPF_AND | BPF_K) &&
		    insns[at + 1].k == 0xf0) {
			a = version << 4;
			at += 2;
		} else if (insns[at].k == cbpf_protocol_at(version)) {
			a = protocol;
			at++;
		} else {
			break;
		}
		while (insns[at].code == (BPF_JMP | BPF_JEQ | BPF_K))
			at += 1 + (insns[at].k == a ? insns[at].jt : insns[at].jf);
		/* A is loaded anew there, so what it was does not matter. */
		if (BPF_CLASS(insns[at].code) != BPF_LD &&
		    insns[at].code != (BPF_RET | BPF_K))
			break;
		start = at;
	}
	return start;
}

static __u32 cbpf_be16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

static __u32 cbpf_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* See cbpf_run(); @mem may be NULL if the program uses none. */
__u32 cbpf_run_in(const struct sock_filter *insn, const __u8 *packet, __u32 len,
		  __u32 wire_len, __u32 *mem)
{
	__u32 a = 0, x = 0, k;
	__u16 code;
	__u64 at;

	for (;; insn++) {
		code = insn->code;
		k = insn->k;
		/*
		 * First what programs mostly consist of: kernels are built
		 * without jump tables, and a switch of this size takes longer
		 * to find its case than a case to run.
		 */
		if (code == (BPF_LD | BPF_B | BPF_ABS)) {
			if (k >= len)
				return 0;
			a = packet[k];
			continue;
		}
		if (code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			insn += a == k ? insn->jt : insn->jf;
			continue;
		}
		if (code == (BPF_RET | BPF_K))
			return k;
		if (code == (BPF_LD | BPF_H | BPF_ABS)) {
			if ((__u64)k + 2 > len)
				return 0;
			a = cbpf_be16(packet + k);
			continue;
		}
		if (code == (BPF_LD | BPF_H | BPF_IND)) {
			at = (__u64)x + k;
			if (at + 2 > len)
				return 0;
			a = cbpf_be16(packet + at);
			continue;
		}
		if (code == (BPF_JMP | BPF_JSET | BPF_K)) {
			insn += a & k ? insn->jt : insn->jf;
			continue;
		}
		if (code == (BPF_LDX | BPF_B | BPF_MSH)) {
			if (k >= len)
				return 0;
			x = (packet[k] & 0xf) << 2;
			continue;
		}
		if (code == (BPF_LD | BPF_W | BPF_ABS)) {
			if ((__u64)k + 4 > len)
				return 0;
			a = cbpf_be32(packet + k);
			continue;
		}
		switch (code) {
		case BPF_LD | BPF_W | BPF_IND:
			at = (__u64)x + k;
			if (at + 4 > len)
				return 0;
			a = cbpf_be32(packet + at);
			break;
		case BPF_LD | BPF_B | BPF_IND:
			at = (__u64)x + k;
			if (at >= len)
				return 0;
			a = packet[at];
			break;
		case BPF_LD | BPF_W | BPF_LEN:
			a = wire_len;
			break;
		case BPF_LDX | BPF_W | BPF_LEN:
			x = wire_len;
			break;
		case BPF_LD | BPF_IMM:
			a = k;
			break;
		case BPF_LDX | BPF_IMM:
			x = k;
			break;
		case BPF_LD | BPF_MEM:
			a = mem[k];
			break;
		case BPF_LDX | BPF_MEM:
			x = mem[k];
			break;
		case BPF_ST:
			mem[k] = a;
			break;
		case BPF_STX:
			mem[k] = x;
			break;
		case BPF_ALU | BPF_ADD | BPF_K:
			a += k;
			break;
		case BPF_ALU | BPF_ADD | BPF_X:
			a += x;
			break;
		case BPF_ALU | BPF_SUB | BPF_K:
			a -= k;
			break;
		case BPF_ALU | BPF_SUB | BPF_X:
			a -= x;
			break;
		case BPF_ALU | BPF_MUL | BPF_K:
			a *= k;
			break;
		case BPF_ALU | BPF_MUL | BPF_X:
			a *= x;
			break;
		case BPF_ALU | BPF_DIV | BPF_K:
			a /= k;
			break;
		case BPF_ALU | BPF_DIV | BPF_X:
			if (!x)
				return 0;
			a /= x;
			break;
		case BPF_ALU | BPF_MOD | BPF_K:
			a %= k;
			break;
		case BPF_ALU | BPF_MOD | BPF_X:
			if (!x)
				return 0;
			a %= x;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= k;
			break;
		case BPF_ALU | BPF_AND | BPF_X:
			a &= x;
			break;
		case BPF_ALU | BPF_OR | BPF_K:
			a |= k;
			break;
		case BPF_ALU | BPF_OR | BPF_X:
			a |= x;
			break;
		case BPF_ALU | BPF_XOR | BPF_K:
			a ^= k;
			break;
		case BPF_ALU | BPF_XOR | BPF_X:
			a ^= x;
			break;
		case BPF_ALU | BPF_LSH | BPF_K:
			a <<= k;
			break;
		case BPF_ALU | BPF_LSH | BPF_X:
			a = x < 32 ? a << x : 0;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			a >>= k;
			break;
		case BPF_ALU | BPF_RSH | BPF_X:
			a = x < 32 ? a >> x : 0;
			break;
		case BPF_ALU | BPF_NEG:
			a = -a;
			break;
		case BPF_JMP | BPF_JA:
			insn += k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_X:
			insn += a == x ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			insn += a > k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_X:
			insn += a > x ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			insn += a >= k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_X:
			insn += a >= x ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_X:
			insn += a & x ? insn->jt : insn->jf;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_RET | BPF_A:
			return a;
		default:
			return 0;	/* cbpf_check() has seen to it */
		}
	}
}

/* In a function of its own: few programs need it, and it takes as long as they. */
__u32 cbpf_run_with_memory(const struct sock_filter *insns, const __u8 *packet,
			   __u32 len, __u32 wire_len)
{
	__u32 mem[BPF_MEMWORDS] = { 0 };

	return cbpf_run_in(insns, packet, len, wire_len, mem);
}
