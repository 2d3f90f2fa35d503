/* SPDX-License-Identifier: BSD-2-Clause */
/* A library that is loaded while its function is traced. */
long late_function(long x);
long late_function(long x)
{
	volatile long y = x;

	return y + 40;
}
