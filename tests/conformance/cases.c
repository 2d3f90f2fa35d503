/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hand-written cases of conformance, through the driver as a suite would
 * use it: each in every engine.
 *
 * usage: cases DRIVER FILE...
 * A file has cases: "name:", perhaps "mem: HEX", one instruction a line, and
 * "= HEX" (what is printed) or "! TEXT" (part of the message; exit not 0).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isa/isa.h"

enum { LINE = 512, CODE = 4096, TEXT = 4096 };

static const char *const engines[] = {"checked", "interp", "jit"};

struct kase {
	char name[LINE], mem[LINE];
	u8 code[CODE];
	u32 slots;
};

static u32 passed, failed;

static bool add_insn(struct kase *k, const char *text)
{
	const char *why = "", *where;
	struct skep_isa_names names;
	struct skep_ins in;

	if (k->slots * 8 + 16 > CODE ||
	    !skep_isa_parse(text, strlen(text), &in, &names, &why, &where)) {
		printf("FAIL %s: '%s': %s\n", k->name, text, why);
		failed++;
		return false;
	}
	k->slots += skep_isa_encode(&in, k->code + k->slots * 8, false);
	return true;
}

static void child(const char *driver, const struct kase *k, const char *engine, int in, int out)
{
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	execl(driver, driver, k->mem, "--engine", engine, (char *)NULL);
	_exit(127);
}

static void feed(const struct kase *k, int fd)
{
	char hex[CODE * 3];
	size_t n = 0;

	for (u32 i = 0; i < k->slots * 8; i++)
		n += (size_t)sprintf(hex + n, i % 8 == 7 ? "%02x " : "%02x", k->code[i]);
	if (write(fd, hex, n) != (ssize_t)n)
		perror("write");
}

/* What the driver printed, and its status. */
static int drive(const char *driver, const struct kase *k, const char *engine, char *text)
{
	int in[2], out[2], status = -1;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		child(driver, k, engine, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	feed(k, in[1]);
	close(in[1]);
	while (n < TEXT - 1 && (got = read(out[0], text + n, TEXT - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(out[0]);
	waitpid(pid, &status, 0);
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void judge(const char *driver, const struct kase *k, const char *want)
{
	bool trap = want[0] == '!';

	want += 1 + strspn(want + 1, " ");
	for (u32 e = 0; e < SKEP_ARRAY_SIZE(engines); e++) {
		char text[TEXT];
		int rc = drive(driver, k, engines[e], text);
		bool ok = trap ? rc > 0 && rc < 10 && text[0] && strstr(text, want)
			       : !rc && !strcmp(text, want);

		/* Where there is no compiler, the driver says so. */
		if (rc == 4 && !strcmp(engines[e], "jit"))
			continue;
		passed += ok;
		failed += !ok;
		if (!ok)
			printf("FAIL %s [%s]: status %d, '%s', expected '%s'\n", k->name,
			       engines[e], rc, text, want);
	}
}

static bool run_file(const char *driver, const char *path)
{
	FILE *f = fopen(path, "r");
	struct kase k = {0};
	char line[LINE];
	bool good = true;

	if (!f) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		if (line[0] == '\t') {
			good &= add_insn(&k, line + 1);
		} else if (line[0] == '=' || line[0] == '!') {
			if (good)
				judge(driver, &k, line);
		} else if (!strncmp(line, "mem:", 4)) {
			strcpy(k.mem, line + 4);
		} else {
			memset(&k, 0, sizeof(k));
			line[strcspn(line, ":")] = 0;
			strcpy(k.name, line);
			good = true;
		}
	}
	fclose(f);
	return true;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: cases DRIVER FILE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (!run_file(argv[1], argv[i]))
			return 3;
	printf("%u passed, %u failed\n", passed, failed);
	return failed || passed < 100;
}
