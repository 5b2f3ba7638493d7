/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKBTRACE_TOOLS_NETLINK_H
#define SKBTRACE_TOOLS_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked of most is asked of the whole namespace; no answer has more than this. */
#define NETLINK_ATTRIBUTES	64

/**
 * struct attributes - those of a message, or of an attribute that has some
 * @at: each, by its number; NULL if it is not there
 */
struct attributes {
	const struct nlattr *at[NETLINK_ATTRIBUTES];
};

/**
 * typedef netlink_answer - what is done with one message of an answer
 * @context: the caller's
 * @message: the message, whole
 */
typedef void (*netlink_answer)(void *context, const struct nlmsghdr *message);

int netlink_dump(int protocol, uint16_t type, const void *request, size_t size,
		 netlink_answer answer, void *context);

void attributes_of(struct attributes *attributes, const void *first, size_t len);
void attributes_of_message(struct attributes *attributes, const struct nlmsghdr *message,
			   size_t header);
void attributes_nested(struct attributes *attributes, const struct nlattr *nest);
const struct nlattr *attribute_first(const struct nlattr *nest, size_t *left);
const struct nlattr *attribute_next(const struct nlattr *attribute, size_t *left);
const void *attribute_data(const struct nlattr *attribute, size_t least);
size_t attribute_len(const struct nlattr *attribute);
uint32_t attribute_number(const struct nlattr *attribute, uint32_t otherwise);
uint32_t attribute_be32(const struct nlattr *attribute, uint32_t otherwise);
const char *attribute_text(const struct nlattr *attribute);

#endif /* SKBTRACE_TOOLS_NETLINK_H */
