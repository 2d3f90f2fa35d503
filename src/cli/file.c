/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in and out. Inputs are owned by the context and freed when the command
 * ends. A result reaches its name only when it is complete.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_FOLDER "/sys/kernel/btf"
#define KERNEL_BTF KERNEL_FOLDER "/vmlinux"

#define INPUT_MAX_MIB 256
#define INPUT_MAX ((size_t)INPUT_MAX_MIB << 20)
/* What the model of one file may take; a limit, not a reservation. */
#define MODEL_MAX ((size_t)2 << 30)

static int cannot_read(struct skep_cli *cli, const char *path, const char *why)
{
	SKEP_CLI_DIAG(cli, CANNOT_READ, path, why);
	return SKEP_EXIT_INPUT;
}

static int too_large(struct skep_cli *cli, const char *path)
{
	SKEP_CLI_DIAG(cli, TOO_LARGE, path, (unsigned)INPUT_MAX_MIB);
	return SKEP_EXIT_INPUT;
}

/* All bytes up to the end of the file; `hint` is the expected size. */
static int read_all(struct skep_cli *cli, struct skep_input *in, int fd, size_t hint)
{
	size_t cap = SKEP_MAX(hint, (size_t)4096) + 1;
	u8 *p = malloc(cap), *more;
	ssize_t got;

	in->image = p;
	while (p) {
		got = read(fd, p + in->len, cap - in->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return cannot_read(cli, in->path, strerror(errno));
		if (!got)
			break;
		in->len += (size_t)got;
		if (in->len > INPUT_MAX)
			return too_large(cli, in->path);
		if (in->len < cap)
			continue;
		cap *= 2;
		more = realloc(p, cap);
		if (!more)
			return skep_cli_fail(cli, in, SKEP_ENOMEM);
		p = in->image = more;
	}
	if (!p)
		return skep_cli_fail(cli, in, SKEP_ENOMEM);
	/* No slack behind the end, so that a checker sees every read past it. */
	more = realloc(p, in->len ? in->len : 1);
	if (more)
		in->image = more;
	return 0;
}

/* The kernel's types need no copy: they stay as they are, and later kernels give them as a mapping. */
static bool map_types(struct skep_input *in, int fd, size_t len)
{
	void *p;

	if (strncmp(in->path, KERNEL_FOLDER "/", strlen(KERNEL_FOLDER "/")) != 0)
		return false;
	p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	in->image = p;
	in->len = len;
	in->mapped = true;
	return true;
}

void skep_cli_drop_image(struct skep_input *in)
{
	if (in->mapped)
		munmap(in->image, in->len);
	else
		free(in->image);
	in->image = NULL;
	in->mapped = false;
}

static int read_path(struct skep_cli *cli, struct skep_input *in)
{
	struct stat st;
	int fd, err;

	fd = open(in->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cannot_read(cli, in->path, strerror(errno));
	if (fstat(fd, &st) < 0)
		err = cannot_read(cli, in->path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		err = cannot_read(cli, in->path, strerror(EISDIR));
	else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		err = cannot_read(cli, in->path, "not a regular file");
	else if (st.st_size > (off_t)INPUT_MAX)
		err = too_large(cli, in->path);
	else
		err = map_types(in, fd, (size_t)st.st_size) ? 0 : read_all(cli, in, fd, (size_t)st.st_size);
	close(fd);
	return err;
}

int skep_cli_read(struct skep_cli *cli, const char *path, struct skep_input **out)
{
	struct skep_input *in = SKEP_NEW(&cli->arena, struct skep_input), **end = &cli->inputs;
	bool std = strcmp(path, "-") == 0;

	for (struct skep_input *had = cli->inputs; std && had; had = had->next)
		if (had->std)
			return cannot_read(cli, "<stdin>", "it was read already");
	skep_arena_init(&in->arena);
	in->std = std;
	in->arena.limit = MODEL_MAX;
	skep_diags_init(&in->ds);
	in->path = std ? "<stdin>" : path;
	while (*end)
		end = &(*end)->next;
	*end = in;
	*out = in;
	return std ? read_all(cli, in, STDIN_FILENO, 0) : read_path(cli, in);
}

/* Objects may be given as text, by the name of the file. */
static bool is_text(const struct skep_input *in)
{
	size_t n = strlen(in->path);

	return n > 2 && strcmp(in->path + n - 2, ".s") == 0 && (in->len < 4 || memcmp(in->image, "\177ELF", 4) != 0);
}

/* The object that the text means takes its place, so that commands see one kind of input. */
static int assemble(struct skep_input *in)
{
	struct skep_buf bytes = {0};
	int err = skep_obj_parse((char *)in->image, in->len, &in->arena, &in->ds, &in->file);

	if (!err)
		err = skep_obj_write(in->file, 0, &in->ds, &bytes);
	if (err) {
		skep_buf_fini(&bytes);
		return err;
	}
	skep_cli_drop_image(in);
	in->image = (u8 *)bytes.p;
	in->len = bytes.n;
	return 0;
}

/* What a file seems to be that is no eBPF object, and what to do with it; or NULL. */
static const char *what_it_is(const struct skep_input *in)
{
	const u8 *p = in->image;
	size_t n = in->len;

	if (!n)
		return "the file is empty";
	if (n >= 20 && memcmp(p, "\177ELF", 4) == 0 && skep_get16(p + 18, p[5] == 2) != SKEP_EM_BPF)
		return "clang -target bpf -c makes eBPF objects";
	if (n >= 8 && memcmp(p, "!<arch>\n", 8) == 0)
		return "it is an archive: ar x takes the objects out of it";
	if (n >= 4 && memcmp(p, "BC\xc0\xde", 4) == 0)
		return "it is LLVM bitcode: llc -march=bpf -filetype=obj makes an object of it";
	for (size_t i = 0; i < n && i < 256; i++)
		if ((p[i] < 0x20 && !strchr("\t\n\r", p[i])) || p[i] >= 0x7f)
			return NULL;
	return "a text is taken for a program when its name ends in .s";
}

int skep_cli_load(struct skep_cli *cli, const char *path, struct skep_input **out)
{
	int err = skep_cli_read(cli, path, out);
	struct skep_input *in = *out;
	bool text;

	if (err)
		return err;
	text = is_text(in);
	err = text ? assemble(in) : 0;
	if (!err)
		err = skep_obj_read(in->image, in->len, &in->arena, &in->ds, &in->file);
	if (err && !text && what_it_is(in))
		skep_diag_hint(&in->ds, what_it_is(in));
	return err ? skep_cli_fail(cli, in, err) : 0;
}

/* --- writing ----------------------------------------------------------------------- */

bool skep_cli_put(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t put = write(fd, s, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		s += put;
		n -= (size_t)put;
	}
	return true;
}

static int cannot_write(struct skep_cli *cli, const char *path, int err)
{
	SKEP_CLI_DIAG(cli, CANNOT_WRITE, path, strerror(err));
	return SKEP_EXIT_ENV;
}

/* The permissions of a new file: those of the one it replaces, else what the umask leaves. */
static mode_t new_mode(const struct stat *old)
{
	mode_t mask;

	if (old)
		return old->st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int write_beside(struct skep_cli *cli, const char *path, const char *real,
			const struct stat *old, const void *p, size_t n)
{
	char *tmp = skep_arena_printf(&cli->arena, "%s.XXXXXX", real);
	int fd = mkstemp(tmp), err = 0;

	if (fd < 0)
		return cannot_write(cli, path, errno);
	if (!skep_cli_put(fd, p, n) || fchmod(fd, new_mode(old)) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	if (!err && rename(tmp, real) < 0)
		err = errno;
	if (!err)
		return 0;
	unlink(tmp);
	return cannot_write(cli, path, err);
}

int skep_cli_check_folder(struct skep_cli *cli, const char *path)
{
	struct stat st;
	int err = 0;

	if (stat(path, &st))
		err = cannot_write(cli, path, errno);
	else if (!S_ISDIR(st.st_mode))
		err = cannot_write(cli, path, ENOTDIR);
	else if (access(path, W_OK | X_OK))
		err = cannot_write(cli, path, errno);
	if (err)
		skep_diag_hint(&cli->ds,
			       "it must be a folder that is there and that you may write into");
	return err;
}

int skep_cli_write(struct skep_cli *cli, const char *path, const void *p, size_t n)
{
	struct stat st;
	char *real;
	bool there;
	int err = 0, fd;

	if (strcmp(path, "-") == 0) {
		if (!skep_cli_put(STDOUT_FILENO, p, n))
			return cannot_write(cli, "<stdout>", errno);
		return 0;
	}
	there = stat(path, &st) == 0;
	if (there && S_ISDIR(st.st_mode))
		return cannot_write(cli, path, EISDIR);
	if (there && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || !skep_cli_put(fd, p, n))
			err = cannot_write(cli, path, errno);
		if (fd >= 0)
			close(fd);
		return err;
	}
	/* Through symbolic links: the file that they lead to is replaced, not the link. */
	real = there ? realpath(path, NULL) : NULL;
	err = write_beside(cli, path, real ? real : path, there ? &st : NULL, p, n);
	free(real);
	return err;
}

const char *skep_cli_kernel_folder(const char *path)
{
	struct stat st;

	if (!path)
		return KERNEL_FOLDER;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

int skep_cli_kernel_types(struct skep_cli *cli, const char *path, struct skep_btf **types)
{
	struct skep_input *in;
	int err;

	*types = NULL;
	if (path ? strcmp(path, "none") == 0 : access(KERNEL_BTF, R_OK) != 0)
		return 0;
	if (path && skep_cli_kernel_folder(path))
		path = skep_arena_printf(&cli->arena, "%s/vmlinux", path);
	err = skep_cli_read(cli, path ? path : KERNEL_BTF, &in);
	if (err)
		return err;
	err = skep_btf_read(in->image, in->len, false, &in->arena, &in->ds, types);
	if (err)
		return skep_cli_fail(cli, in, err);
	skep_btf_index(*types, &in->arena);
	return 0;
}
