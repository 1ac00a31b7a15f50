/** Numbers of the pcapng format (draft-ietf-opsawg-pcapng), shared by its reader and its writer. */

export const BLOCK_SECTION = 0x0a0d0d0a
export const BLOCK_INTERFACE = 1
export const BLOCK_PACKET = 2 // obsolete
export const BLOCK_SIMPLE_PACKET = 3
export const BLOCK_NAMES = 4
export const BLOCK_STATISTICS = 5
export const BLOCK_ENHANCED_PACKET = 6
export const BLOCK_JOURNAL = 9
export const BLOCK_SECRETS = 10
export const BLOCK_CUSTOM = 0x00000bad
export const BLOCK_CUSTOM_NO_COPY = 0x40000bad

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

export const OPTION_END = 0
export const OPTION_COMMENT = 1
export const OPTION_APPLICATION = 4 // shb_userappl
export const OPTION_INTERFACE_NAME = 2
export const OPTION_TIME_RESOLUTION = 9
export const OPTION_TIME_OFFSET = 14
/** epb_flags and pack_flags: the lowest two bits hold the direction, 1 inbound, 2 outbound. */
export const OPTION_PACKET_FLAGS = 2
