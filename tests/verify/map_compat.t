# Which helper takes which type of map.
== redirect-devmap | xdp | accept
r1 = devs ll
r2 = 0
r3 = 0
call bpf_redirect_map
exit
== redirect-cpumap | xdp | accept
r1 = cpus ll
r2 = 0
r3 = 0
call bpf_redirect_map
exit
== redirect-xskmap | xdp | accept
r1 = xsks ll
r2 = 0
r3 = 0
call bpf_redirect_map
exit
== redirect-array | xdp | reject map-type
r1 = array ll
r2 = 0
r3 = 0
call bpf_redirect_map
exit
== lookup-of-devmap | xdp | accept
@value devs
r0 = *(u32 *)(r0 + 0)
r0 = 0
exit
== write-to-devmap | xdp | reject readonly
@value devs
*(u32 *)(r0 + 0) = 1
r0 = 0
exit
== lookup-of-cpumap | xdp | reject map-type
@lookup cpus
r0 = 0
exit
== lookup-of-xskmap | xdp | accept
@value xsks
r0 = *(u32 *)(r0 + 0)
r0 = 0
exit
== update-of-devmap | xdp | reject map-type
*(u64 *)(r10 - 8) = 0
r2 = r10
r2 += -8
r3 = r10
r3 += -4
r4 = 0
r1 = devs ll
call bpf_map_update_elem
r0 = 0
exit
== lookup-of-events | tc | reject map-type
@lookup events
r0 = 0
exit
== lookup-of-ringbuf | tc | reject map-type
@lookup ring
r0 = 0
exit
== lookup-of-stacks | kprobe/x | reject map-type
@lookup stacks
r0 = 0
exit
== lookup-of-queue | tc | reject map-type
@lookup queue
r0 = 0
exit
== push-to-queue | tc | accept
*(u64 *)(r10 - 8) = 0
r2 = r10
r2 += -8
r3 = 0
r1 = queue ll
call bpf_map_push_elem
r0 = 0
exit
== pop-from-stack | tc | accept
r2 = r10
r2 += -8
r1 = stack ll
call bpf_map_pop_elem
r0 = *(u64 *)(r10 - 8)
r0 = 0
exit
== pop-into-too-little | tc | reject stack-bounds
r2 = r10
r2 += -4
r1 = stack ll
call bpf_map_pop_elem
r0 = 0
exit
== peek-of-array | tc | reject map-type
r2 = r10
r2 += -64
r1 = array ll
call bpf_map_peek_elem
r0 = 0
exit
== peek-of-bloom-filter | tc | accept
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = bloom ll
call bpf_map_peek_elem
r0 = 0
exit
== lookup-of-bloom-filter | tc | reject map-type
@lookup bloom
r0 = 0
exit
== sockmap-update-in-sockops | sockops | accept
*(u32 *)(r10 - 4) = 0
r3 = r10
r3 += -4
r2 = sockmap ll
r4 = 0
call bpf_sock_map_update
r0 = 1
exit
== sockmap-update-with-array | sockops | reject map-type
*(u32 *)(r10 - 4) = 0
r3 = r10
r3 += -4
r2 = array ll
r4 = 0
call bpf_sock_map_update
r0 = 1
exit
== sockmap-redirect | sk_skb/stream_verdict | accept
r2 = sockmap ll
r3 = 0
r4 = 0
call bpf_sk_redirect_map
exit
== sockmap-redirect-sockhash | sk_skb/stream_verdict | reject map-type
r2 = sockhash ll
r3 = 0
r4 = 0
call bpf_sk_redirect_map
exit
== cgroup-array | tc | accept
r2 = cgroups ll
r3 = 0
call bpf_skb_under_cgroup
r0 = 0
exit
== cgroup-array-is-array | tc | reject map-type
r2 = array ll
r3 = 0
call bpf_skb_under_cgroup
r0 = 0
exit
== stackid-with-array | kprobe/x | reject map-type
r2 = array ll
r3 = 0
call bpf_get_stackid
== ringbuf-output-to-array | tc | reject map-type
*(u64 *)(r10 - 8) = 0
r1 = array ll
r2 = r10
r2 += -8
r3 = 8
r4 = 0
call bpf_ringbuf_output
r0 = 0
exit
== per-cpu-lookup | tc | accept
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r3 = 0
r1 = percpu ll
call bpf_map_lookup_percpu_elem
if r0 == 0 goto leave
r0 = *(u64 *)(r0 + 8)
leave:
r0 = 0
exit
== per-cpu-lookup-of-array | tc | reject map-type
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r3 = 0
r1 = array ll
call bpf_map_lookup_percpu_elem
r0 = 0
exit
