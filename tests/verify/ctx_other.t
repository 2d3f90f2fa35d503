# Contexts of the other program types.
== kprobe-register | kprobe/x | accept
r0 = *(u64 *)(r1 + 112)
exit
== kprobe-half | kprobe/x | accept
r0 = *(u32 *)(r1 + 112)
exit
== kprobe-beyond | kprobe/x | reject ctx-access
r0 = *(u64 *)(r1 + 168)
exit
== kprobe-misaligned | kprobe/x | reject ctx-access
r0 = *(u64 *)(r1 + 4)
exit
== kprobe-written | kprobe/x | reject ctx-access
*(u64 *)(r1 + 112) = 1
== kprobe-pointer-is-a-number | kprobe/x | reject type
r2 = *(u64 *)(r1 + 112)
r0 = *(u64 *)(r2 + 0)
exit
== kprobe-pointer-by-helper | kprobe/x | accept
r3 = *(u64 *)(r1 + 112)
r1 = r10
r1 += -8
r2 = 8
call bpf_probe_read_kernel
r0 = *(u64 *)(r10 - 8)
exit
== tracepoint-word | tracepoint/x/y | accept
r0 = *(u64 *)(r1 + 8)
exit
== tracepoint-far | tracepoint/x/y | accept
r0 = *(u64 *)(r1 + 2048)
exit
== tracepoint-too-far | tracepoint/x/y | reject ctx-access
r0 = *(u64 *)(r1 + 8192)
exit
== tracepoint-written | tracepoint/x/y | reject ctx-access
*(u64 *)(r1 + 8) = 1
== tracepoint-misaligned | tracepoint/x/y | reject ctx-access
r0 = *(u64 *)(r1 + 12)
exit
== raw-tracepoint-argument | raw_tp/x | accept
r0 = *(u64 *)(r1 + 0)
exit
== raw-tracepoint-last-argument | raw_tp/x | accept
r0 = *(u64 *)(r1 + 88)
exit
== raw-tracepoint-beyond | raw_tp/x | reject ctx-access
r0 = *(u64 *)(r1 + 96)
exit
== raw-tracepoint-half | raw_tp/x | accept
r0 = *(u32 *)(r1 + 4)
exit
== raw-tracepoint-argument-is-a-number | raw_tp/x | reject type
r1 = *(u64 *)(r1 + 0)
r0 = *(u64 *)(r1 + 0)
exit
== perf-event-period | perf_event | accept
r0 = *(u64 *)(r1 + 168)
exit
== perf-event-half-of-period | perf_event | accept
r0 = *(u32 *)(r1 + 168)
exit
== perf-event-register | perf_event | accept
r0 = *(u64 *)(r1 + 8)
exit
== perf-event-beyond | perf_event | reject ctx-access
r0 = *(u64 *)(r1 + 184)
exit
== sockops-op | sockops | accept
r0 = *(u32 *)(r1 + 0)
r0 = 1
exit
== sockops-writes-reply | sockops | accept
*(u32 *)(r1 + 4) = 1
r0 = 1
exit
== sockops-writes-family | sockops | reject ctx-access
*(u32 *)(r1 + 20) = 1
r0 = 1
exit
== sockops-beyond | sockops | reject ctx-access
r0 = *(u32 *)(r1 + 224)
r0 = 1
exit
== sockops-byte | sockops | reject ctx-access
r0 = *(u8 *)(r1 + 20)
r0 = 1
exit
== sockops-bytes-received | sockops | accept
r0 = *(u64 *)(r1 + 168)
r0 = 1
exit
== cgroup-sock-family | cgroup/sock_create | accept
r0 = *(u32 *)(r1 + 4)
r0 = 1
exit
== cgroup-sock-writes-mark | cgroup/sock_create | accept
*(u32 *)(r1 + 16) = 1
r0 = 1
exit
== cgroup-sock-writes-family | cgroup/sock_create | reject ctx-access
*(u32 *)(r1 + 4) = 1
r0 = 1
exit
== cgroup-sock-create-reads-address | cgroup/sock_create | reject ctx-access
r0 = *(u32 *)(r1 + 24)
r0 = 1
exit
== post-bind4-reads-address | cgroup/post_bind4 | accept
r0 = *(u32 *)(r1 + 24)
r0 = 1
exit
== post-bind4-reads-address-of-ipv6 | cgroup/post_bind4 | reject ctx-access
r0 = *(u32 *)(r1 + 28)
r0 = 1
exit
== post-bind4-writes-mark | cgroup/post_bind4 | reject ctx-access
*(u32 *)(r1 + 16) = 1
r0 = 1
exit
== connect4-address | cgroup/connect4 | accept
r0 = *(u32 *)(r1 + 4)
*(u32 *)(r1 + 4) = 1
r0 = 1
exit
== connect4-address-of-ipv6 | cgroup/connect4 | reject ctx-access
r0 = *(u32 *)(r1 + 8)
r0 = 1
exit
== connect6-address | cgroup/connect6 | accept
r0 = *(u32 *)(r1 + 8)
r0 = 1
exit
== connect4-writes-family | cgroup/connect4 | reject ctx-access
*(u32 *)(r1 + 32) = 2
r0 = 1
exit
== connect4-byte-of-address | cgroup/connect4 | accept
r0 = *(u8 *)(r1 + 5)
r0 = 1
exit
== connect4-source-address | cgroup/connect4 | reject ctx-access
r0 = *(u32 *)(r1 + 44)
r0 = 1
exit
== sysctl-write-flag | cgroup/sysctl | accept
r0 = *(u32 *)(r1 + 0)
r0 = 1
exit
== sysctl-sets-position | cgroup/sysctl | accept
*(u32 *)(r1 + 4) = 0
r0 = 1
exit
== sysctl-sets-write-flag | cgroup/sysctl | reject ctx-access
*(u32 *)(r1 + 0) = 0
r0 = 1
exit
== getsockopt-value | cgroup/getsockopt | accept
r2 = *(u64 *)(r1 + 8)
r3 = *(u64 *)(r1 + 16)
@bytes 1
*(u8 *)(r2 + 0) = 1
r0 = 1
exit
leave:
r0 = 1
exit
== getsockopt-value-unchecked | cgroup/getsockopt | reject packet-bounds
r2 = *(u64 *)(r1 + 8)
*(u8 *)(r2 + 0) = 1
r0 = 1
exit
== getsockopt-writes-level | cgroup/getsockopt | reject ctx-access
*(u32 *)(r1 + 24) = 1
r0 = 1
exit
== setsockopt-writes-level | cgroup/setsockopt | accept
*(u32 *)(r1 + 24) = 1
r0 = 1
exit
== setsockopt-return-value | cgroup/setsockopt | reject ctx-access
*(u32 *)(r1 + 36) = 0
r0 = 1
exit
== device-type | cgroup/dev | accept
r0 = *(u32 *)(r1 + 0)
r0 = 1
exit
== device-major-in-half | cgroup/dev | reject ctx-access
r0 = *(u16 *)(r1 + 4)
r0 = 1
exit
== sk-msg-data | sk_msg | accept
r2 = *(u64 *)(r1 + 0)
r3 = *(u64 *)(r1 + 8)
@bytes 4
r0 = *(u8 *)(r2 + 3)
r0 = 1
exit
leave:
r0 = 1
exit
== sk-msg-data-in-half | sk_msg | reject ctx-access
r2 = *(u32 *)(r1 + 0)
r0 = 1
exit
== sk-msg-written | sk_msg | reject ctx-access
*(u32 *)(r1 + 16) = 1
r0 = 1
exit
== sk-lookup-port | sk_lookup | accept
r0 = *(u32 *)(r1 + 60)
r0 = 1
exit
== sk-lookup-written | sk_lookup | reject ctx-access
*(u32 *)(r1 + 60) = 1
r0 = 1
exit
== sk-lookup-socket-unchecked | sk_lookup | reject null
r2 = *(u64 *)(r1 + 0)
r0 = *(u32 *)(r2 + 4)
r0 = 1
exit
== sk-reuseport-length | sk_reuseport | accept
r0 = *(u32 *)(r1 + 16)
r0 = 1
exit
== sk-reuseport-written | sk_reuseport | reject ctx-access
*(u32 *)(r1 + 16) = 1
r0 = 1
exit
== syscall-reads-and-writes | syscall | accept
r0 = *(u64 *)(r1 + 0)
*(u64 *)(r1 + 8) = r0
r0 = 0
exit
== syscall-variable-place | syscall | reject ctx-modified
r2 = *(u32 *)(r1 + 0)
r2 &= 15
r1 += r2
r0 = *(u8 *)(r1 + 0)
r0 = 0
exit
== lsm-hook-that-is-not-there | lsm/no_such_hook | reject attach
r0 = 0
exit
== function-that-is-not-there | fentry/no_such_function_here | reject attach-module
r0 = 0
exit
== iterator-that-is-not-there | iter/no_such_iterator | reject attach-module
r0 = 0
exit
