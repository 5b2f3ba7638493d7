/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring protocol of include/skbtrace/ring.h: three nested writers on one
 * CPU, a reader on another.
 *
 * Nesting: `running' is the level whose code the CPU executes.  A writer takes
 * it from a lower level at any step and gives it back when its record is
 * written or refused, so an inner one always finishes first.
 *
 * Memory: the writers' CPU sees its own stores at once (cpu_*), the reader
 * what has got to memory (mem_*).  Stores get there one by one and in any
 * order, except that barrier() lets all before it get there first: a store
 * buffer without order, as weak as an architecture can be.  A value that was
 * overwritten before it got there is as good as one that got there unseen.
 *
 * -DSLOTS=n -DTASK=n -DIRQ=n -DNMI=n	slots, records each writer writes
 * -DSTRONG				stores get to memory at once, in order:
 *					fewer states, so more records
 * -DMUTANT_x				a mistake, that an assertion must find
 * -DREACH_x				an assertion that must fail, to show that
 *					the model gets there
 *
 * Checked by model.sh; the mutants by mutants.sh.
 */
#ifndef SLOTS
#define SLOTS	2
#endif
#ifndef TASK
#define TASK	2
#endif
#ifndef IRQ
#define IRQ	2
#endif
#ifndef NMI
#define NMI	1
#endif
#define RECORDS	(TASK + IRQ + NMI)

/*
 * As in ring.h, but counted from the lap before the first, so that nothing is
 * negative.
 */
#define COMMITTED(index)	(2 * ((index) + SLOTS))
#define CLAIMED(index)		(COMMITTED(index) + 1)
#define COMMITTED_LAP_BEFORE(index)	(2 * (index))
#define CLAIMED_LAP_BEFORE(index)	(2 * (index) + 1)

byte cpu_head;
byte cpu_state[SLOTS];
byte cpu_ts[SLOTS];
byte cpu_word[SLOTS];		/* the payload: index + 1 */

#ifdef STRONG
#define mem_head	cpu_head
#define mem_state	cpu_state
#define mem_ts		cpu_ts
#define mem_word	cpu_word
#define barrier(i)	skip
#define drained(i)	true
#else
byte mem_head;
byte mem_state[SLOTS];
byte mem_ts[SLOTS];
byte mem_word[SLOTS];
#define drained(i)	(mem_state[i] == cpu_state[i] && mem_ts[i] == cpu_ts[i] && \
			 mem_word[i] == cpu_word[i])

inline barrier(i)
{
	mem_head = cpu_head;
	i = 0;
	do
	:: i < SLOTS ->
		mem_state[i] = cpu_state[i];
		mem_ts[i] = cpu_ts[i];
		mem_word[i] = cpu_word[i];
		i++
	:: else -> break
	od;
	i = 0
}
#endif

byte attempts, committed, dropped;
byte running;
byte finished;			/* writers that are through */
byte taken[RECORDS + 1];	/* the time each record was written with, or 0 */

/*
 * A clock that goes on whenever somebody begins to write: enough for a time
 * taken too early to be seen, and no more states than there are without.
 */
#define CLOCK	attempts

/* A step of the writer of level @me. */
#define STEP	atomic { running == me ->
#define END	}
/* Only because another record came first: nobody goes round for ever. */
#define ROUND	assert(cpu_head != head)
#define LEAVE	head = 0; now = 0; state = 0; slot = 0; running = below

proctype writer(byte me; byte writes)
{
	byte head, now, state, slot, below, i;

	do
	:: writes > 0 ->
		/* The task runs when nobody else does. */
		atomic {
			running < me || (me == 0 && running == 0) ->
			below = running;
			running = me;
			attempts++
		};
#ifdef MUTANT_CLOCK_OUTSIDE
		STEP now = CLOCK END;
#endif
again:
		STEP head = cpu_head; slot = head % SLOTS END;
#ifndef MUTANT_CLOCK_OUTSIDE
		STEP now = CLOCK END;
#endif
		STEP
			state = cpu_state[slot];
#ifndef MUTANT_NO_BUSY
			if
			:: state == CLAIMED(head) -> goto help
			:: state == CLAIMED_LAP_BEFORE(head) -> goto refuse
			:: state == COMMITTED_LAP_BEFORE(head)
			:: else -> ROUND; goto again
			fi
#endif
		END;
#ifdef MUTANT_HEAD_FIRST
		STEP
			if
			:: cpu_head == head -> cpu_head++
			:: else -> ROUND; goto again
			fi
		END;
#endif
		STEP
			if
			:: cpu_state[slot] == state -> cpu_state[slot] = CLAIMED(head)
			:: else ->
#ifdef REACH_RETRY
				assert(false);
#endif
				ROUND;
				goto again
			fi
		END;
#ifndef MUTANT_HEAD_FIRST
		STEP
			if
			:: cpu_head == head -> cpu_head++
			:: else
			fi
		END;
#endif
		STEP
#ifndef MUTANT_NO_WMB
			barrier(i);
#endif
			cpu_ts[slot] = now;
			taken[head] = now;
			assert(head == 0 || taken[head - 1] <= now);
			assert(taken[head + 1] == 0 || taken[head + 1] >= now)
		END;
		STEP cpu_word[slot] = head + 1 END;
		STEP
#ifndef MUTANT_NO_RELEASE
			barrier(i);
#endif
			cpu_state[slot] = COMMITTED(head);
			committed++;
			LEAVE
		END;
		goto written;
help:
#ifdef REACH_HELP
		assert(false);
#endif
		STEP
			if
			:: cpu_head == head -> cpu_head++
			:: else
			fi
		END;
		goto again;
refuse:
		STEP
			if
			:: cpu_head != head -> ROUND; goto again
			:: else -> dropped++; LEAVE
			fi
		END;
written:
		writes--
	:: else -> break
	od;
	finished++
}

#ifndef STRONG
/* Stores to slot @i, or for SLOTS the head, get to memory. */
proctype memory(byte i)
{
	if
	:: i < SLOTS ->
end_slot:
		do
		:: atomic { mem_state[i] != cpu_state[i] -> mem_state[i] = cpu_state[i] }
		:: atomic { mem_ts[i] != cpu_ts[i] -> mem_ts[i] = cpu_ts[i] }
		:: atomic { mem_word[i] != cpu_word[i] -> mem_word[i] = cpu_word[i] }
		od
	:: else ->
end_head:
		do
		:: atomic { mem_head != cpu_head -> mem_head = cpu_head }
		od
	fi
}
#endif

/*
 * Each load of ring_read() is one step; what follows from it is part of it.
 * The loads of a copy may come in any order, and either way is tried.
 */
proctype reader()
{
	byte cursor, lost, delivered, oldest, state, again, ts, word, last_ts, slot;

	do
	:: cursor < RECORDS ->
		atomic { slot = cursor % SLOTS; state = mem_state[slot] };
		if
		:: state == COMMITTED(cursor) ->
#ifdef MUTANT_NO_RMB
			again = mem_state[slot];
#endif
			if
			:: ts = mem_ts[slot]; word = mem_word[slot]
			:: word = mem_word[slot]; ts = mem_ts[slot]
			fi;
			atomic {
#ifndef MUTANT_NO_RMB
				again = mem_state[slot];
#endif
#ifdef MUTANT_NO_RECHECK
				again = state;
#endif
				if
				:: again == state ->
					/* whole, complete, in order */
					assert(word == cursor + 1);
					assert(ts == taken[cursor]);
					assert(ts >= last_ts);
					last_ts = ts;
					delivered++;
					cursor++
				:: else ->
#ifdef REACH_OVERRUN
					assert(false);
#endif
					goto overwritten
				fi
			}
		:: atomic { state < COMMITTED(cursor) || state == CLAIMED(cursor) ->
			if
			:: finished == 3 && mem_head == cpu_head && drained(slot) &&
			   mem_state[slot] == state -> break
			:: else
			fi }
		:: state > CLAIMED(cursor) ->
overwritten:
			atomic {
				oldest = (mem_head > SLOTS -> mem_head - SLOTS : 0);
				if
				:: oldest <= cursor -> oldest = cursor + 1
				:: else
				fi;
				lost = lost + oldest - cursor;
				cursor = oldest
			}
		fi;
		atomic {
			assert(delivered + lost == cursor);
			slot = 0; state = 0; again = 0; ts = 0; word = 0; oldest = 0
		}
	:: else -> break
	od;
	/* Quiet. */
	finished == 3;
	assert(attempts == RECORDS);
	assert(attempts == committed + dropped);
	assert(cpu_head == committed);
	assert(cursor == cpu_head);
	assert(delivered + lost == cursor);
#ifdef REACH_DROP
	assert(dropped == 0);
#endif
#ifdef REACH_LOST
	assert(lost == 0 || delivered == 0);
#endif
}

init {
	byte i;

	atomic {
		do
		:: i < SLOTS ->
			cpu_state[i] = COMMITTED_LAP_BEFORE(i);
			mem_state[i] = cpu_state[i];
			i++
		:: else -> break
		od;
		i = 0;
		run writer(0, TASK);
		run writer(1, IRQ);
		run writer(2, NMI);
#ifndef STRONG
		do
		:: i < SLOTS -> run memory(i); i++
		:: else -> break
		od;
		run memory(SLOTS);
#endif
		run reader()
	}
}
