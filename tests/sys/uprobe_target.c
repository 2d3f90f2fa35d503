/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is traced: for each line of its input it does something and answers with a line.
 *
 *	open NAME FLAGS	calls the function of that shape
 *	many N		calls it N times
 *	usdt A B	comes to two places for tracing, one with a semaphore; says what that is
 *	lib NAME	loads a library
 *	call NAME N	calls its function with N
 *	unload		unloads it
 *	fork		the same commands go on in a child
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline, noclone)) int open_like(const char *name, long flags);
int open_like(const char *name, long flags)
{
	return (int)(strlen(name) * 100) + (int)flags;
}
static int (*volatile open_call)(const char *, long) = open_like;

/* Too short, and other code follows at once. */
__asm__(".text\n"
	".globl short_one\n.type short_one, @function\nshort_one:\n\txor %eax, %eax\n\tret\n.size short_one, . - short_one\n"
	".globl short_two\n.type short_two, @function\nshort_two:\n\tlea 1(%rdi), %rax\n\tret\n.size short_two, . - short_two\n");
int short_one(void);
int short_two(int x);

/* A place as <sys/sdt.h> describes it: a nop, and a note with its address and its arguments. */
#define NOTE(name, sema, args)                                                                                                 \
	"990:\tnop\n"                                                                                                          \
	".pushsection .note.stapsdt, \"?\", \"note\"\n"                                                                        \
	".balign 4\n.4byte 992f-991f, 994f-993f, 3\n"                                                                          \
	"991:\t.asciz \"stapsdt\"\n"                                                                                           \
	"992:\t.balign 4\n"                                                                                                    \
	"993:\t.8byte 990b\n\t.8byte _.stapsdt.base\n\t.8byte " sema "\n"                                                      \
	"\t.asciz \"skeptest\"\n\t.asciz \"" name "\"\n\t.asciz \"" args "\"\n"                                                \
	"994:\t.balign 4\n.popsection\n"                                                                                       \
	".ifndef _.stapsdt.base\n"                                                                                             \
	".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"                                           \
	".weak _.stapsdt.base\n.hidden _.stapsdt.base\n"                                                                       \
	"_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n.endif\n"

volatile unsigned short skeptest_counted_semaphore __attribute__((section(".probes"), used));

__attribute__((noinline, noclone)) long places(long a, int b);
long places(long a, int b)
{
	long sum = a + b;

	__asm__ volatile(NOTE("plain", "0", "-8@%0 -4@%1 -8@$-7") : : "r"(a), "r"(b));
	sum += 3;
	__asm__ volatile(NOTE("counted", "skeptest_counted_semaphore", "-8@%0 8@%1") : : "r"(sum), "m"(a));
	return sum * 2;
}

static void *lib;

static void command(char *line)
{
	char name[256] = "";
	long a = 0, b = 0;

	if (sscanf(line, "open %255s %ld", name, &a) == 2) {
		printf("%d\n", open_call(name, a));
	} else if (sscanf(line, "many %ld", &a) == 1) {
		for (long k = 0; k < a; k++)
			b += open_call("x", k);
		printf("%ld\n", b);
	} else if (sscanf(line, "usdt %ld %ld", &a, &b) == 2) {
		long r = places(a, (int)b);

		printf("%ld %d\n", r, skeptest_counted_semaphore);
	} else if (sscanf(line, "lib %255s", name) == 1) {
		lib = dlopen(name, RTLD_NOW);
		printf("%s\n", lib ? "yes" : "no");
	} else if (sscanf(line, "call %255s %ld", name, &a) == 2) {
		long (*f)(long) = lib ? (long (*)(long))dlsym(lib, name) : NULL;

		printf("%ld\n", f ? f(a) : -1);
	} else if (strncmp(line, "unload", 6) == 0) {
		printf("%d\n", lib ? dlclose(lib) : -1);
		lib = NULL;
	} else {
		printf("%d\n", short_one() + short_two(1));
	}
}

int main(void)
{
	char line[512];

	setvbuf(stdin, NULL, _IONBF, 0);
	printf("%d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "fork", 4) == 0) {
			pid_t pid = fork();

			if (pid > 0) {
				waitpid(pid, NULL, 0);
				return 0;
			}
			printf("%d\n", getpid());
		} else {
			command(line);
		}
		fflush(stdout);
	}
	return 0;
}
