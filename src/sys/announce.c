/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools are told of native code: gdb always, through memory; perf when SKEP_PERF_MAP is set,
 * through the file where it looks for names, /tmp/perf-PID.map. Names are the kernel's:
 * bpf_prog_TAG_NAME.
 */
#include "sys/sys_impl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* Lines of several threads do not mix: one write each, at the end of the file. */
static void tell_perf(const struct skep_eng_prog *eng, const char *name)
{
	const char *want = getenv("SKEP_PERF_MAP");
	struct skep_buf b = {0};
	char path[64];
	int fd;

	if (!want || !*want || strcmp(want, "0") == 0)
		return;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	skep_jit_perf_map(eng, name, &b);
	/* Names are a help: what cannot be written is not there. */
	if (b.n && write(fd, b.p, b.n) < 0)
		b.n = 0;
	skep_buf_fini(&b);
	close(fd);
}

void sys_announce(struct sprog *p)
{
	char name[64], tag[17];

	if (!p->eng->code)
		return;
	for (u32 k = 0; k < 8; k++)
		snprintf(tag + 2 * k, 3, "%02x", p->d.tag[k]);
	snprintf(name, sizeof(name), "bpf_prog_%s%s%s", tag, *p->name ? "_" : "", p->name);
	p->symbols = skep_jit_gdb_add(p->eng, name);
	tell_perf(p->eng, name);
}
