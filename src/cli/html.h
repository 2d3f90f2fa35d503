/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing HTML: markup is said by the caller as it stands, everything else goes
 * through html_text() or html_attr(), which leave no character with a meaning.
 * Texts come from files: what is no UTF-8, and control bytes, become U+FFFD.
 */
#ifndef SKEP_CLI_HTML_H
#define SKEP_CLI_HTML_H

#include "base/base.h"

/* Escaped, for between tags and for values of attributes in double quotes alike. */
void html_text(struct skep_buf *out, const char *s);
/* ` name="escaped"`. */
void html_attr(struct skep_buf *out, const char *name, const char *value);
/* <tag class="cls">escaped</tag>; cls may be NULL. */
void html_elem(struct skep_buf *out, const char *tag, const char *cls, const char *text);

#endif
