# Helpers: which there are, for whom, and what they take.
== no-such-helper | socket | reject helper-unknown
call 9999
== number-zero | socket | reject helper-unknown
call 0
== of-another-type | socket | reject helper-type
r2 = 4
call bpf_xdp_adjust_head
== of-perf-events-in-network | xdp | reject helper-type
r2 = r10
r2 += -24
r3 = 24
call bpf_perf_prog_read_value
r0 = 0
exit
== of-network-in-tracing | kprobe/x | reject helper-type
r2 = 0
r3 = r10
r3 += -8
r4 = 8
call bpf_skb_load_bytes
== redirect-in-filter | socket | reject helper-type
r1 = 1
r2 = 0
call bpf_redirect
== redirect-in-xdp | xdp | accept
r1 = 1
r2 = 0
call bpf_redirect
exit
== redirect-in-tc | tc | accept
r1 = 1
r2 = 0
call bpf_redirect
exit
== argument-missing | xdp | reject uninit-reg
r1 = 1
call bpf_redirect
exit
== context-as-number | xdp | accept
r2 = 0
call bpf_redirect
exit
== map-as-number | socket | reject helper-arg
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = 0
call bpf_map_lookup_elem
== context-as-map | socket | reject helper-arg
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
call bpf_map_lookup_elem
== key-is-number | socket | reject helper-arg
r2 = 0
r1 = array ll
call bpf_map_lookup_elem
== key-is-map | socket | reject helper-arg
r2 = array ll
r1 = array ll
call bpf_map_lookup_elem
== key-is-context | socket | reject helper-arg
r2 = r1
r1 = array ll
call bpf_map_lookup_elem
== value-is-null | socket | reject helper-arg
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r3 = 0
r4 = 0
r1 = hash ll
call bpf_map_update_elem
== load-bytes | socket | accept
r2 = 0
r3 = r10
r3 += -8
r4 = 8
call bpf_skb_load_bytes
r0 = *(u64 *)(r10 - 8)
exit
== load-bytes-context-is-stack | socket | reject helper-arg
r1 = r10
r2 = 0
r3 = r10
r3 += -8
r4 = 8
call bpf_skb_load_bytes
== load-bytes-context-is-null | socket | reject helper-arg
r1 = 0
r2 = 0
r3 = r10
r3 += -8
r4 = 8
call bpf_skb_load_bytes
== load-bytes-zero | socket | reject size
r2 = 0
r3 = r10
r3 += -8
r4 = 0
call bpf_skb_load_bytes
== load-bytes-negative | socket | reject size
r2 = 0
r3 = r10
r3 += -8
r4 = -1
call bpf_skb_load_bytes
== load-bytes-huge | socket | reject size-huge
r2 = 0
r3 = r10
r3 += -8
r4 = 0x20000000
call bpf_skb_load_bytes
== csum-diff-null-and-zero | tc | accept
*(u32 *)(r10 - 4) = 0
r1 = 0
r2 = 0
r3 = r10
r3 += -4
r4 = 4
r5 = 0
call bpf_csum_diff
r0 = 0
exit
== csum-diff-null-and-not-zero | tc | reject helper-arg
*(u32 *)(r10 - 4) = 0
r1 = 0
r2 = 4
r3 = r10
r3 += -4
r4 = 4
r5 = 0
call bpf_csum_diff
r0 = 0
exit
== read-of-buffer-that-is-uninitialised | tc | accept
r1 = 0
r2 = 0
r3 = r10
r3 += -8
r4 = 8
r5 = 0
call bpf_csum_diff
r0 = 0
exit
== perf-output | tc | accept
*(u64 *)(r10 - 8) = 1
r2 = events ll
r3 = 0
r4 = r10
r4 += -8
r5 = 8
call bpf_perf_event_output
r0 = 0
exit
== perf-output-of-context | tc | reject helper-arg
r4 = r1
r2 = events ll
r3 = 0
r5 = 8
call bpf_perf_event_output
r0 = 0
exit
== perf-output-not-an-events-map | tc | reject map-type
*(u64 *)(r10 - 8) = 1
r2 = array ll
r3 = 0
r4 = r10
r4 += -8
r5 = 8
call bpf_perf_event_output
r0 = 0
exit
== trace-printk | socket | accept
*(u64 *)(r10 - 8) = 0x6425
r1 = r10
r1 += -8
r2 = 3
r3 = 7
call bpf_trace_printk
== trace-printk-format-too-long | socket | reject stack-bounds
*(u64 *)(r10 - 8) = 0
r1 = r10
r1 += -8
r2 = 9
call bpf_trace_printk
== probe-read-into-map | kprobe/x | accept
r6 = r1
@value array
r3 = r6
r1 = r0
r2 = 64
call bpf_probe_read_kernel
== probe-read-into-context | kprobe/x | reject helper-arg
r3 = 0
r2 = 8
call bpf_probe_read_kernel
== probe-read-zero-bytes | kprobe/x | accept
r3 = 0
r2 = 0
r1 = r10
r1 += -8
call bpf_probe_read_kernel
== probe-read-string | kprobe/x | accept
r3 = r1
r1 = r10
r1 += -16
r2 = 16
call bpf_probe_read_user_str
if r0 s< 0 goto leave
if r0 s> 16 goto bad
leave:
r0 = 0
exit
bad:
r0 = *(u64 *)(r10 + 8)
exit
== stack-id | kprobe/x | accept
r2 = stacks ll
r3 = 0
call bpf_get_stackid
== get-stack-result-is-bounded | kprobe/x | accept
r2 = r10
r2 += -64
r3 = 64
r4 = 0
call bpf_get_stack
if r0 s< 0 goto leave
r1 = r10
r1 += -64
r1 += r0
*(u8 *)(r1 - 1) = 0
leave:
r0 = 0
exit
== get-stack-result-may-be-negative | kprobe/x | reject stack-bounds
r2 = r10
r2 += -64
r3 = 64
r4 = 0
call bpf_get_stack
r1 = r10
r1 += -64
r1 += r0
*(u8 *)(r1 - 1) = 0
== string-to-number | cgroup/sysctl | accept
*(u64 *)(r10 - 8) = 0x31
r1 = r10
r1 += -8
r2 = 8
r3 = 0
r4 = r10
r4 += -16
call bpf_strtol
r0 = 1
exit
== string-to-number-result-misaligned | cgroup/sysctl | reject align
*(u64 *)(r10 - 8) = 0x31
r1 = r10
r1 += -8
r2 = 8
r3 = 0
r4 = r10
r4 += -20
call bpf_strtol
r0 = 1
exit
== string-to-number-result-too-small | cgroup/sysctl | reject stack-bounds
*(u64 *)(r10 - 16) = 0x31
r1 = r10
r1 += -16
r2 = 8
r3 = 0
r4 = r10
r4 += -4
call bpf_strtol
r0 = 1
exit
== fib-lookup | xdp | accept
@repeat 8 *(u64 *)(r10 - 64) = 0
r2 = r10
r2 += -64
r3 = 64
r4 = 0
call bpf_fib_lookup
r0 = 0
exit
== cgroup-storage | cgroup_skb/ingress | accept
r1 = cgstorage ll
r2 = 0
call bpf_get_local_storage
r0 = *(u64 *)(r0 + 8)
r0 = 1
exit
== cgroup-storage-beyond | cgroup_skb/ingress | reject map-bounds
r1 = cgstorage ll
r2 = 0
call bpf_get_local_storage
r0 = *(u64 *)(r0 + 16)
r0 = 1
exit
== cgroup-storage-flags | cgroup_skb/ingress | reject storage-flags
r1 = cgstorage ll
r2 = 1
call bpf_get_local_storage
r0 = 1
exit
== cgroup-storage-in-xdp | xdp | reject helper-type
r1 = cgstorage ll
r2 = 0
call bpf_get_local_storage
r0 = 1
exit
== snprintf-without-constant-format | socket | reject const-string
*(u64 *)(r10 - 8) = 0
r1 = r10
r1 += -16
r2 = 8
r3 = r10
r3 += -8
r4 = 0
r5 = 0
call bpf_snprintf
== snprintf | socket | accept
r1 = r10
r1 += -16
r2 = 8
r3 = format ll
r4 = 0
r5 = 0
call bpf_snprintf
r0 = 0
exit
.section ".rodata"
format:
.ascii "hello"
.zero 3
== snprintf-bad-format | socket | reject const-string
*(u64 *)(r10 - 8) = 1
r1 = r10
r1 += -16
r2 = 8
r3 = format ll
r4 = 0
r5 = 0
call bpf_snprintf
r0 = 0
exit
.section ".rodata"
format:
.ascii "%d"
.zero 6
