// SPDX-License-Identifier: GPL-2.0
/*
 * Asking the kernel over netlink: one question, all of the answer.
 *
 * What comes is not trusted to be well formed: a module that is not of this kernel may
 * answer, too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "netlink.h"

/* The kernel fills no more than 32 KiB at once; of what it would it says so. */
#define ANSWER_SIZE	(64 << 10)

/* Whoever holds the lock of the network's settings for longer is waited for no longer. */
#define PATIENCE_S	2

static int ask(int protocol, uint16_t type, const void *request, size_t size)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct {
		struct nlmsghdr header;
		char request[256];
	} message;
	int fd;

	if (size > sizeof(message.request))
		return -1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -1;
	memset(&message, 0, sizeof(message));
	message.header.nlmsg_len = NLMSG_LENGTH(size);
	message.header.nlmsg_type = type;
	message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message.header.nlmsg_seq = 1;
	memcpy(message.request, request, size);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (sendto(fd, &message, message.header.nlmsg_len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Return: false when there is no more to come. */
static bool take(const char *bytes, size_t len, netlink_answer answer, void *context)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)bytes;

	while (len >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= len) {
		size_t step = NLMSG_ALIGN(message->nlmsg_len);

		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return false;
		if (message->nlmsg_type >= NLMSG_MIN_TYPE)
			answer(context, message);
		if (step >= len)
			break;
		len -= step;
		message = (const struct nlmsghdr *)((const char *)message + step);
	}
	return true;
}

/**
 * netlink_dump() - ask the kernel for all there is of something
 * @protocol: NETLINK_*
 * @type: what to ask for
 * @request: what follows the message's header
 * @size: of @request
 * @answer: called with each message
 * @context: for @answer
 *
 * Return: 0, also if the kernel does not know what was asked for; or -1.
 */
int netlink_dump(int protocol, uint16_t type, const void *request, size_t size,
		 netlink_answer answer, void *context)
{
	int fd = ask(protocol, type, request, size);
	char *bytes;
	ssize_t got;

	if (fd < 0)
		return -1;
	bytes = malloc(ANSWER_SIZE);
	do {
		got = bytes ? recv(fd, bytes, ANSWER_SIZE, 0) : -1;
	} while ((got < 0 && bytes && errno == EINTR) ||
		 (got > 0 && take(bytes, got, answer, context)));
	free(bytes);
	close(fd);
	return got < 0 ? -1 : 0;
}

/* Return: the attribute, or NULL if there is no whole one. */
static const struct nlattr *whole(const struct nlattr *attribute, size_t left)
{
	return left >= sizeof(*attribute) && attribute->nla_len >= sizeof(*attribute) &&
	       attribute->nla_len <= left ? attribute : NULL;
}

/**
 * attribute_first() - the first of what an attribute has within
 * @nest: that, or NULL
 * @left: set, for attribute_next()
 *
 * Return: the attribute, or NULL.
 */
const struct nlattr *attribute_first(const struct nlattr *nest, size_t *left)
{
	*left = attribute_len(nest);
	return nest ? whole((const struct nlattr *)((const char *)nest + NLA_HDRLEN), *left) :
	       NULL;
}

/**
 * attribute_next() - the one behind it
 * @attribute: the one
 * @left: as attribute_first() has left it
 *
 * Return: the attribute, or NULL.
 */
const struct nlattr *attribute_next(const struct nlattr *attribute, size_t *left)
{
	size_t step = NLA_ALIGN(attribute->nla_len);

	if (step >= *left)
		return NULL;
	*left -= step;
	return whole((const struct nlattr *)((const char *)attribute + step), *left);
}

/**
 * attributes_of() - sort attributes by number
 * @attributes: set
 * @first: where they begin
 * @len: bytes of all
 */
void attributes_of(struct attributes *attributes, const void *first, size_t len)
{
	const struct nlattr *attribute = whole(first, len);

	memset(attributes, 0, sizeof(*attributes));
	for (; attribute; attribute = attribute_next(attribute, &len)) {
		unsigned int type = attribute->nla_type & NLA_TYPE_MASK;

		if (type < NETLINK_ATTRIBUTES)
			attributes->at[type] = attribute;
	}
}

/**
 * attributes_of_message() - those behind a message's own header
 * @attributes: set
 * @message: the message
 * @header: bytes of that
 */
void attributes_of_message(struct attributes *attributes, const struct nlmsghdr *message,
			   size_t header)
{
	size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	attributes_of(attributes, (const char *)message + before,
		      message->nlmsg_len > before ? message->nlmsg_len - before : 0);
}

/**
 * attributes_nested() - those within an attribute
 * @attributes: set; none if it is not there
 * @nest: that, or NULL
 */
void attributes_nested(struct attributes *attributes, const struct nlattr *nest)
{
	attributes_of(attributes, (const char *)nest + NLA_HDRLEN, attribute_len(nest));
}

/**
 * attribute_len() - bytes that an attribute has within
 * @attribute: that; NULL has none
 */
size_t attribute_len(const struct nlattr *attribute)
{
	return attribute ? attribute->nla_len - NLA_HDRLEN : 0;
}

/**
 * attribute_data() - these bytes
 * @attribute: whose, or NULL
 * @least: how many there are to be
 *
 * Return: the bytes, or NULL if there are not so many.
 */
const void *attribute_data(const struct nlattr *attribute, size_t least)
{
	return attribute && attribute_len(attribute) >= least ?
	       (const char *)attribute + NLA_HDRLEN : NULL;
}

/**
 * attribute_number() - the number that an attribute has
 * @attribute: of 8, 16 or 32 bits, or NULL
 * @otherwise: what if it is not there
 */
uint32_t attribute_number(const struct nlattr *attribute, uint32_t otherwise)
{
	const void *data = attribute_data(attribute, 1);
	uint32_t number;
	uint16_t half;

	switch (attribute_len(attribute)) {
	case 1:
		return *(const uint8_t *)data;
	case 2:
		memcpy(&half, data, sizeof(half));
		return half;
	case 4:
		memcpy(&number, data, sizeof(number));
		return number;
	}
	return otherwise;
}

/* attribute_be32() - likewise, of 32 bits in the order of the network */
uint32_t attribute_be32(const struct nlattr *attribute, uint32_t otherwise)
{
	return attribute_len(attribute) == 4 ? ntohl(attribute_number(attribute, 0)) : otherwise;
}

/**
 * attribute_text() - the name that an attribute has
 * @attribute: that, or NULL
 *
 * Return: the name, "" if there is none that ends.
 */
const char *attribute_text(const struct nlattr *attribute)
{
	const char *text = attribute_data(attribute, 1);

	return text && memchr(text, 0, attribute_len(attribute)) ? text : "";
}
