/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process into which a library shall be loaded: whether that may be, and where functions are that
 * this takes. They are found by our own C library, which must be the same file.
 */
#include "probe/target.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 512 };

int skep_probe_refuse(char *why, int err, const char *text)
{
	snprintf(why, SKEP_PROBE_WHY, "%s", text);
	return err;
}

static int read_status(int pid, const char *name, char *value, size_t size)
{
	char path[64], line[256];
	size_t n = strlen(name);
	FILE *f;

	value[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return -ESRCH;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			snprintf(value, size, "%s", line + n + 1 + strspn(line + n + 1, " \t"));
	fclose(f);
	return 0;
}

int skep_probe_target_check(int pid, char *why)
{
	char value[128], path[64];
	struct stat st;

	if (pid == getpid())
		return skep_probe_refuse(why, -EINVAL, "that is this process");
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &st) || read_status(pid, "Tgid", value, sizeof(value)))
		return skep_probe_refuse(why, -ESRCH, "there is no such process");
	if (atoi(value) != pid)
		return skep_probe_refuse(why, -ESRCH, "that is a thread of a process");
	if (st.st_uid != geteuid())
		return skep_probe_refuse(
			why, -EPERM,
			"the process belongs to another user, or may not be looked at");
	read_status(pid, "State", value, sizeof(value));
	if (value[0] == 'T')
		return skep_probe_refuse(why, -EBUSY, "it is stopped");
	read_status(pid, "TracerPid", value, sizeof(value));
	if (atoi(value))
		return skep_probe_refuse(why, -EBUSY, "a debugger traces it");
	read_status(pid, "Seccomp", value, sizeof(value));
	if (atoi(value))
		return skep_probe_refuse(why, -EPERM, "it filters its system calls (seccomp)");
	read_status(pid, "x86_Thread_features", value, sizeof(value));
	if (strstr(value, "shstk"))
		return skep_probe_refuse(why, -EOPNOTSUPP, "it has a shadow stack");
	return 0;
}

static bool is_closed(const char *path)
{
	const char *name = strrchr(path, '/');

	return name &&
	       (strncmp(name, "/libc.so", 8) == 0 || strncmp(name, "/libc-", 6) == 0 ||
		strncmp(name, "/ld-", 4) == 0 || strncmp(name, "/ld.so", 6) == 0 ||
		strncmp(name, "/libpthread", 11) == 0 || strncmp(name, "/libdl", 6) == 0 ||
		strstr(name, "malloc") || strstr(name, "san.so") || strstr(name, "libskep"));
}

/* Our C library, by its file; the target must have the same one. */
static int own_libc(struct stat *st, u64 *base)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD),
	     *f = libc ? dlsym(libc, "dlopen") : NULL;
	Dl_info i;

	if (!f || !dladdr(f, &i) || stat(i.dli_fname, st))
		return -EOPNOTSUPP;
	*base = PROBE_PTR(i.dli_fbase);
	return 0;
}

/* Is the file of this line of its maps `st`? Device numbers of maps are not those of stat
 * everywhere. */
static bool same_file(int pid, u64 lo, u64 hi, const struct stat *st)
{
	char path[96];
	struct stat it;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)lo,
		 (unsigned long long)hi);
	return stat(path, &it) == 0 && it.st_ino == st->st_ino && it.st_dev == st->st_dev;
}

static bool is_libc(int pid, u64 lo, u64 hi, const char *path, const struct stat *st)
{
	char there[PATH_ROOM + 32];
	struct stat it;

	if (!strstr(path, "/libc"))
		return false;
	if (same_file(pid, lo, hi, st))
		return true;
	/* Where map_files may not be read, by the name as the process sees it. */
	snprintf(there, sizeof(there), "/proc/%d/root%s", pid, path);
	return stat(there, &it) == 0 && it.st_ino == st->st_ino && it.st_dev == st->st_dev;
}

static int read_ranges(struct target *t, const struct stat *libc)
{
	char path[64], line[PATH_ROOM + 128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", t->r.pid);
	f = fopen(path, "re");
	if (!f)
		return -EPERM;
	t->nrange = 0;
	while (t->nrange < RANGES && fgets(line, sizeof(line), f)) {
		unsigned long long lo, hi, off;
		char mode[8] = "", name[PATH_ROOM] = "";

		if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %511[^\n]", &lo, &hi, mode, &off,
			   name) < 4)
			continue;
		t->range[t->nrange++] =
			(struct range){lo, hi, mode[2] == 'x' && name[0] == '/', is_closed(name)};
		if (name[0] != '/' || !is_libc(t->r.pid, lo, hi, name, libc))
			continue;
		if (!off)
			t->libc = lo;
		if (mode[2] == 'x') {
			t->libc_lo = lo;
			t->libc_hi = hi;
		}
	}
	fclose(f);
	return 0;
}

const struct range *skep_probe_target_range(const struct target *t, u64 addr)
{
	for (u32 k = 0; k < t->nrange; k++)
		if (addr >= t->range[k].lo && addr < t->range[k].hi)
			return &t->range[k];
	return NULL;
}

/* An instruction `syscall`, in libc's function of that name. */
static u64 find_gadget(const struct target *t, u64 function)
{
	u8 code[64];

	if (skep_probe_remote_read(&t->r, function, code, sizeof(code)))
		for (u32 k = 0; k + 1 < sizeof(code); k++)
			if (code[k] == 0x0f && code[k + 1] == 0x05)
				return function + k;
	return 0;
}

int skep_probe_target_find(struct target *t, char *why)
{
	static const char *const name[] = {"dlopen", "dlsym", "dlerror", "__errno_location",
					   "syscall"};
	u64 *const to[] = {&t->open, &t->sym, &t->error, &t->errno_at, &t->r.gadget};
	struct stat st;
	u64 base;
	void *libc;

	if (own_libc(&st, &base))
		return skep_probe_refuse(why, -EOPNOTSUPP,
					 "the C library here is not glibc since 2.34");
	if (read_ranges(t, &st))
		return skep_probe_refuse(why, -EPERM, "its memory may not be looked at");
	if (!t->libc || !t->libc_hi)
		return skep_probe_refuse(
			why, -EOPNOTSUPP,
			"it is linked statically, or has another C library than skep (a container's, an updated one)");
	libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(name); k++) {
		void *f = libc ? dlsym(libc, name[k]) : NULL;

		if (!f)
			return skep_probe_refuse(why, -EOPNOTSUPP,
						 "the C library here is not glibc since 2.34");
		*to[k] = PROBE_PTR(f) - base + t->libc;
	}
	t->r.gadget = find_gadget(t, t->r.gadget);
	return t->r.gadget ? 0
			   : skep_probe_refuse(why, -EOPNOTSUPP,
					       "its C library has not the code that is expected");
}
