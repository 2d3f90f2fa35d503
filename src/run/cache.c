/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the search found, in a file that outlives the process: an SQLite database
 * with a row a window. A cache that cannot be read or written is none: a search
 * goes on without it, and says so. What it says is proved again by whoever asks.
 */
#include "run/run.h"

#ifdef SKEP_HAVE_SQLITE
#include <sqlite3.h>
#include <stdlib.h>

enum { EVERY = 64, BUSY_MS = 3000 }; /* answers that may be lost when the machine stops */

struct skep_run_cache {
	sqlite3 *db;
	sqlite3_stmt *get, *put;
	u32 pending;
	const char *error;
	char text[200];
};

static bool failed(struct skep_run_cache *c)
{
	if (!c->error) {
		strncpy(c->text, sqlite3_errmsg(c->db), sizeof(c->text) - 1);
		c->error = c->text;
	}
	return false;
}

static bool prepare(struct skep_run_cache *c)
{
	static const char *const tables =
		"CREATE TABLE IF NOT EXISTS answers(key BLOB PRIMARY KEY, effort INTEGER, "
		"found INTEGER, row BLOB) WITHOUT ROWID";

	sqlite3_busy_timeout(c->db, BUSY_MS);
	return sqlite3_exec(c->db, tables, NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(c->db, "SELECT effort, found, row FROM answers WHERE key = ?", -1,
				  &c->get, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(c->db, "INSERT OR REPLACE INTO answers VALUES(?, ?, ?, ?)", -1,
				  &c->put, NULL) == SQLITE_OK;
}

struct skep_run_cache *skep_run_cache_open(const char *path, char *why, size_t n)
{
	struct skep_run_cache *c = calloc(1, sizeof(*c));

	if (!c) {
		strncpy(why, "out of memory", n - 1);
		return NULL;
	}
	if (sqlite3_open(path, &c->db) == SQLITE_OK && prepare(c))
		return c;
	strncpy(why, c->db ? sqlite3_errmsg(c->db) : "out of memory", n - 1);
	skep_run_cache_close(c);
	return NULL;
}

static void commit(struct skep_run_cache *c)
{
	if (c->pending && sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		failed(c);
	c->pending = 0;
}

const char *skep_run_cache_error(const struct skep_run_cache *c)
{
	return c->error;
}

void skep_run_cache_close(struct skep_run_cache *c)
{
	if (!c)
		return;
	commit(c);
	sqlite3_finalize(c->get);
	sqlite3_finalize(c->put);
	sqlite3_close(c->db);
	free(c);
}

bool skep_run_cache_get(void *user, const u8 *key, u32 len, u32 *effort, struct skep_found *f)
{
	struct skep_run_cache *c = user;
	bool known = false;

	if (c->error)
		return false;
	sqlite3_bind_blob(c->get, 1, key, (int)len, SQLITE_STATIC);
	switch (sqlite3_step(c->get)) {
	case SQLITE_ROW:
		*effort = (u32)sqlite3_column_int(c->get, 0);
		known = true;
		memset(f, 0, sizeof(*f));
		f->n = UINT8_MAX;
		if (sqlite3_column_int(c->get, 1))
			known = skep_found_from_key(sqlite3_column_blob(c->get, 2),
						    (u32)sqlite3_column_bytes(c->get, 2), f);
		break;
	case SQLITE_DONE: break;
	default: failed(c);
	}
	sqlite3_reset(c->get);
	return known;
}

void skep_run_cache_put(void *user, const u8 *key, u32 len, u32 effort, const struct skep_found *f)
{
	struct skep_run_cache *c = user;
	bool found = f->n != UINT8_MAX;
	u8 row[SKEP_WIN_KEY];
	u32 n = found ? skep_found_key(f, row) : 0;

	if (c->error)
		return;
	if (!c->pending && sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
		failed(c);
		return;
	}
	sqlite3_bind_blob(c->put, 1, key, (int)len, SQLITE_STATIC);
	sqlite3_bind_int(c->put, 2, (int)effort);
	sqlite3_bind_int(c->put, 3, found);
	sqlite3_bind_blob(c->put, 4, row, (int)n, SQLITE_STATIC);
	if (sqlite3_step(c->put) != SQLITE_DONE)
		failed(c);
	sqlite3_reset(c->put);
	if (++c->pending == EVERY)
		commit(c);
}

#else

struct skep_run_cache *skep_run_cache_open(const char *path, char *why, size_t n)
{
	(void)path;
	strncpy(why, "built without SQLite", n - 1);
	return NULL;
}

const char *skep_run_cache_error(const struct skep_run_cache *c)
{
	(void)c;
	return NULL;
}

void skep_run_cache_close(struct skep_run_cache *c)
{
	(void)c;
}

bool skep_run_cache_get(void *user, const u8 *key, u32 len, u32 *effort, struct skep_found *f)
{
	(void)user;
	(void)key;
	(void)len;
	(void)effort;
	(void)f;
	return false;
}

void skep_run_cache_put(void *user, const u8 *key, u32 len, u32 effort, const struct skep_found *f)
{
	(void)user;
	(void)key;
	(void)len;
	(void)effort;
	(void)f;
}

#endif
