/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words in which tables write meanings (the column of insn.def, the expressions of
 * rules), read over terms of the manager `s`. M_K, a constant, is the includer's: it knows
 * the width.
 */
#ifndef SKEP_PROVE_TERMS_H
#define SKEP_PROVE_TERMS_H

#include "smt/smt.h"

#define M_ADD(a, b) skep_smt_add(s, a, b)
#define M_SUB(a, b) skep_smt_sub(s, a, b)
#define M_MUL(a, b) skep_smt_mul(s, a, b)
#define M_AND(a, b) skep_smt_and(s, a, b)
#define M_OR(a, b) skep_smt_or(s, a, b)
#define M_XOR(a, b) skep_smt_xor(s, a, b)
#define M_NEG(a) skep_smt_neg(s, a)
#define M_UDIV(a, b) skep_smt_div(s, SKEP_T_UDIV, a, b)
#define M_UREM(a, b) skep_smt_div(s, SKEP_T_UREM, a, b)
#define M_SDIV(a, b) skep_smt_div(s, SKEP_T_SDIV, a, b)
#define M_SREM(a, b) skep_smt_div(s, SKEP_T_SREM, a, b)
#define M_SHL(a, b) skep_smt_shift(s, SKEP_T_SHL, a, b)
#define M_SHR(a, b) skep_smt_shift(s, SKEP_T_SHR, a, b)
#define M_SAR(a, b) skep_smt_shift(s, SKEP_T_SAR, a, b)
#define M_EQ(a, b) skep_smt_eq(s, a, b)
#define M_NE(a, b) skep_smt_not(s, skep_smt_eq(s, a, b))
#define M_ULT(a, b) skep_smt_ult(s, a, b)
#define M_ULE(a, b) skep_smt_not(s, skep_smt_ult(s, b, a))
#define M_SLT(a, b) skep_smt_slt(s, a, b)
#define M_SLE(a, b) skep_smt_not(s, skep_smt_slt(s, b, a))
#define M_ITE(c, a, b) skep_smt_ite(s, c, a, b)

#endif
