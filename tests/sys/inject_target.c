/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that knows nothing of skep and runs already when a library is loaded into it. It checks
 * itself and says "good" when SIGTERM ends it.
 *
 *	sleep		naps, all of which must last
 *	busy		computes with vectors and flags, whose sums must be right
 *	read		answers each byte of its input
 *	alloc		eight threads that allocate and free; all contents must stay
 *	wait		all threads wait for conditions and for each other's end
 *	signals		computes while a timer sends signals
 *	handler		waits for ever in a signal handler that interrupted the allocator or not
 *	filter		with a filter of system calls
 *	stopped		has stopped itself
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <linux/seccomp.h>
#include <linux/filter.h>

static volatile sig_atomic_t end, ticks;
static volatile int wrong;

__attribute__((noinline, noclone)) int hit(int x);
int hit(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x * 3 + 1;
}
static int (*volatile call)(int) = hit;

static void on_end(int sig)
{
	end = 1;
}

static void on_tick(int sig)
{
	ticks++;
}

static void in_handler(int sig)
{
	for (;;)
		pause();
}

static void check(int ok, const char *what)
{
	if (!ok && !wrong++)
		fprintf(stderr, "wrong: %s, errno %d\n", what, errno);
}

static double compute(void)
{
	double v[8] = {1, 2, 3, 4, 5, 6, 7, 8}, sum = 0;
	int k, i;

	for (k = 0; k < 20000; k++)
		for (i = 0; i < 8; i++)
			v[i] = v[i] * 1.0000001 + (double)(k & 7) * 0.5;
	for (i = 0; i < 8; i++)
		sum += v[i];
	return sum;
}

static void busy(void)
{
	double first = compute();

	while (!end) {
		errno = 7;
		check(compute() == first, "a sum");
		check(errno == 7, "errno");
		check(call(5) == 16, "a result");
	}
}

static void naps(void)
{
	while (!end) {
		struct timespec t = {0, 50000000}, from, to;
		int err;

		clock_gettime(CLOCK_MONOTONIC, &from);
		err = nanosleep(&t, NULL);
		clock_gettime(CLOCK_MONOTONIC, &to);
		check(end || (!err && (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec >= 50000000), "a nap");
		check(call(5) == 16, "a result");
	}
}

static void reads(void)
{
	char c;

	while (!end) {
		ssize_t n = read(0, &c, 1);

		check(end || n == 1, "a read");
		if (n == 1 && (call(1) != 4 || write(1, &c, 1) != 1))
			check(0, "a byte");
	}
}

static void *allocate(void *arg)
{
	unsigned seed = (unsigned)(size_t)arg;
	unsigned char *p[64] = {0};
	size_t n[64] = {0};

	while (!end) {
		unsigned k = (seed = seed * 1103515245 + 12345) >> 8 & 63;

		for (size_t i = 0; i < n[k]; i += 61)
			check(p[k][i] == (unsigned char)k, "a byte of memory");
		free(p[k]);
		n[k] = (seed >> 4) % 3000 + 1;
		p[k] = malloc(n[k]);
		memset(p[k], (int)k, n[k]);
		if (k == 5)
			check(call(5) == 16, "a result");
	}
	for (unsigned k = 0; k < 64; k++)
		free(p[k]);
	return NULL;
}

static void alloc(void)
{
	pthread_t t[8];

	for (size_t k = 0; k < 8; k++)
		pthread_create(&t[k], NULL, allocate, (void *)(k + 1));
	for (int k = 0; k < 8; k++)
		pthread_join(t[k], NULL);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *wait_end(void *arg)
{
	pthread_mutex_lock(&lock);
	while (!end)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	check(call(5) == 16, "a result");
	return NULL;
}

static void *wait_signal(void *arg)
{
	sigset_t s;
	int sig;

	sigemptyset(&s);
	sigaddset(&s, SIGTERM);
	while (sigwait(&s, &sig) || sig != SIGTERM)
		;
	pthread_mutex_lock(&lock);
	end = 1;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void waits(void)
{
	pthread_t t[5];
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	for (int k = 0; k < 5; k++)
		pthread_create(&t[k], NULL, k ? wait_end : wait_signal, NULL);
	for (int k = 0; k < 5; k++)
		pthread_join(t[k], NULL);
}

static void signals(void)
{
	struct itimerval it = {{0, 500}, {0, 500}};

	signal(SIGALRM, on_tick);
	setitimer(ITIMER_REAL, &it, NULL);
	busy();
	it = (struct itimerval){0};
	setitimer(ITIMER_REAL, &it, NULL);
	check(ticks > 10, "ticks");
}

static void handler(void)
{
	signal(SIGUSR1, in_handler);
	raise(SIGUSR1);
}

static void filter(void)
{
	struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog p = {1, all};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p))
		check(0, "the filter");
	naps();
}

static void stopped(void)
{
	raise(SIGSTOP);
	naps();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} mode[] = {{"sleep", naps},	   {"busy", busy},	 {"read", reads},   {"alloc", alloc},	  {"wait", waits},
		    {"signals", signals}, {"handler", handler}, {"filter", filter}, {"stopped", stopped}};
	struct sigaction a = {.sa_handler = on_end};

	sigaction(SIGTERM, &a, NULL);
	for (size_t k = 0; argc > 1 && k < sizeof(mode) / sizeof(*mode); k++)
		if (strcmp(argv[1], mode[k].name) == 0) {
			mode[k].run();
			puts(wrong ? "wrong" : "good");
			return wrong != 0;
		}
	return 2;
}
