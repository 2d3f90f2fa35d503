/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the part that is compiled against the kernel's self-tests
 * (selftests_cases.c) and the part that knows skep (selftests.c): plain data,
 * since the headers of the two cannot meet.
 */
#ifndef SKEP_TESTS_SELFTESTS_H
#define SKEP_TESTS_SELFTESTS_H

#include <stdint.h>

enum { SELFTEST_MAPS = 64, SELFTEST_KFUNCS = 8, SELFTEST_FUNCS = 8, SELFTEST_LOG = 600 };

struct selftest_btf {
	void *data; /* or NULL */
	uint32_t len;
};
struct selftest_map {
	int fd, inner_fd; /* inner_fd: 0 none */
	uint32_t type, key_size, value_size, max_entries, flags, key_type, value_type;
	struct selftest_btf btf; /* of the map; key_type and value_type are in it */
};
struct selftest_kfunc {
	int slot;
	const char *name;
};
struct selftest_func {
	uint32_t slot, type; /* FUNC in the program's types */
};

enum { SELFTEST_ACCEPT, SELFTEST_REJECT };
enum { SELFTEST_KERNEL_ACCEPTS, SELFTEST_KERNEL_REFUSES, SELFTEST_KERNEL_SILENT };

/* What the running kernel says. */
struct selftest_verdict {
	int says, error;
	char log[SELFTEST_LOG]; /* the end of it */
};

struct selftest {
	const char *name;
	const uint8_t *code; /* 8 bytes a slot */
	uint32_t slots;
	uint32_t prog_type, attach_type;
	const char *attach_to; /* function of tracing programs, or NULL */
	int strict_align;
	int expect;		 /* that the tests of this source have */
	const char *expect_text; /* of the log, or NULL */
	int unpriv_expect;	 /* the same for users without privileges */
	const char *unpriv_text;
	struct selftest_verdict kernel;
	struct selftest_verdict user; /* without CAP_PERFMON, without any capability if it can be */
	int bpf_capable;	      /* `user` had CAP_BPF: the kernel demands it of everyone */
	struct selftest_map map[SELFTEST_MAPS];
	uint32_t nmap;
	int incomplete;		 /* a map could not be made here */
	struct selftest_btf btf; /* of the program */
	struct selftest_kfunc kfunc[SELFTEST_KFUNCS];
	uint32_t nkfunc;
	struct selftest_func func[SELFTEST_FUNCS];
	uint32_t nfunc;
};

/* Number of cases; case i as long as `use` runs. Not reentrant. */
typedef uint32_t selftests_count_fn(void);
typedef void selftests_get_fn(uint32_t i, void (*use)(const struct selftest *t, void *arg),
			      void *arg);

#endif
