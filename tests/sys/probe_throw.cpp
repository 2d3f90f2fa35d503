/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What unwinds the stack goes through functions with return probes: exceptions that are caught
 * above, below and between, destructors on the way, a rethrow, backtrace(3), and the end of a
 * cancelled thread. Functions that are left so have no return; those that return do.
 */
#include <cstdio>
#include <execinfo.h>
#include <pthread.h>
#include <stdexcept>
#include <unistd.h>

extern "C" void *shim_attach(void *at, unsigned flags, unsigned long *n);
extern "C" void shim_detach(void *p);
enum { RETURN = 1 };

static unsigned failed, destroyed;
#define CHECK(cond)                                                                                                            \
	do {                                                                                                                   \
		if (!(cond)) {                                                                                                 \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);                                                      \
			failed++;                                                                                              \
		}                                                                                                              \
	} while (0)

struct guard {
	~guard()
	{
		destroyed++;
	}
};

extern "C" {
__attribute__((noinline, noclone)) int leaf(int n);
__attribute__((noinline, noclone)) int through(int n);
__attribute__((noinline, noclone)) int between(int n);
}
static int (*volatile leaf_call)(int) = leaf;
static int (*volatile through_call)(int) = through;
static int (*volatile between_call)(int) = between;
static volatile int depth;
static void *frames[256];

int leaf(int n)
{
	guard g;

	depth = backtrace(frames, 256);
	if (n < 0)
		throw std::runtime_error("leaf");
	return n + 1;
}

/* Recurses so that several entries are in flight. */
int through(int n)
{
	guard g;

	if (n > 0)
		return through_call(n - 1) + 1;
	return leaf_call(n) + 1;
}

/* Catches, and goes on as if nothing were; or throws again. */
int between(int n)
{
	try {
		return through_call(n);
	} catch (const std::runtime_error &e) {
		if (n == -2)
			throw;
		return 99;
	}
}

static void *waits(void *arg)
{
	guard g;

	through_call(3);
	for (;;)
		pause();
	return arg;
}
static void *(*volatile waits_call)(void *) = waits;

static void *cancelled(void *arg)
{
	return waits_call(arg);
}

static void exceptions(unsigned long *leaves, unsigned long *throughs, unsigned long *betweens)
{
	*leaves = *throughs = *betweens = 0;
	CHECK(between_call(5) == 7 && *leaves == 1 && *throughs == 6 && *betweens == 1);
	for (int k = 0; k < 3000; k++) {
		destroyed = 0;
		*betweens = 0;
		CHECK(between_call(-1) == 99 && *betweens == 1 && destroyed == 2);
		try {
			between_call(-2);
			CHECK(!"an exception was lost");
		} catch (const std::exception &e) {
			CHECK(*betweens == 1 && destroyed == 4);
		}
	}
	*leaves = 0;
	CHECK(between_call(5) == 7 && *leaves == 1);
}

static void cancellation(unsigned long *throughs)
{
	unsigned long was = *throughs;
	pthread_t t;
	void *result;

	destroyed = 0;
	CHECK(pthread_create(&t, NULL, cancelled, NULL) == 0);
	usleep(50000);
	pthread_cancel(t);
	pthread_join(t, &result);
	CHECK(result == PTHREAD_CANCELED && destroyed == 6 && *throughs == was + 4);
}

int main()
{
	unsigned long leaves = 0, throughs = 0, betweens = 0, waited = 0;
	int plain, probed;
	void *p[4];

	between_call(3);
	plain = depth;
	p[0] = shim_attach((void *)leaf, RETURN, &leaves);
	if (!p[0]) {
		printf("SKIP: probes cannot be attached here\n");
		return 77;
	}
	p[1] = shim_attach((void *)through, RETURN, &throughs);
	p[2] = shim_attach((void *)between, RETURN, &betweens);
	p[3] = shim_attach((void *)waits, RETURN, &waited);
	between_call(3);
	probed = depth;
	/* A backtrace has all frames, and a place of ours for each probed call. */
	CHECK(plain > 6 && probed == plain + 6);
	exceptions(&leaves, &throughs, &betweens);
	cancellation(&throughs);
	CHECK(waited == 0);
	for (void *q : p)
		shim_detach(q);
	CHECK(between_call(-1) == 99);
	printf("%u failed\n", failed);
	return failed != 0;
}
