/** States as bits, the lowest first; also the order in which they are printed. Only conntrack has the last two. */
export const stateNames = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'] as const
