/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caller's memory, which may not be there: read and written through the kernel, which
 * says so instead of ending the process. Where the kernel does not let us, directly.
 */
#include "sys/sys_impl.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static bool impossible(u64 at, u64 n)
{
	return at < PAGE || at + n < at || at + n > (u64)1 << 56;
}

/* The stack of this thread, 0: not asked yet. */
static _Thread_local struct {
	u64 lo, hi;
} stack;

static void find_stack(void)
{
	pthread_attr_t a;
	size_t size;
	void *at;

	stack.lo = stack.hi = 1;
	if (pthread_getattr_np(pthread_self(), &a))
		return;
	if (pthread_attr_getstack(&a, &at, &size) == 0) {
		stack.lo = (u64)(uintptr_t)at;
		stack.hi = stack.lo + size;
	}
	pthread_attr_destroy(&a);
}

/* What lies above our frame on our own stack is there: most attributes and many keys do. */
static bool on_stack(u64 at, u64 n)
{
	u64 frame = (u64)(uintptr_t)__builtin_frame_address(0);

	if (!stack.hi)
		find_stack();
	return frame >= stack.lo && at >= frame && at + n <= stack.hi;
}

/* 1: done; 0: ask for it directly. */
static int through_kernel(void *ours, u64 theirs, u64 n, bool write)
{
	static atomic_bool refused;
	struct iovec a = {ours, n}, b = {(void *)(uintptr_t)theirs, n};
	ssize_t got;

	if (on_stack(theirs, n) || atomic_load_explicit(&refused, memory_order_relaxed))
		return 0;
	got = write ? process_vm_writev(getpid(), &a, 1, &b, 1, 0) : process_vm_readv(getpid(), &a, 1, &b, 1, 0);
	if (got == (ssize_t)n)
		return 1;
	if (got >= 0 || errno == EFAULT)
		return -EFAULT;
	if (errno == ENOSYS || errno == EPERM)
		atomic_store(&refused, true);
	return 0;
}

int sys_user_read(void *to, u64 from, u64 n)
{
	int err;

	if (!n)
		return 0;
	if (impossible(from, n))
		return -EFAULT;
	err = through_kernel(to, from, n, false);
	if (!err)
		memcpy(to, (const void *)(uintptr_t)from, n);
	return err < 0 ? err : 0;
}

int sys_user_write(u64 to, const void *from, u64 n)
{
	int err;

	if (!n)
		return 0;
	if (impossible(to, n))
		return -EFAULT;
	err = through_kernel((void *)(uintptr_t)from, to, n, true);
	if (!err)
		memcpy((void *)(uintptr_t)to, from, n);
	return err < 0 ? err : 0;
}

int sys_user_string(char *to, u64 from, u32 size)
{
	u32 n = 0;

	while (n < size) {
		/* Up to the end of a page, which is there as a whole or not at all. */
		u32 some = SKEP_MIN(size - n, (u32)(PAGE - (from + n) % PAGE));
		int err = sys_user_read(to + n, from + n, some);
		char *end;

		if (err)
			return err;
		end = memchr(to + n, 0, some);
		if (end)
			return (int)(end - to);
		n += some;
	}
	return -E2BIG;
}

bool sys_user_zero(u64 from, u64 n)
{
	u8 buf[256];

	for (u64 k = 0; k < n; k += sizeof(buf)) {
		u64 some = SKEP_MIN(n - k, sizeof(buf));

		if (sys_user_read(buf, from + k, some))
			return false;
		for (u64 i = 0; i < some; i++)
			if (buf[i])
				return false;
	}
	return true;
}

void *sys_map_pages(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
#ifdef SYS_mmap
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);
#else
	return mmap(addr, len, prot, flags, fd, off);
#endif
}
