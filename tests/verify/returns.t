# What a program may return, by its type.
== xdp-anything | xdp | accept
r0 = *(u32 *)(r1 + 12)
exit
== socket-filter-anything | socket | accept
r0 = -1
exit
== tc-anything | tc | accept
r0 = 77
exit
== cgroup-skb-ingress-0 | cgroup_skb/ingress | accept
r0 = 0
exit
== cgroup-skb-ingress-1 | cgroup_skb/ingress | accept
r0 = 1
exit
== cgroup-skb-ingress-2 | cgroup_skb/ingress | reject return
r0 = 2
exit
== cgroup-skb-egress-3 | cgroup_skb/egress | accept
r0 = 3
exit
== cgroup-skb-egress-4 | cgroup_skb/egress | reject return
r0 = 4
exit
== cgroup-skb-unknown | cgroup_skb/ingress | reject return
@random
exit
== cgroup-skb-masked | cgroup_skb/ingress | accept
@random
r0 &= 1
exit
== cgroup-skb-masked-too-wide | cgroup_skb/ingress | reject return
@random
r0 &= 3
exit
== cgroup-skb-by-branch | cgroup_skb/ingress | accept
@random
if r0 > 1 goto leave
exit
leave:
r0 = 0
exit
== cgroup-skb-negative | cgroup_skb/ingress | reject return
r0 = -1
exit
== cgroup-skb-one-path-wrong | cgroup_skb/ingress | reject return
@random
if r0 == 7 goto bad
r0 = 1
exit
bad:
exit
== cgroup-skb-context | cgroup_skb/ingress | reject return-pointer
r0 = r1
exit
== cgroup-skb-map-value | cgroup_skb/ingress | reject return-pointer
@value array
exit
== cgroup-sock | cgroup/sock_create | reject return
r0 = 2
exit
== sock-addr-bind4 | cgroup/bind4 | accept
r0 = 3
exit
== sock-addr-bind4-wide | cgroup/bind4 | reject return
r0 = 4
exit
== sock-addr-connect4 | cgroup/connect4 | reject return
r0 = 2
exit
== sock-addr-recvmsg-must-be-1 | cgroup/recvmsg4 | reject return
r0 = 0
exit
== sock-addr-recvmsg-1 | cgroup/recvmsg4 | accept
r0 = 1
exit
== sockops | sockops | reject return
r0 = 2
exit
== device | cgroup/dev | reject return
r0 = 2
exit
== sysctl | cgroup/sysctl | reject return
r0 = -1
exit
== getsockopt | cgroup/getsockopt | reject return
r0 = 2
exit
== sk-lookup | sk_lookup | accept
r0 = 1
exit
== sk-lookup-2 | sk_lookup | reject return
r0 = 2
exit
== kprobe-anything | kprobe/x | accept
r0 = -5
exit
== perf-event-anything | perf_event | accept
r0 = 2
exit
== raw-tracepoint-anything | raw_tp/x | accept
r0 = 5
exit
== half-value | cgroup_skb/ingress | accept
r0 = 0x100000001 ll
w0 = w0
exit
== high-half-set | cgroup_skb/ingress | reject return
r0 = 0x100000001 ll
exit
== flow-dissector-anything | flow_dissector | accept
r0 = 9
exit
== subprogram-returns-anything | cgroup_skb/ingress | accept
call sub
r0 = 1
exit
.section ".text"
.func sub local
r0 = 17
exit
== returned-through-subprogram | cgroup_skb/ingress | reject return
call sub
exit
.section ".text"
.func sub local
r0 = 17
exit
