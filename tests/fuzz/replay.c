/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target on the files of the given directories, without libFuzzer. */
#include "fuzz.h"

#include <dirent.h>

#include "../slurp.h"

static int replay_file(const char *path)
{
	size_t n;
	u8 *p = slurp(path, &n);

	if (!p) {
		perror(path);
		exit(1);
	}
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(p, n);
	free(p);
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
