/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of the running kernel. Loaders turn names of kernel functions into ids of these types;
 * here they become names again, and the verifier learns what the functions take. They are read
 * when the first program asks for them and stay.
 */
#include "sys/sys_impl.h"

#include "btf/btf.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { BTF_MAX = 256 << 20 };

static struct {
	pthread_once_t once;
	struct skep_arena arena;
	const struct skep_btf *btf;
} types = {.once = PTHREAD_ONCE_INIT};

static void *read_file(struct skep_arena *arena, size_t *len)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	void *volatile data = NULL; /* kept when the arena gives up */
	struct stat st;
	int oom = 0;

	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < BTF_MAX)
		SKEP_GUARD(arena, oom, { data = skep_arena_alloc(arena, (size_t)st.st_size); });
	while (data && !oom && *len < (size_t)st.st_size) {
		ssize_t n = read(fd, (u8 *)data + *len, (size_t)st.st_size - *len);

		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	close(fd);
	return oom ? NULL : data;
}

static void read_types(void)
{
	struct skep_btf *btf = NULL;
	struct skep_diags ds;
	size_t len;
	void *data;

	skep_arena_init(&types.arena);
	skep_diags_init(&ds);
	data = read_file(&types.arena, &len);
	if (data && skep_btf_read(data, len, false, &types.arena, &ds, &btf) == 0) {
		int oom = 0;

		/* Each call of a function asks for its name. */
		SKEP_GUARD(&types.arena, oom, { skep_btf_index(btf, &types.arena); });
		types.btf = oom ? NULL : btf;
	}
	skep_diags_fini(&ds);
}

const struct skep_btf *sys_kernel_types(void)
{
	pthread_once(&types.once, read_types);
	return types.btf;
}

const char *sys_kernel_function(const struct skep_btf *btf, u32 id)
{
	struct skep_btf_type t;

	return btf && skep_btf_get(btf, id, &t) && t.kind == SKEP_BTF_FUNC ? t.name : NULL;
}
