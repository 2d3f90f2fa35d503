/* SPDX-License-Identifier: BSD-2-Clause */
/* An embedder's own probes: a program at a function of the program itself, known to nobody else. */
#include "sys/follow.h"

#include <stdio.h>
#include <stdlib.h>

struct skep_sys_attachment {
	struct sobj *prog;
	struct skep_probe *probe;
	struct probe_run run;
};

static int refuse(char *to, size_t size, int err, const char *why)
{
	if (to && size)
		snprintf(to, size, "%s", why);
	return err;
}

static int get_prog(struct skep_sys_attachment *a, int fd, char *why, size_t size)
{
	int err = sys_sobj_get(fd, SKEP_SYS_PROG, &a->prog);

	if (err)
		return refuse(why, size, err, "there is no program");
	a->run.prog = sprog_of(a->prog);
	err = a->run.prog->d.type == BPF_PROG_TYPE_KPROBE ? sys_prog_ready(sprog_of(a->prog), NULL, 0, NULL) : -EINVAL;
	if (err) {
		sys_sobj_put(a->prog);
		return refuse(why, size, err, "the program is not of type kprobe, or not safe");
	}
	sys_prog_keep(sprog_of(a->prog));
	return 0;
}

static void put_prog(struct skep_sys_attachment *a)
{
	sys_prog_unkeep(sprog_of(a->prog));
	sys_sobj_put(a->prog);
}

static int place(struct skep_sys_attachment *a, u64 addr, bool on_return, char *why, size_t size)
{
	struct skep_probe_spec s = {.addr = addr, .fn = sys_prog_run_probe, .arg = &a->run, .flags = on_return ? SKEP_PROBE_RETURN : 0};
	char said[SKEP_PROBE_WHY] = "there is no code of a program or library";
	int err = sys_module_code_around(addr, &s.text_lo, &s.text_hi) ? 0 : -EINVAL;

	if (on_return && sys_module_returns_twice(addr))
		return refuse(why, size, -EOPNOTSUPP, "the function may return twice");

	s.text_id = sys_modules_changes() | 1;
	sys_module_function(addr, &s.func_lo, &s.func_hi);
	if (a->run.prog->eng->plain) {
		s.fn = sys_prog_run_plain;
		s.flags |= SKEP_PROBE_PLAIN;
	}
	if (!err)
		err = skep_probe_attach(&s, &a->probe, said);
	return err ? refuse(why, size, err, said) : 0;
}

int skep_sys_attach(int prog_fd, const void *function, bool on_return, u64 cookie, struct skep_sys_attachment **out,
		    char *why, size_t why_size)
{
	struct skep_sys_attachment *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return refuse(why, why_size, -ENOMEM, "no memory");
	a->run.cookie = cookie;
	a->run.func = (u64)(uintptr_t)function;
	skep_probe_blocked++;
	err = get_prog(a, prog_fd, why, why_size);
	if (!err) {
		err = place(a, a->run.func, on_return, why, why_size);
		if (err)
			put_prog(a);
	}
	skep_probe_blocked--;
	if (err)
		free(a);
	else
		*out = a;
	return err;
}

void skep_sys_detach(struct skep_sys_attachment *a)
{
	skep_probe_blocked++;
	skep_probe_detach(a->probe);
	put_prog(a);
	free(a);
	skep_probe_blocked--;
}
