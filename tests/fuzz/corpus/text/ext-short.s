.object little
.extern KC
.extern kf

.section "tc"

.func f
	; 4: SEC("tc") int f(void *c) { return kf(KC); }
	r1 = KC ll
	; 4: SEC("tc") int f(void *c) { return kf(KC); }
	r1 = *(u32 *)(r1 + 0)
	call kf
	; 4: SEC("tc") int f(void *c) { return kf(KC); }
	exit
