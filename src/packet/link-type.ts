/** Link-layer header types of capture files that are decoded here (tcpdump.org's LINKTYPE_ registry). */
export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_NFLOG = 239
export const LINKTYPE_LINUX_SLL2 = 276

/** Raw IP: 101 is LINKTYPE_RAW; 12 and 14 are what DLT_RAW is on most systems and on OpenBSD. */
export const LINKTYPE_RAW = 101
export const LINKTYPE_RAW_12 = 12
export const LINKTYPE_RAW_14 = 14
