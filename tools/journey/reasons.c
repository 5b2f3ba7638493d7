// SPDX-License-Identifier: GPL-2.0
/* Which numbers the drop reasons have, on the kernel that made the records. */
#include "journey.h"
#include "source/source.h"

/**
 * journey_reasons_of() - find drop reasons that do not always mean a drop
 * @names: those of the source
 * @reasons: set
 */
void journey_reasons_of(struct names *names, struct journey_reasons *reasons)
{
	reasons->unspecified = names_reason_number(names, "NOT_SPECIFIED");
	reasons->no_socket = names_reason_number(names, "NO_SOCKET");
	reasons->queue_purge = names_reason_number(names, "QUEUE_PURGE");
	reasons->socket_close = names_reason_number(names, "SOCKET_CLOSE");
	reasons->otherhost = names_reason_number(names, "OTHERHOST");
	/*
	 * The table names only what is a reason to drop.  Since 6.3 kernels have
	 * SKB_CONSUMED in front of it, which made NOT_SPECIFIED go from 1 to 2.
	 */
	reasons->consumed = reasons->unspecified == 2 ? 1 : -1;
}
