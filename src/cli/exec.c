/* SPDX-License-Identifier: BSD-2-Clause */
/* skep exec: another program with bpf(2) answered by skep. Replaces this process. */
#include "cli/cli.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const struct skep_opt_def skep_opts_exec[] = {
	{"store", 0, "DIR", "where maps and programs live (default: see above)"},
	{"engine", 'e', "interp|jit", "what runs the programs (default: native code where there is a compiler)"},
	{"no-probes", 0, NULL, "no thread that places uprobes in the command"},
	{"harden", 0, NULL, "native code does not hold constants of programs as they are (costs some speed)"},
	{"fib", 0, "FILE", "the routing table for bpf_fib_lookup, see docs/fib.md"},
	{"trace", 0, "FILE", "append what programs print with bpf_trace_printk"},
	{0},
};
const char skep_about_exec[] =
	"Runs a command in which bpf(2) is answered in user space: programs that use the shared libbpf, or bpf(2) through "
	"libc, load, verify and run eBPF without privileges. bpftool works, too: skep exec -- bpftool map.\n\n"
	"Maps, programs and pins are files of a store that all such commands of a user share: $SKEP_STORE, else "
	"$XDG_RUNTIME_DIR/skep, else /dev/shm/skep-UID. Paths under /sys/fs/bpf mean the store's tree. What nobody has open "
	"and nobody pinned is gone, as in the kernel.\n\n"
	"Uprobes, return probes and USDT are placed in all commands that were started so and share the store; see "
	"docs/probes.md.\n\n"
	"Who gives others the right to load programs here may not want them to choose bytes of executable memory: --harden, or "
	"SKEP_JIT_HARDEN=1 in the environment, hides immediates, offsets and sizes of maps in native code behind random numbers.\n\n"
	"Native code has names in gdb; with SKEP_PERF_MAP=1 in the environment also for perf, in /tmp/perf-PID.map.\n\n"
	"Put -- before the command. Commands that are linked statically or that are set-user-ID are not reached.";

bool skep_cli_preload(char *buf, size_t size)
{
	static const char *const where[] = {"/libskep-preload.so", "/../sys/libskep-preload.so", "/../lib/libskep-preload.so",
					    "/../lib/" SKEP_LIBDIR "/libskep-preload.so", "/../" SKEP_LIBDIR "/libskep-preload.so"};
	const char *given = getenv("SKEP_PRELOAD");
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (given)
		return (size_t)snprintf(buf, size, "%s", given) < size && access(buf, R_OK) == 0;
	if (n <= 0)
		return false;
	exe[n] = 0;
	*strrchr(exe, '/') = 0;
	for (u32 k = 0; k < SKEP_ARRAY_SIZE(where); k++)
		if ((size_t)snprintf(buf, size, "%s%s", exe, where[k]) < size && access(buf, R_OK) == 0)
			return true;
	return false;
}

static int set(const char *name, const char *value)
{
	return value && setenv(name, value, 1) ? -1 : 0;
}

int skep_cli_fib(struct skep_cli *cli)
{
	const char *path = skep_cli_opt(cli, "fib");
	char full[PATH_MAX], why[128];

	if (!path)
		return 0;
	if (skep_sys_fib(path, why, sizeof(why))) {
		SKEP_CLI_DIAG(cli, BAD_FIB, path, skep_arena_strdup(&cli->arena, why));
		return SKEP_EXIT_INPUT;
	}
	return realpath(path, full) && set("SKEP_FIB", full) == 0 ? 0 : SKEP_EXIT_ENV;
}

int skep_cli_store(struct skep_cli *cli)
{
	const char *given = skep_cli_opt(cli, "store");
	char full[PATH_MAX], why[PATH_MAX + 128];

	if (given && mkdir(given, 0700) && errno != EEXIST)
		snprintf(why, sizeof(why), "%s: %s", given, strerror(errno));
	else if (given && (!realpath(given, full) || set("SKEP_STORE", full)))
		snprintf(why, sizeof(why), "%s: %s", given, strerror(errno));
	else if (skep_sys_store_check(why, sizeof(why)) == 0)
		return 0;
	SKEP_CLI_DIAG(cli, BAD_STORE, skep_arena_strdup(&cli->arena, why));
	return SKEP_EXIT_ENV;
}

/* The file of --trace, by a path that stays right when the command goes to another directory. */
static int tracing(struct skep_cli *cli)
{
	const char *path = skep_cli_opt(cli, "trace");
	char full[PATH_MAX];
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && realpath(path, full) && set("SKEP_TRACE", full) == 0)
		return 0;
	SKEP_CLI_DIAG(cli, CANNOT_WRITE, path, strerror(errno));
	return SKEP_EXIT_ENV;
}

static int prepare(struct skep_cli *cli, const char *lib)
{
	const char *old = getenv("LD_PRELOAD");
	int err = skep_cli_fib(cli);

	if (!err)
		err = skep_cli_store(cli);
	if (!err)
		err = tracing(cli);
	if (err)
		return err;
	if (set("LD_PRELOAD", old && *old ? skep_arena_printf(&cli->arena, "%s:%s", lib, old) : lib) ||
	    set("SKEP_ENGINE", skep_cli_opt(cli, "engine")) ||
	    set("SKEP_PROBES", skep_cli_flag(cli, "no-probes") ? "0" : NULL) ||
	    set("SKEP_JIT_HARDEN", skep_cli_flag(cli, "harden") ? "1" : NULL)) {
		SKEP_CLI_DIAG(cli, NO_MEMORY);
		return SKEP_EXIT_ENV;
	}
	return 0;
}

int skep_cmd_exec(struct skep_cli *cli, int argc, char **argv)
{
	const char *engine = skep_cli_opt(cli, "engine");
	char lib[PATH_MAX], **args;
	int err;

	if (engine && strcmp(engine, "interp") != 0 && strcmp(engine, "jit") != 0) {
		SKEP_CLI_DIAG(cli, BAD_VALUE, engine, "--engine", "interp or jit");
		return SKEP_EXIT_USAGE;
	}
	if (!skep_cli_preload(lib, sizeof(lib))) {
		SKEP_CLI_DIAG(cli, NO_TOOL, "libskep-preload.so", "it is not beside skep; set SKEP_PRELOAD");
		return SKEP_EXIT_ENV;
	}
	err = prepare(cli, lib);
	if (err)
		return err;
	args = SKEP_NEW_N(&cli->arena, char *, (size_t)argc + 1);
	memcpy(args, argv, (size_t)argc * sizeof(*args));
	execvp(args[0], args);
	SKEP_CLI_DIAG(cli, NO_TOOL, args[0], strerror(errno));
	return SKEP_EXIT_ENV;
}
