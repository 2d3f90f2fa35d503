# Helpers for programs under a GPL-compatible licence.
== restricted-helper-without | kprobe/x | reject licence
.license "Proprietary"
r3 = r1
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read
== restricted-helper-with | kprobe/x | accept
.license "GPL"
r3 = r1
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read
== dual-licence | kprobe/x | accept
.license "Dual BSD/GPL"
r3 = r1
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read
== gpl-v2 | kprobe/x | accept
.license "GPL v2"
r3 = r1
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read
== dual-mit | kprobe/x | accept
.license "Dual MIT/GPL"
r3 = r1
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read
== name-that-only-begins-alike | kprobe/x | reject licence
.license "GPL v3"
r3 = r1
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read
== free-helper-without | kprobe/x | accept
.license "Proprietary"
call bpf_get_smp_processor_id
== restricted-in-network | socket | reject licence
.license "BSD"
*(u64 *)(r10 - 8) = 0
r1 = r10
r1 += -8
r2 = 8
call bpf_trace_printk
== restricted-on-dead-path | kprobe/x | accept
.license "BSD"
r6 = 1
if r6 == 1 goto leave
*(u64 *)(r10 - 8) = 0
r1 = r10
r1 += -8
r2 = 8
call bpf_trace_printk
leave:
r0 = 0
exit
