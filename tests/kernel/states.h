/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States in the form of the kernel's log, which skep's verifier writes, too, so far as
 * ranges and packets are concerned: what is known of a register, and whether that includes
 * what is known of another one.
 */
#ifndef SKEP_TEST_STATES_H
#define SKEP_TEST_STATES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct known {
	char kind[24]; /* "" when it is not known at all */
	s64 smin, smax;
	u64 umin, umax;
	s64 off;
	u64 proven;	 /* of packets */
	u64 value, mask; /* bits; mask: those that are not known */
};
struct state {
	struct known reg[11];
	u32 nref; /* references held */
};

static inline bool state_word(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) == strlen(word) && !strncmp(p, word, (size_t)(end - p));
}

/* One `key=key=value` of a register. */
static inline void known_set(struct known *k, const char *p, const char *end)
{
	const char *eq = end;

	while (eq > p && eq[-1] != '=')
		eq--;
	for (const char *key = p, *stop; key < eq; key = stop + 1) {
		stop = memchr(key, '=', (size_t)(end - key));
		if (state_word(key, stop, "smin"))
			k->smin = (s64)(*eq == '-' ? (u64)strtoll(eq, NULL, 0)
						   : strtoull(eq, NULL, 0));
		else if (state_word(key, stop, "smax"))
			k->smax = (s64)(*eq == '-' ? (u64)strtoll(eq, NULL, 0)
						   : strtoull(eq, NULL, 0));
		else if (state_word(key, stop, "umin"))
			k->umin = strtoull(eq, NULL, 0);
		else if (state_word(key, stop, "umax"))
			k->umax = strtoull(eq, NULL, 0);
		else if (state_word(key, stop, "off"))
			k->off = strtoll(eq, NULL, 0);
		else if (state_word(key, stop, "r"))
			k->proven = strtoull(eq, NULL, 0);
		else if (state_word(key, stop, "var_off") && *eq == '(')
			sscanf(eq, "(%llx; %llx)", (unsigned long long *)&k->value,
			       (unsigned long long *)&k->mask);
	}
}

/* "12", "fp-8", "map_value(off=3,smin=umin=1)". */
static inline void known_parse(const char *p, struct known *k)
{
	size_t n = strcspn(p, "( \n");
	bool ranged = false;

	memset(k, 0, sizeof(*k));
	if (*p == 'P') /* it mattered */
		p++, n--;
	if (*p == '-' || (*p >= '0' && *p <= '9')) {
		snprintf(k->kind, sizeof(k->kind), "scalar");
		k->smin = k->smax =
			(s64)(*p == '-' ? (u64)strtoll(p, NULL, 0) : strtoull(p, NULL, 0));
		k->umin = k->umax = k->value = (u64)k->smin;
		return;
	}
	snprintf(k->kind, sizeof(k->kind), "%.*s", (int)SKEP_MIN(n, sizeof(k->kind) - 1), p);
	if (!strncmp(p, "fp", 2) && p[2] != '(') {
		k->off = strtoll(p + 2, NULL, 0);
		k->kind[2] = 0;
		return;
	}
	k->smin = INT64_MIN;
	k->smax = INT64_MAX;
	k->umax = k->mask = UINT64_MAX;
	for (p += n; *p == '(' || *p == ',';) {
		const char *end = ++p;

		for (int depth = 0; *end && *end != '\n' && (depth || (*end != ',' && *end != ')'));
		     end++)
			depth += (*end == '(') - (*end == ')');
		ranged |= !strncmp(p, "smin", 4) || !strncmp(p, "smax", 4) ||
			  !strncmp(p, "umin", 4) || !strncmp(p, "umax", 4) ||
			  !strncmp(p, "var_off", 7);
		known_set(k, p, end);
		p = end;
	}
	if (!ranged && strcmp(k->kind, "scalar") != 0) {
		k->smin = k->smax = 0;
		k->umin = k->umax = k->value = k->mask = 0;
	}
}

/* Registers that the line tells of replace those of the state; references stand on each line. */
static inline void state_line(const char *line, const char *end, struct state *st)
{
	const char *refs = strstr(line, " refs=");

	if (memchr(line, ';', (size_t)(end - line))) {
		st->nref = refs && refs < end;
		for (const char *p = refs; st->nref && p < end; p++)
			st->nref += *p == ',';
	}
	for (const char *p = line; p + 3 < end; p++) {
		u32 n;
		char *rest;

		if (p[0] != ' ' || p[1] != 'R' || p[2] < '0' || p[2] > '9')
			continue;
		n = (u32)strtoul(p + 2, &rest, 10);
		if (n <= 10 && *rest == '=')
			known_parse(rest + 1, &st->reg[n]);
	}
}

static inline const char *line_end(const char *p)
{
	const char *end = strchr(p, '\n');

	return end ? end : p + strlen(p);
}

/* The instruction on which the log ends. */
static inline bool states_last(const char *log, u32 *slot)
{
	bool any = false;

	for (const char *p = log; *p; p = line_end(p) + (*line_end(p) != 0)) {
		unsigned at;

		if (sscanf(p, "%u: (", &at) == 1 && strchr(p, '(') < line_end(p)) {
			*slot = at;
			any = true;
		}
	}
	return any;
}

/*
 * What the last path had in registers before the end of the log: the last word on each; a whole
 * state stands where a path begins anew ("from A to B:").
 */
static inline void states_before(const char *log, struct state *out)
{
	memset(out, 0, sizeof(*out));
	for (const char *p = log; *p; p = line_end(p) + (*line_end(p) != 0)) {
		if (!strncmp(p, "from ", 5))
			memset(out, 0, sizeof(*out));
		if (strncmp(p, "mark_precise", 12) != 0) /* of states that were before */
			state_line(p, line_end(p), out);
	}
}

static inline bool known_includes(const struct known *a, const struct known *b)
{
	return !strcmp(a->kind, b->kind) && a->off == b->off && a->smin <= b->smin &&
	       a->smax >= b->smax && a->umin <= b->umin && a->umax >= b->umax &&
	       a->proven <= b->proven && !(b->mask & ~a->mask) &&
	       !((a->value ^ b->value) & ~a->mask);
}

/*
 * States of the other log at the instruction that include this one in all of `regs`; *seen: those
 * that have the same kinds of values there, and as many references.
 */
static inline u32 states_covering(const char *log, u32 at, u16 regs, const struct state *bad,
				  u32 *seen)
{
	u32 n = 0;

	for (const char *p = log; *p; p = line_end(p) + (*line_end(p) != 0)) {
		struct state st = {0};
		bool all = true, kinds;
		unsigned num;

		if (sscanf(p, "%u: ", &num) != 1 || num != at)
			continue;
		state_line(p, line_end(p), &st);
		kinds = st.nref == bad->nref;
		for (u32 k = 0; k <= 10; k++) {
			const struct known *a = &st.reg[k], *b = &bad->reg[k];

			if (!(regs >> k & 1) || !a->kind[0] || !b->kind[0])
				continue;
			kinds = kinds && !strcmp(a->kind, b->kind);
			all = all && known_includes(a, b);
		}
		*seen += kinds;
		n += all && kinds;
	}
	return n;
}

#endif
