/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring protocol of include/skbtrace/ring.h: a writer and an interrupt that
 * writes too, on one CPU; a reader on another.
 *
 * Nesting: the interrupt comes at any step of the task, and is through before the
 * task goes on.  An interrupt of the interrupt would be refused likewise.
 *
 * Memory: the writers' CPU sees its own stores at once (cpu_*), the reader
 * what has got to memory (mem_*).  Stores get there one by one and in any
 * order, except that barrier() lets all before it get there first: a store
 * buffer without order, as weak as an architecture can be.  A value that was
 * overwritten before it got there is as good as one that got there unseen.
 *
 * -DSLOTS=n -DTASK=n -DIRQ=n	slots, records that each writer attempts
 * -DMUTANT_x			a mistake, that an assertion must find
 * -DREACH_x			an assertion that must fail, to show that
 *				the model gets there
 *
 * Checked by model.sh; the mutants by mutants.sh.
 */
#ifndef SLOTS
#define SLOTS	2
#endif
#ifndef TASK
#define TASK	3
#endif
#ifndef IRQ
#define IRQ	2
#endif
#define RECORDS	(TASK + IRQ)

/* An index is stored plus one, so that 0 is a slot nobody ever had. */
byte cpu_head, mem_head;
byte cpu_owner[SLOTS], mem_owner[SLOTS];
byte cpu_first[SLOTS], mem_first[SLOTS];	/* the record: its first word and */
byte cpu_last[SLOTS], mem_last[SLOTS];		/* its last, both index + 1 */

byte writing, attempts, nested;
byte interrupts;		/* under way */
byte finished;			/* writers that are through */
byte ticks, last_time;		/* the clock, and when the last record was written */

inline barrier(i)
{
	mem_head = cpu_head;
	i = 0;
	do
	:: i < SLOTS ->
		mem_owner[i] = cpu_owner[i];
		mem_first[i] = cpu_first[i];
		mem_last[i] = cpu_last[i];
		i++
	:: else -> break
	od;
	i = 0
}

/* A step of a writer: the task has none while the interrupt runs. */
#define STEP	atomic { me == 1 || interrupts == 0 ->
#define END	}

proctype writer(byte me; byte writes)
{
	byte head, slot, now, i;

	do
	:: writes > 0 ->
		STEP interrupts = interrupts + me; attempts++ END;
		STEP
#ifndef MUTANT_NO_CHECK
			if
			:: writing -> goto refuse
			:: else
			fi
#endif
		END;
#ifdef MUTANT_FLAG_LATE
		STEP head = cpu_head; slot = head % SLOTS END;
#endif
#ifdef MUTANT_CLOCK_EARLY
		STEP ticks++; now = ticks END;
#endif
		STEP writing = true END;
#ifndef MUTANT_FLAG_LATE
		STEP head = cpu_head; slot = head % SLOTS END;
#endif
#ifdef MUTANT_HEAD_FIRST
		STEP cpu_head = head + 1 END;
#endif
#ifndef MUTANT_NO_OWNER
		STEP cpu_owner[slot] = head + 1 END;
#endif
		STEP
#ifndef MUTANT_NO_WMB
			barrier(i);
#endif
#ifndef MUTANT_CLOCK_EARLY
			ticks++; now = ticks;
#endif
			assert(now >= last_time);
			last_time = now
		END;
		STEP cpu_first[slot] = head + 1 END;
		STEP cpu_last[slot] = head + 1 END;
#ifdef MUTANT_FLAG_CLEARED_FIRST
		STEP writing = false END;
#endif
		STEP
#ifndef MUTANT_NO_RELEASE
			barrier(i);
#endif
			cpu_head = head + 1
		END;
		STEP writing = false; goto out END;
refuse:
#ifdef REACH_NESTED
		assert(false);
#endif
		STEP nested++ END;
out:
		atomic {
			interrupts = interrupts - me;
			head = 0; slot = 0; now = 0;
			writes--
		}
	:: else -> break
	od;
	finished++
}

/* Stores to slot @i, or for SLOTS the head, get to memory. */
proctype memory(byte i)
{
	if
	:: i < SLOTS ->
end_slot:
		do
		:: atomic { mem_owner[i] != cpu_owner[i] -> mem_owner[i] = cpu_owner[i] }
		:: atomic { mem_first[i] != cpu_first[i] -> mem_first[i] = cpu_first[i] }
		:: atomic { mem_last[i] != cpu_last[i] -> mem_last[i] = cpu_last[i] }
		od
	:: else ->
end_head:
		do
		:: atomic { mem_head != cpu_head -> mem_head = cpu_head }
		od
	fi
}

/*
 * Each load of ring_read() is one step; what follows from it is part of it.
 * The loads of a copy may come in any order, and either way is tried.
 */
proctype reader()
{
	byte cursor, lost, delivered, oldest, owner, first, last, slot;

	do
	:: atomic { cursor < mem_head -> slot = cursor % SLOTS };
#ifdef MUTANT_NO_RMB
		owner = mem_owner[slot];
#endif
		if
		:: first = mem_first[slot]; last = mem_last[slot]
		:: last = mem_last[slot]; first = mem_first[slot]
		fi;
		atomic {
#ifndef MUTANT_NO_RMB
			owner = mem_owner[slot];
#endif
#ifdef MUTANT_NO_RECHECK
			owner = cursor + 1;
#endif
			if
			:: owner == cursor + 1 ->
				/* whole, complete */
				assert(first == cursor + 1 && last == cursor + 1);
				delivered++;
				cursor++
			:: else ->
#ifdef REACH_OVERRUN
				assert(false);
#endif
				goto overwritten
			fi;
			goto next
		}
overwritten:
		atomic {
			oldest = (mem_head > SLOTS -> mem_head - SLOTS : 0);
			if
			:: oldest <= cursor -> oldest = cursor + 1
			:: else
			fi;
			/* The last that is given up was claimed by another. */
			assert(oldest - 1 + SLOTS < cpu_head + writing);
			lost = lost + oldest - cursor;
			cursor = oldest
		}
next:
		atomic {
			assert(delivered + lost == cursor);
			slot = 0; owner = 0; first = 0; last = 0; oldest = 0
		}
	:: atomic { finished == 2 && cursor == cpu_head -> break }
	od;
	assert(attempts == RECORDS);
	assert(attempts == cpu_head + nested);
	assert(!writing);
#ifdef REACH_LOST
	assert(lost == 0 || delivered == 0);
#endif
}

init {
	byte i;

	atomic {
		run writer(0, TASK);
		run writer(1, IRQ);
		do
		:: i <= SLOTS -> run memory(i); i++
		:: else -> break
		od;
		run reader()
	}
}
