/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process keeps mapped: maps that it closed are given back while it makes others, and a map
 * that several threads come to at once is mapped once.
 */
#include <linux/bpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "sys/sys.h"

enum { LARGE = 16 << 20, MANY = 40, MAPS = 400, THREADS = 3 };

static int new_map(u32 bytes)
{
	union bpf_attr a = {0};

	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = 4;
	a.value_size = 4096;
	a.max_entries = bytes / 4096;
	return (int)skep_sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

/* Bytes of maps that are mapped here, and how many maps are mapped more than once. */
static u64 mapped(const char *store, u32 *twice)
{
	FILE *f = fopen("/proc/self/maps", "re");
	static unsigned long inode[8 * MAPS];
	char line[1024], dir[128];
	u64 sum = 0;
	u32 n = 0;

	*twice = 0;
	snprintf(dir, sizeof(dir), "%s/bpf-map/", store);
	while (f && fgets(line, sizeof(line), f)) {
		const char *name = strstr(line, dir);
		unsigned long long lo, hi, off;
		unsigned long ino;

		if (!name || sscanf(line, "%llx-%llx %*s %llx %*s %lu", &lo, &hi, &off, &ino) != 4)
			continue;
		sum += hi - lo;
		for (u32 k = 0; !off && k < n; k++)
			*twice += inode[k] == ino;
		if (!off && n < SKEP_ARRAY_SIZE(inode))
			inode[n++] = ino;
	}
	if (f)
		fclose(f);
	return sum;
}

static atomic_bool stop;
static atomic_ulong opened;

/* Opens each map as soon as it is there. */
static void *follow(void *arg)
{
	u32 id = 0;

	while (!stop) {
		union bpf_attr a = {.start_id = id}, b = {0};
		u8 value[4096];
		u32 key = 0;
		int fd;

		if (skep_sys_bpf(BPF_MAP_GET_NEXT_ID, &a, sizeof(a)))
			continue;
		id = a.next_id;
		b.map_id = id;
		fd = (int)skep_sys_bpf(BPF_MAP_GET_FD_BY_ID, &b, sizeof(b));
		if (fd < 0)
			continue;
		memset(&b, 0, sizeof(b));
		b.map_fd = (u32)fd;
		b.key = (u64)(uintptr_t)&key;
		b.value = (u64)(uintptr_t)value;
		if (skep_sys_bpf(BPF_MAP_LOOKUP_ELEM, &b, sizeof(b)) == 0)
			opened++;
		close(fd);
	}
	return NULL;
}

static u32 closed(const char *store)
{
	u64 most = 0, now;
	u32 twice;

	for (u32 k = 0; k < MANY; k++) {
		int fd = new_map(LARGE);

		if (fd < 0) {
			printf("map %u: %d\n", k, fd);
			return 1;
		}
		close(fd);
		now = mapped(store, &twice);
		most = SKEP_MAX(most, now);
	}
	printf("%u maps of %u MiB made and closed: at most %llu MiB are mapped\n", (u32)MANY,
	       (u32)LARGE >> 20, (unsigned long long)most >> 20);
	return most > 6ull * LARGE;
}

static u32 together(const char *store)
{
	static int fd[MAPS];
	pthread_t t[THREADS];
	u32 twice, wrong = 0;

	for (u32 k = 0; k < THREADS; k++)
		if (pthread_create(&t[k], NULL, follow, NULL))
			return 1;
	for (u32 k = 0; k < MAPS; k++) {
		fd[k] = new_map(4096);
		wrong += fd[k] < 0;
	}
	/* The last one may be found, too. */
	for (u32 k = 0; k < 1000 && opened < MAPS; k++)
		usleep(1000);
	stop = true;
	for (u32 k = 0; k < THREADS; k++)
		pthread_join(t[k], NULL);
	mapped(store, &twice);
	printf("%u maps made among %u threads that opened %lu: %u are mapped twice\n", (u32)MAPS,
	       (u32)THREADS, (unsigned long)opened, twice);
	for (u32 k = 0; k < MAPS; k++)
		if (fd[k] >= 0)
			close(fd[k]);
	return wrong || twice || opened < MAPS;
}

int main(void)
{
	char store[] = "/tmp/skep-closed-XXXXXX", cmd[64];
	u32 failed;

	if (!mkdtemp(store) || setenv("SKEP_STORE", store, 1))
		return 1;
	failed = closed(store) + together(store);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", store);
	return system(cmd) || failed ? 1 : 0;
}
