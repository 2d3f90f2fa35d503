/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target on the files of the given directories, without libFuzzer. */
#include "fuzz.h"

#include <dirent.h>

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 1 << 16, n = 0, got;
	u8 *p = malloc(cap), *exact;

	if (!f || !p) {
		perror(path);
		exit(1);
	}
	while ((got = fread(p + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n == cap)
			p = realloc(p, cap *= 2);
		MUST(p, "no memory");
	}
	fclose(f);
	exact = malloc(n ? n : 1);
	MUST(exact, "no memory");
	memcpy(exact, p, n);
	free(p);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 1;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *e;
		char path[4096];

		if (!d) {
			n += replay_file(argv[i]);
			continue;
		}
		while ((e = readdir(d))) {
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			n += replay_file(path);
		}
		closedir(d);
	}
	printf("%d passed, 0 failed, 0 skipped\n", n);
	return n ? 0 : 1;
}
