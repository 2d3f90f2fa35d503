/* SPDX-License-Identifier: BSD-2-Clause */
/* sys: a link as its files share it. */
#ifndef SKEP_SYS_LINKS_H
#define SKEP_SYS_LINKS_H

#include "sys/sys_impl.h"

struct slink {
	struct sobj o;
	struct lhead d, *h; /* as it was opened; shared */
};
static inline struct slink *slink_of(struct sobj *o)
{
	return (struct slink *)((u8 *)o - offsetof(struct slink, o));
}

#endif
