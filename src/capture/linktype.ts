/**
 * LINKTYPE_* numbers: what a capture file calls the first header of its frames
 * (https://www.tcpdump.org/linktypes.html).
 */

export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
/** DLT_RAW of most systems and of OpenBSD; files should say 101, some say these. */
export const LINKTYPE_RAW_12 = 12
export const LINKTYPE_RAW_14 = 14
export const LINKTYPE_RAW = 101
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_NFLOG = 239
export const LINKTYPE_LINUX_SLL2 = 276

const known = new Map<number, string>([
  [LINKTYPE_NULL, 'NULL'],
  [LINKTYPE_ETHERNET, 'ETHERNET'],
  [LINKTYPE_RAW_12, 'RAW'],
  [LINKTYPE_RAW_14, 'RAW'],
  [LINKTYPE_RAW, 'RAW'],
  [LINKTYPE_LOOP, 'LOOP'],
  [LINKTYPE_LINUX_SLL, 'LINUX_SLL'],
  [LINKTYPE_IPV4, 'IPV4'],
  [LINKTYPE_IPV6, 'IPV6'],
  [LINKTYPE_NFLOG, 'NFLOG'],
  [LINKTYPE_LINUX_SLL2, 'LINUX_SLL2'],
])

// Not decoded; named so that a report says what the file holds.
const foreign = new Map<number, string>([
  [6, 'IEEE802_5'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [50, 'PPP_HDLC'],
  [51, 'PPP_ETHER'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [107, 'FRELAY'],
  [109, 'ENC'],
  [117, 'PFLOG'],
  [119, 'IEEE802_11_PRISM'],
  [127, 'IEEE802_11_RADIOTAP'],
  [147, 'USER0'],
  [187, 'BLUETOOTH_HCI_H4'],
  [189, 'USB_LINUX'],
  [192, 'PPI'],
  [195, 'IEEE802_15_4_WITHFCS'],
  [220, 'USB_LINUX_MMAPPED'],
  [227, 'CAN_SOCKETCAN'],
  [253, 'NETLINK'],
])

/** Name of a link type without the `LINKTYPE_` in front; its number as text where it has no name here. */
export function linkTypeName(linkType: number): string {
  return known.get(linkType) ?? foreign.get(linkType) ?? String(linkType)
}

/** Whether the packet decoder reads frames of this link type. */
export function isKnownLinkType(linkType: number): boolean {
  return known.has(linkType)
}
