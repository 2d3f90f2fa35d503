# Tail calls.
== plain | xdp | accept
r2 = progs ll
r3 = 1
call bpf_tail_call
r0 = 2
exit
== unknown-index | xdp | accept
r6 = *(u32 *)(r1 + 12)
r2 = progs ll
r3 = r6
call bpf_tail_call
r0 = 2
exit
== not-a-prog-array | xdp | reject map-type
r2 = array ll
r3 = 1
call bpf_tail_call
r0 = 2
exit
== prog-array-looked-up | xdp | reject map-type
@lookup progs
r0 = 2
exit
== prog-array-updated | xdp | reject map-type
*(u64 *)(r10 - 8) = 0
r2 = r10
r2 += -8
r3 = r10
r3 += -4
r4 = 0
r1 = progs ll
call bpf_map_update_elem
r0 = 2
exit
== no-context | xdp | reject helper-arg
r1 = 0
r2 = progs ll
r3 = 1
call bpf_tail_call
r0 = 2
exit
== map-is-a-number | xdp | reject helper-arg
r2 = 0
r3 = 1
call bpf_tail_call
r0 = 2
exit
== result-is-not-used | xdp | accept
r2 = progs ll
r3 = 1
call bpf_tail_call
r0 = 0
exit
== result-used | xdp | reject uninit-reg
r2 = progs ll
r3 = 1
call bpf_tail_call
exit
== holding-a-reference | xdp | reject ref-leak
r6 = r1
r1 = ring ll
r2 = 8
r3 = 0
call bpf_ringbuf_reserve
if r0 == 0 goto leave
r7 = r0
r1 = r6
r2 = progs ll
r3 = 1
call bpf_tail_call
r1 = r7
r2 = 0
call bpf_ringbuf_discard
leave:
r0 = 0
exit
== packet-survives-a-failed-one | xdp | accept
r6 = r1
@xdp
@bytes 4
r7 = r2
r1 = r6
r2 = progs ll
r3 = 1
call bpf_tail_call
r0 = *(u8 *)(r7 + 0)
r0 = 0
exit
