// SPDX-License-Identifier: GPL-2.0
/* Being interrupted, in good order. */
#include <string.h>

#include "stop.h"

volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signal)
{
	(void)signal;
	stop_asked = 1;
}

/**
 * stop_on_signals() - let SIGINT and SIGTERM set stop_asked
 *
 * The second of a kind kills, as if this had not been called.
 */
void stop_on_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = ask_to_stop;
	action.sa_flags = SA_RESETHAND;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
