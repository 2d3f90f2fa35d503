/* SPDX-License-Identifier: BSD-2-Clause */
/* The escaping writer of HTML. Everything goes into the caller's buffer. */
#include "cli/html.h"

/* Length of the character at `s` when it is one in UTF-8, else 0. */
static u32 utf8(const u8 *s)
{
	u32 n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3
									 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	for (u32 k = 1; k < n; k++)
		if ((s[k] & 0xc0) != 0x80)
			return 0;
	if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0)))
		return 0;
	if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90)))
		return 0;
	return n;
}

void html_text(struct skep_buf *out, const char *s)
{
	const u8 *p = (const u8 *)(s ? s : "");

	while (*p) {
		u32 n = utf8(p);

		switch (*p) {
		case '&': skep_buf_puts(out, "&amp;"); break;
		case '<': skep_buf_puts(out, "&lt;"); break;
		case '>': skep_buf_puts(out, "&gt;"); break;
		case '"': skep_buf_puts(out, "&quot;"); break;
		case '\'': skep_buf_puts(out, "&#39;"); break;
		default:
			if (!n || (*p < 0x20 && *p != '\t') || *p == 0x7f)
				skep_buf_puts(out, "\xef\xbf\xbd");
			else
				skep_buf_add(out, p, n);
		}
		p += n ? n : 1;
	}
}

void html_attr(struct skep_buf *out, const char *name, const char *value)
{
	skep_buf_printf(out, " %s=\"", name);
	html_text(out, value);
	skep_buf_puts(out, "\"");
}

void html_elem(struct skep_buf *out, const char *tag, const char *cls, const char *text)
{
	skep_buf_printf(out, "<%s", tag);
	if (cls)
		html_attr(out, "class", cls);
	skep_buf_puts(out, ">");
	html_text(out, text);
	skep_buf_printf(out, "</%s>", tag);
}
